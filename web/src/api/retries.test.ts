import { expect, test } from "vitest";
import { SignedOutError } from "../auth/auth";
import { ApiError } from "./errors";
import { RETRIES } from "./retries";

const error = (status: number, retryAfterSeconds?: number) =>
  new ApiError(status, "X", "x", undefined, [], undefined, undefined, retryAfterSeconds);

test("a fault of the service is tried again twice, a little later each time", () => {
  expect([0, 1, 2].map((failures) => RETRIES.retry(failures, error(503)))).toEqual([
    true,
    true,
    false,
  ]);
  expect([0, 1].map((failures) => RETRIES.retryDelay(failures, error(503)))).toEqual([1000, 2000]);
});

test("what the caller did wrong is not tried again", () => {
  for (const wrong of [error(400), error(404), error(0), new SignedOutError()])
    expect(RETRIES.retry(0, wrong)).toBe(false);
});

test("it is tried again when the service says, unless that is long", () => {
  expect(RETRIES.retry(0, error(429, 7))).toBe(true);
  expect(RETRIES.retryDelay(0, error(429, 7))).toBe(7000);
  expect(RETRIES.retryDelay(0, error(503, 5))).toBe(5000);
  expect(RETRIES.retry(0, error(429, 60))).toBe(false);
});
