import { expect, test } from "vitest";
import { emailsIn } from "./events";

test("addresses are found in what people paste", () => {
  const text = `Grace Hopper <Grace@example.com>; "Alan" <alan@example.com>,
    ada+party@example.co.uk
    grace@example.com, nobody, @home, a@b`;

  expect(emailsIn(text)).toEqual([
    "grace@example.com",
    "alan@example.com",
    "ada+party@example.co.uk",
  ]);
});
