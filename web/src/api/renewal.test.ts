import { focusManager, QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Photo } from "./client";
import type { Cursor, Page } from "./pages";
import { Renewal } from "./renewal";

const PAGE_SIZE = 40;
const LINKS_LAST_MS = 15 * 60_000;
const KEY = ["photos", {}];

/** A service with so many photos, the newest first; it counts the pages that it is asked for. */
class FakeService {
  readonly asked: Cursor[] = [];
  isDown = false;
  #numbers: number[];

  constructor(count: number) {
    this.#numbers = Array.from({ length: count }, (_, index) => count - index);
  }

  add(count: number): void {
    for (let added = 0; added < count; added += 1)
      this.#numbers.unshift((this.#numbers[0] ?? 0) + 1);
  }

  ask = async (cursor: Cursor): Promise<Page> => {
    this.asked.push(cursor);
    if (this.isDown) throw new Error("It is down.");
    const first = cursor ? this.#numbers.indexOf(Number(cursor)) + 1 : 0;
    const numbers = this.#numbers.slice(first, first + PAGE_SIZE);
    const isEnd = first + PAGE_SIZE >= this.#numbers.length;
    const nextCursor = isEnd ? null : `${numbers.at(-1)}`;
    return { cursor, items: numbers.map(photo), nextCursor, askedAt: Date.now() };
  };

  async all(): Promise<Page[]> {
    const pages = [await this.ask(undefined)];
    for (let next = pages[0]?.nextCursor; next; next = pages.at(-1)?.nextCursor)
      pages.push(await this.ask(next));
    this.asked.length = 0;
    return pages;
  }
}

function photo(number: number): Photo {
  const thumbnail = {
    url: `https://thumbnails.example.com/${number}?signed=${Date.now()}`,
    expiresAt: new Date(Date.now() + LINKS_LAST_MS).toISOString(),
  };
  const createdAt = new Date(Date.UTC(2026, 0) + number).toISOString();
  return {
    photoId: `${number}`,
    createdAt,
    updatedAt: createdAt,
    thumbnails: [thumbnail],
  } as Photo;
}

async function loaded(service: FakeService) {
  const queries = new QueryClient();
  queries.setQueryData(KEY, await service.all());
  const renewal = new Renewal(queries, KEY, service.ask);
  const photos = () => (queries.getQueryData<Page[]>(KEY) ?? []).flatMap(({ items }) => items);
  return { renewal, photos };
}

const isLinkGood = (one: Photo | undefined) =>
  Date.parse(one?.thumbnails[0]?.expiresAt ?? "") > Date.now();

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("of 10,000 photos those near what is seen get new links, by two or three calls", async () => {
  const service = new FakeService(10_000);
  const { renewal, photos } = await loaded(service);
  renewal.show(photos().slice(5_000, 5_080));

  await vi.advanceTimersByTimeAsync(LINKS_LAST_MS + 1000);

  expect(service.asked.length).toBeGreaterThanOrEqual(2);
  expect(service.asked.length).toBeLessThanOrEqual(3);
  expect(photos().slice(5_000, 5_080).every(isLinkGood)).toBe(true);
  expect(photos()).toHaveLength(10_000);
  renewal.stop();
});

test("links that ended are renewed where one comes to see them, and not on the way there", async () => {
  const service = new FakeService(10_000);
  const { renewal, photos } = await loaded(service);
  await vi.advanceTimersByTimeAsync(LINKS_LAST_MS + 1000);
  for (let first = 0; first < 9_000; first += 20) {
    renewal.show(photos().slice(first, first + 80));
    await vi.advanceTimersByTimeAsync(10);
  }
  await vi.advanceTimersByTimeAsync(1000);

  expect(service.asked.length).toBeLessThanOrEqual(3);
  expect(photos().slice(8_980, 9_060).every(isLinkGood)).toBe(true);
  renewal.stop();
});

test("a link that is broken is renewed once in a minute at most", async () => {
  const service = new FakeService(100);
  const { renewal, photos } = await loaded(service);
  renewal.show(photos().slice(0, 20));
  for (let times = 0; times < 5; times += 1) {
    renewal.reportBroken(photos()[3] as Photo);
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(service.asked).toEqual([undefined]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(service.asked).toEqual([undefined, undefined]);
  renewal.stop();
});

test("without a connection it is tried once in a minute, and goes on later", async () => {
  const service = new FakeService(100);
  const { renewal, photos } = await loaded(service);
  renewal.show(photos().slice(0, 20));
  service.isDown = true;
  await vi.advanceTimersByTimeAsync(LINKS_LAST_MS + 5 * 60_000);
  expect(service.asked.length).toBeLessThanOrEqual(7);
  expect(service.asked.length).toBeGreaterThan(1);
  service.isDown = false;
  await vi.advanceTimersByTimeAsync(61_000);
  expect(isLinkGood(photos()[0])).toBe(true);
  renewal.stop();
});

test("who comes back sees what is new, also when that is more than a page", async () => {
  const service = new FakeService(400);
  const { renewal, photos } = await loaded(service);
  service.add(100);
  await vi.advanceTimersByTimeAsync(61_000);
  expect(service.asked).toEqual([]);
  focusManager.setFocused(true);
  await vi.advanceTimersByTimeAsync(1000);

  expect(service.asked).toHaveLength(3);
  expect(photos().map(({ photoId }) => Number(photoId))).toEqual(
    Array.from({ length: 500 }, (_, index) => 500 - index),
  );
  renewal.stop();
  focusManager.setFocused(undefined);
});

test("where thousands are new the list begins anew", async () => {
  const service = new FakeService(400);
  const { renewal, photos } = await loaded(service);
  service.add(4_000);
  await vi.advanceTimersByTimeAsync(61_000);
  focusManager.setFocused(true);
  await vi.advanceTimersByTimeAsync(1000);

  expect(service.asked.length).toBeLessThan(15);
  expect(photos()[0]?.photoId).toBe("4400");
  const numbers = photos().map(({ photoId }) => Number(photoId));
  expect(numbers).toEqual(numbers.map((_, index) => 4_400 - index)); // without a gap
  renewal.stop();
  focusManager.setFocused(undefined);
});

test("what is stopped asks for nothing more", async () => {
  const service = new FakeService(100);
  const { renewal, photos } = await loaded(service);
  renewal.show(photos().slice(0, 20));
  renewal.stop();
  await vi.advanceTimersByTimeAsync(2 * LINKS_LAST_MS);
  expect(service.asked).toEqual([]);
});
