/** The pages of a loaded list of photos, newest first, and how they change when photos do. */
import type { Photo, Status } from "./client";

export interface PhotoFilter {
  /** The event whose photos are meant; absent, one's own library. */
  eventId?: string;
  tag?: string;
  status?: Status;
}

/** Where a page begins; the first page has no cursor. */
export type Cursor = string | undefined;

export interface Page {
  cursor: Cursor;
  items: Photo[];
  nextCursor: string | null;
  /** When the service was asked for it. */
  askedAt: number;
}

/** The pages with these photos in their places: changed, added (newest first), or gone when they do not match any more. */
export function withPhotos(
  pages: Page[],
  filter: PhotoFilter,
  photos: Photo[],
  areOwn: boolean,
): Page[] {
  let changed = pages;
  for (const photo of photos) {
    const before = changed.flatMap(({ items }) => items).find(isSame(photo));
    if (before && before.updatedAt > photo.updatedAt) continue;
    const doesBelong = matches(photo, filter);
    if (before && doesBelong) {
      if (before.updatedAt !== photo.updatedAt)
        changed = eachPage(changed, (items) => items.map((one) => (one === before ? photo : one)));
    } else if (before) {
      changed = withoutPhotos(changed, [photo.photoId]);
    } else if (doesBelong && areOwn) changed = withNew(changed, photo);
  }
  return changed;
}

export const withoutPhotos = (pages: Page[], photoIds: string[]): Page[] =>
  eachPage(pages, (items) => items.filter(({ photoId }) => !photoIds.includes(photoId)));

const eachPage = (pages: Page[], change: (items: Photo[]) => Photo[]): Page[] =>
  pages.map((page) => ({ ...page, items: change(page.items) }));

const isSame =
  ({ photoId }: Photo) =>
  (other: Photo) =>
    other.photoId === photoId;

const matches = (photo: Photo, { eventId, tag, status }: PhotoFilter): boolean =>
  (!eventId || photo.eventId === eventId) &&
  (!tag || photo.tags.includes(tag)) &&
  (!status || photo.status === status);

/** Before the first older one. What is older than all that is loaded comes with its own page. */
function withNew(pages: Page[], photo: Photo): Page[] {
  for (const [number, page] of pages.entries()) {
    const at = page.items.findIndex((one) => one.createdAt < photo.createdAt);
    if (at >= 0) return pages.with(number, { ...page, items: page.items.toSpliced(at, 0, photo) });
  }
  const last = pages.at(-1);
  if (!last || last.nextCursor) return pages;
  return pages.with(pages.length - 1, { ...last, items: [...last.items, photo] });
}

/** The pages with the one that follows, unless another call has brought it. */
export const withNextPage = (pages: Page[], next: Page): Page[] =>
  pages.at(-1)?.nextCursor === next.cursor
    ? [...pages, { ...next, items: next.items.filter(isIn(pages, false)) }]
    : pages;

/**
 * The pages with one of them as the service has it now. `known` are the photos that it had when the service was asked:
 * what was added to it meanwhile stays.
 *
 * An answer has only as many photos as a page takes, so what is older than its last photo is not gone. If the answer
 * does not even reach the first photo that is loaded, it becomes a page of its own before that.
 */
export function withPage(pages: Page[], fresh: Page, known: ReadonlySet<string>): Page[] {
  const number = pages.findIndex(({ cursor }) => cursor === fresh.cursor);
  const page = pages[number];
  if (!page) return pages;
  const others = pages.toSpliced(number, 1);
  const last = fresh.nextCursor ? fresh.items.at(-1) : undefined;
  const isOlder = (one: Photo) => last !== undefined && one.createdAt < last.createdAt;
  if (page.items.length && page.items.every(isOlder) && !fresh.items.some(isIn(others)))
    return pages.toSpliced(number, 1, fresh, { ...page, cursor: fresh.nextCursor ?? undefined });

  const rest = page.items
    .filter(isIn([fresh], false))
    .filter((one) => isOlder(one) || !known.has(one.photoId));
  const items = fresh.items
    .filter(isIn(others, false))
    .map((now) => newer(page.items.find(isSame(now)), now))
    .concat(rest)
    .sort((a, b) => Number(a.createdAt < b.createdAt) - Number(a.createdAt > b.createdAt));
  if (!fresh.nextCursor) return [...pages.slice(0, number), { ...fresh, items }];
  const nextCursor = rest.some(isOlder) ? page.nextCursor : fresh.nextCursor;
  return pages.with(number, { ...fresh, items, nextCursor });
}

/** Whether (or whether not) a photo stands in these pages. */
function isIn(pages: Page[], wanted = true): (photo: Photo) => boolean {
  const ids = new Set(pages.flatMap(({ items }) => items.map(({ photoId }) => photoId)));
  return ({ photoId }) => ids.has(photoId) === wanted;
}

const newer = (before: Photo | undefined, now: Photo): Photo =>
  before && before.updatedAt > now.updatedAt ? before : now;
