/**
 * Keeps a list of photos fresh where it is seen. Who comes (back) to a list gets what is new in it, by its first page.
 * Links that end, or turned out broken, are renewed by the pages of those photos that are near what is seen. So the
 * number of calls depends on the size of the window, not on that of the list.
 */
import { focusManager, onlineManager, type QueryClient } from "@tanstack/react-query";
import type { Photo } from "./client";
import { lastsUntil } from "./links";
import { type Cursor, type Page, withPage } from "./pages";

/** What was asked for so recently is not asked for again, whatever its links say. */
const LEAST_MS = 60_000;
/** While a list is scrolled, other photos are near at every moment. */
const SETTLED_MS = 100;
/** Timers of browsers cannot wait for more than 24 days. */
const MOST_MS = 60 * 60_000;
/** If there are more new photos than these pages hold, the list begins anew with them. */
const MOST_NEW_PAGES = 10;

export class Renewal {
  readonly #queries: QueryClient;
  readonly #key: readonly unknown[];
  readonly #ask: (cursor: Cursor, signal: AbortSignal) => Promise<Page>;
  readonly #stopped = new AbortController();
  readonly #unsubscribe: (() => void)[];
  readonly #triedAt = new Map<Cursor, number>();
  readonly #broken = new Set<string>();
  #near: readonly Photo[] = [];
  #isBusy = false;
  #timer?: ReturnType<typeof setTimeout>;

  /** `key` is that of the query that holds the pages. */
  constructor(
    queries: QueryClient,
    key: readonly unknown[],
    ask: (cursor: Cursor, signal: AbortSignal) => Promise<Page>,
  ) {
    this.#queries = queries;
    this.#key = key;
    this.#ask = ask;
    const visit = (isHere: boolean) => isHere && this.#visit();
    this.#unsubscribe = [focusManager.subscribe(visit), onlineManager.subscribe(visit)];
    this.#visit();
  }

  stop(): void {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  /** These photos are near what is seen. */
  show(photos: readonly Photo[]): void {
    this.#near = photos;
    this.#lookIn(SETTLED_MS);
  }

  /** The links of this photo do not work. */
  reportBroken(photo: Photo): void {
    this.#broken.add(photo.photoId);
    this.#lookIn(SETTLED_MS);
  }

  #pages = (): Page[] => this.#queries.getQueryData<Page[]>(this.#key) ?? [];

  #visit(): void {
    const first = this.#pages()[0];
    if (first && Date.now() - Math.max(first.askedAt, this.#tried(undefined)) > LEAST_MS)
      void this.#renew([undefined]);
  }

  #lookIn(wait: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped.signal.aborted) return;
    this.#timer = setTimeout(() => this.#look(), Math.min(wait, MOST_MS));
  }

  /** Renew what has to be renewed by now, and look again when the next links end. */
  #look(): void {
    if (this.#isBusy) return; // it looks again when it is done
    const now = Date.now();
    const due = this.#due();
    const overdue = due.filter(({ at }) => at <= now);
    if (overdue.length) void this.#renew(overdue.map(({ cursor }) => cursor));
    else if (due.length) this.#lookIn(Math.min(...due.map(({ at }) => at)) - now);
  }

  /** When each page that has photos near what is seen must be renewed. */
  #due(): { cursor: Cursor; at: number }[] {
    const near = new Set(this.#near.map(({ photoId }) => photoId));
    return this.#pages().flatMap(({ cursor, items }) => {
      const shown = items.filter(({ photoId }) => near.has(photoId));
      const ends = shown.map((photo) => this.#endOf(photo));
      return ends.length
        ? { cursor, at: Math.max(Math.min(...ends), this.#tried(cursor) + LEAST_MS) }
        : [];
    });
  }

  #endOf({ photoId, thumbnails }: Photo): number {
    return this.#broken.has(photoId) ? 0 : Math.min(...thumbnails.map((one) => lastsUntil(one)));
  }

  #tried = (cursor: Cursor): number => this.#triedAt.get(cursor) ?? Number.NEGATIVE_INFINITY;

  /** One page after another. What cannot be had now is tried again later, and the list shows what it has. */
  async #renew(cursors: Cursor[]): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (const cursor of cursors) await this.#renewPage(cursor);
    } catch {
      // see above
    }
    this.#isBusy = false;
    this.#lookIn(SETTLED_MS);
  }

  /** Renew a page. Where more is new than it holds, the pages between come as well. */
  async #renewPage(first: Cursor): Promise<void> {
    let cursor = first;
    for (let count = 1; ; count += 1) {
      const page = this.#pages().find((one) => one.cursor === cursor);
      if (!page) return;
      this.#triedAt.set(cursor, Date.now());
      const known = new Set(page.items.map(({ photoId }) => photoId));
      const fresh = await this.#ask(cursor, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return;
      for (const { photoId } of [...page.items, ...fresh.items]) this.#broken.delete(photoId);
      const pages = this.#pages();
      const renewed = withPage(pages, fresh, known);
      const isAdded = renewed.length > pages.length;
      const isTooMuch = isAdded && count > MOST_NEW_PAGES;
      const end = isTooMuch ? renewed.findIndex((one) => one.cursor === cursor) + 1 : undefined;
      this.#queries.setQueryData<Page[]>(this.#key, renewed.slice(0, end));
      if (!isAdded || isTooMuch) return;
      cursor = fresh.nextCursor ?? undefined;
    }
  }
}
