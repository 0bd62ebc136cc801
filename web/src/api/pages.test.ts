import { describe, expect, it, test } from "vitest";
import type { Photo } from "./client";
import { type Page, withNextPage, withPage, withPhotos } from "./pages";

/** The newer a photo, the higher its number. */
function photo(number: number, change: Partial<Photo> = {}): Photo {
  const createdAt = `2026-05-01T12:00:00.${String(number).padStart(3, "0")}Z`;
  return { photoId: `${number}`, createdAt, updatedAt: createdAt, tags: [], ...change } as Photo;
}

function page(numbers: number[], nextCursor: string | null, cursor?: string, askedAt = 0): Page {
  return { cursor, items: numbers.map((number) => photo(number)), nextCursor, askedAt };
}

const ids = (pages: Page[]) => pages.map(({ items }) => items.map(({ photoId }) => +photoId));
const cursors = (pages: Page[]) => pages.map(({ cursor, nextCursor }) => [cursor, nextCursor]);
const KNOWN = new Set(Array.from({ length: 100 }, (_, number) => `${number}`));

/** Nine photos in three pages. */
const LIST = [page([9, 8, 7], "a"), page([6, 5, 4], "b", "a"), page([3, 2, 1], null, "b")];

describe("a page as the service has it now", () => {
  it("replaces what has changed, and only there", () => {
    const fresh = { ...page([6, 5, 4], "b", "a", 1), items: LIST[1]?.items ?? [] };
    const changed = photo(5, { title: "New", updatedAt: "2026-05-02T12:00:00.000Z" });
    fresh.items = [photo(6), changed, photo(4)];

    const pages = withPage(LIST, fresh, KNOWN);

    expect(pages[1]?.items[1]).toBe(changed);
    expect([pages[0], pages[2]]).toEqual([LIST[0], LIST[2]]);
  });

  it("takes away what is gone, also where photos of the next page move up", () => {
    const pages = withPage(LIST, page([6, 4, 3], "c", "a"), KNOWN);

    expect(ids(pages)).toEqual([
      [9, 8, 7],
      [6, 4],
      [3, 2, 1],
    ]);
  });

  it("brings what is new, and keeps what the answer has no room for", () => {
    const pages = withPage(LIST, page([11, 10, 9], "c"), KNOWN);

    expect(ids(pages)).toEqual([
      [11, 10, 9, 8, 7],
      [6, 5, 4],
      [3, 2, 1],
    ]);
    expect(cursors(pages)).toEqual(cursors(LIST));
  });

  it("becomes a page of its own where all of it is new", () => {
    const pages = withPage(LIST, page([14, 13, 12], "n"), KNOWN);

    expect(ids(pages)[0]).toEqual([14, 13, 12]);
    expect(ids(pages).slice(1)).toEqual(ids(LIST));
    expect(cursors(pages)[1]).toEqual(["n", "a"]);
  });

  it("ends the list where there is no more", () => {
    expect(ids(withPage(LIST, page([6, 5], null, "a"), KNOWN))).toEqual([
      [9, 8, 7],
      [6, 5],
    ]);
    expect(withPage(LIST, page([], null), KNOWN)).toHaveLength(1);
  });

  it("keeps what was added or changed while it was asked for", () => {
    const newer = photo(8, { updatedAt: "2026-05-02T12:00:00.000Z" });
    const now = [
      { ...page([], "a"), items: [photo(10), photo(9), newer, photo(7)] },
      ...LIST.slice(1),
    ];

    const [first] = withPage(now, page([9, 8, 7], "a"), new Set(["9", "8", "7"]));

    expect(first?.items.map(({ photoId }) => photoId)).toEqual(["10", "9", "8", "7"]);
    expect(first?.items[2]).toBe(newer);
  });

  it("is left out when there is no such page any more", () => {
    expect(withPage(LIST, page([1], null, "gone"), KNOWN)).toBe(LIST);
  });
});

test("the next page is added once", () => {
  const two = LIST.slice(0, 2);
  const next = page([4, 3, 2], null, "b");

  const three = withNextPage(two, next);

  expect(ids(three)[2]).toEqual([3, 2]); // the fourth stands there already
  expect(withNextPage(three, next)).toBe(three);
});

describe("photos that are put into their places", () => {
  it("are added where they belong by their time", () => {
    const own = withPhotos(LIST, {}, [photo(10), photo(5, { photoId: "5b" })], true);

    expect(own.map(({ items }) => items.map(({ photoId }) => photoId))).toEqual([
      ["10", "9", "8", "7"],
      ["6", "5", "5b", "4"],
      ["3", "2", "1"],
    ]);
  });

  it("are not added when they are somebody else's, or match no filter", () => {
    expect(ids(withPhotos(LIST, {}, [photo(10)], false))).toEqual(ids(LIST));
    expect(ids(withPhotos(LIST, { tag: "sea" }, [photo(10)], true))).toEqual(ids(LIST));
    expect(ids(withPhotos(LIST, { eventId: "e" }, [photo(10)], true))).toEqual(ids(LIST));
  });

  it("leave when they match no more, and never become older", () => {
    const left = withPhotos(
      LIST,
      { status: "processing" },
      [photo(5, { status: "completed" })],
      true,
    );
    expect(ids(left)[1]).toEqual([6, 4]);

    const older = photo(5, { updatedAt: "2026-04-30T12:00:00.000Z", title: "Old" });
    expect(withPhotos(LIST, {}, [older], true)).toBe(LIST);
  });
});
