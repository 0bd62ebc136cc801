import { expect, test } from "vitest";
import type { Photo, Status } from "../api/client";
import { isShown } from "./shown";

const photo = (ownerId: string, status: Status) => ({ ownerId, status }) as Photo;

test.each<Status>(["pending", "uploaded", "processing", "failed"])(
  "a %s photo of somebody else is never shown",
  (status) => {
    expect(isShown(photo("theirs", status), "mine", undefined)).toBe(false);
    expect(isShown(photo("theirs", status), "mine", status)).toBe(false);
  },
);

test("what is completed is shown to everybody", () => {
  expect(isShown(photo("theirs", "completed"), "mine", undefined)).toBe(true);
  expect(isShown(photo("mine", "completed"), "mine", undefined)).toBe(true);
});

test("one's own failed photos are shown only where they were asked for", () => {
  expect(isShown(photo("mine", "failed"), "mine", undefined)).toBe(false);
  expect(isShown(photo("mine", "failed"), "mine", "failed")).toBe(true);
  expect(isShown(photo("mine", "pending"), "mine", undefined)).toBe(true);
});
