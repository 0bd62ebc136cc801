import { expect, test } from "vitest";
import { onTheCamera } from "./words";

test("a capture time is what the camera's clock showed, wherever it is looked at", () => {
  for (const time of [
    "2026-05-01T18:21:00+02:00",
    "2026-05-01T18:21:00-09:00",
    "2026-05-01T18:21:00",
  ])
    expect(onTheCamera(time)).toMatch(/6:21|18:21/);
});
