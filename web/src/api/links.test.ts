import { expect, test } from "vitest";
import { dropUrl, lastingUrl } from "./links";

const NOW = Date.parse("2026-05-01T12:00:00Z");
const link = (signature: string, expiresAt: string, name = "a") => ({
  url: `https://thumbnails.example.com/${name}/640.webp?X-Amz-Signature=${signature}`,
  expiresAt,
});

test("the first link of a picture serves until a minute before its end", () => {
  const first = link("1", "2026-05-01T12:15:00Z");
  const second = link("2", "2026-05-01T12:25:00Z");

  expect(lastingUrl(first, NOW)).toBe(first.url);
  expect(lastingUrl(second, NOW + 13 * 60_000)).toBe(first.url);
  expect(lastingUrl(second, NOW + 14 * 60_000)).toBe(second.url);
});

test("pictures have links of their own", () => {
  lastingUrl(link("1", "2026-05-01T12:15:00Z", "b"), NOW);
  const other = link("2", "2026-05-01T12:15:00Z", "c");

  expect(lastingUrl(other, NOW)).toBe(other.url);
});

test("a link that turned out broken is not given again", () => {
  const broken = link("1", "2026-05-01T12:15:00Z", "d");
  const next = link("2", "2026-05-01T12:15:00Z", "d");
  lastingUrl(broken, NOW);

  dropUrl(broken.url);

  expect(lastingUrl(next, NOW)).toBe(next.url);
});

test("thousands of links push out the oldest ones alone", () => {
  const first = link("1", "2026-05-01T12:15:00Z", "e");
  const last = link("1", "2026-05-01T12:15:00Z", "f");
  lastingUrl(first, NOW);
  for (let number = 0; number < 29_998; number += 1)
    lastingUrl(link("1", "2026-05-01T12:15:00Z", `many-${number}`), NOW);
  lastingUrl(last, NOW);
  lastingUrl(link("1", "2026-05-01T12:15:00Z", "g"), NOW);

  expect(lastingUrl(link("2", "2026-05-01T12:25:00Z", "e"), NOW)).not.toBe(first.url);
  expect(lastingUrl(link("2", "2026-05-01T12:25:00Z", "f"), NOW)).toBe(last.url);
});
