import { expect, test, vi } from "vitest";

vi.mock("../config", () => ({ config: () => ({ maxImageBytes: 1000, maxVideoBytes: 5000 }) }));

const { contentTypeOf, problemOf } = await import("./files");

test.each([
  ["sunset.jpg", "image/jpeg", "image/jpeg"],
  ["IMG_1.HEIC", "", "image/heic"], // as browsers name what they do not know
  ["clip.MOV", "application/octet-stream", "video/quicktime"],
  ["old.tif", "image/x-tiff", "image/tiff"],
  ["notes.txt", "text/plain", undefined],
  ["page.jpg", "text/html", undefined],
  ["archive", "", undefined],
])("%s of type %j is %s", (name, type, expected) => {
  expect(contentTypeOf({ name, type })).toBe(expected);
});

test("what is wrong with a file is said before it is sent", () => {
  expect(problemOf({ name: "a.jpg", type: "image/jpeg", size: 1000 })).toBeUndefined();
  expect(problemOf({ name: "a.jpg", type: "image/jpeg", size: 1001 })).toContain("too large");
  expect(problemOf({ name: "a.mp4", type: "video/mp4", size: 1001 })).toBeUndefined();
  expect(problemOf({ name: "a.jpg", type: "image/jpeg", size: 0 })).toContain("empty");
  expect(problemOf({ name: "a.txt", type: "text/plain", size: 5 })).toContain("no picture");
});
