import { expect, test } from "vitest";
import { addressesIn } from "./events";

test("addresses are found in what people paste", () => {
  const text = `Grace Hopper <Grace@example.com>; "Alan" <alan@example.com>,
    ada+party@example.co.uk
    grace@example.com, nobody, @home, a@b`;

  expect(addressesIn(text)).toEqual({
    emails: ["grace@example.com", "alan@example.com", "ada+party@example.co.uk"],
    others: ["@home", "a@b"],
  });
});
