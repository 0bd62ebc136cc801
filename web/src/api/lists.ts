/** Lists of photos as the service gives them, and what changes in all that are loaded. */
import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { api, data, type Photo } from "./client";
import {
  type Cursor,
  type Page,
  type PhotoFilter,
  withNextPage,
  withoutPhotos,
  withPhotos,
} from "./pages";
import { Renewal } from "./renewal";
import { RETRIES } from "./retries";

const LISTS = "photos";
const PAGE_SIZE = 40;

async function askPage(
  { eventId, tag, status }: PhotoFilter,
  cursor: Cursor,
  signal?: AbortSignal,
): Promise<Page> {
  const askedAt = Date.now();
  const query = { tag, status, cursor, limit: PAGE_SIZE };
  const page = await data(
    eventId
      ? api().GET("/events/{eventId}/photos", { params: { path: { eventId }, query }, signal })
      : api().GET("/photos", { params: { query }, signal }),
  );
  return { ...page, cursor, askedAt };
}

/**
 * A list of photos, as far as it was asked for.
 *
 * It is no infinite query of TanStack Query. That asks for all pages again, hundreds of a long list, where `renewal`
 * asks for those that are seen. And with the next page it puts back the others as they were when it asked for it:
 * photos that had become ready meanwhile would not be.
 */
export function usePhotos({ eventId, tag, status }: PhotoFilter, isEnabled = true) {
  const queries = useQueryClient();
  const [key, filter] = useMemo(() => {
    const filter: PhotoFilter = { eventId, tag, status };
    return [[LISTS, filter] as const, filter];
  }, [eventId, tag, status]);

  const list = useQuery({
    enabled: isEnabled,
    queryKey: key,
    queryFn: async ({ signal }) => [await askPage(filter, undefined, signal)],
    staleTime: Number.POSITIVE_INFINITY,
  });
  const nextCursor = list.data?.at(-1)?.nextCursor;
  const next = useMutation({
    ...RETRIES,
    mutationKey: key, // what another list was waiting for is not for this one
    mutationFn: (cursor: string) => askPage(filter, cursor),
    onSuccess: (page) =>
      queries.setQueryData<Page[]>(key, (pages) => pages && withNextPage(pages, page)),
  });

  const [renewal, setRenewal] = useState<Renewal>();
  useEffect(() => {
    if (!isEnabled) return;
    const made = new Renewal(queries, key, (cursor, signal) => askPage(filter, cursor, signal));
    setRenewal(made);
    return () => made.stop();
  }, [queries, key, filter, isEnabled]);

  const { mutate } = next;
  return {
    ...list,
    hasNextPage: Boolean(nextCursor),
    fetchNextPage: useMemo(() => () => nextCursor && mutate(nextCursor), [nextCursor, mutate]),
    isFetchingNextPage: next.isPending,
    nextPageError: next.error,
    renewal,
  };
}

/** Begin all lists anew, with their first pages. */
export const resetLists = (queries: QueryClient): Promise<void> =>
  queries.resetQueries({ queryKey: [LISTS] });

/** A photo as one of the loaded lists has it. */
export function fromLists(queries: QueryClient, photoId: string): Photo | undefined {
  for (const [, pages] of queries.getQueriesData<Page[]>({ queryKey: [LISTS] })) {
    for (const { items } of pages ?? []) {
      const found = items.find((photo) => photo.photoId === photoId);
      if (found) return found;
    }
  }
  return undefined;
}

/**
 * Let all lists show what photos have become, without asking for the lists again. `areOwn`: photos of whoever is signed
 * in, which are added to the lists that they belong to.
 */
export function putPhotos(queries: QueryClient, photos: Photo[], areOwn = false): void {
  for (const photo of photos) {
    queries.setQueryData<Photo>(["photo", photo.photoId], (before) =>
      before && before.updatedAt > photo.updatedAt ? before : photo,
    );
  }
  for (const { queryKey } of queries.getQueryCache().findAll({ queryKey: [LISTS] })) {
    const filter = queryKey[1] as PhotoFilter;
    queries.setQueryData<Page[]>(
      queryKey,
      (pages) => pages && withPhotos(pages, filter, photos, areOwn),
    );
  }
}

/** These photos are gone: no list shows them any more. */
export function dropPhotos(queries: QueryClient, photoIds: string[]): void {
  queries.setQueriesData<Page[]>(
    { queryKey: [LISTS] },
    (pages) => pages && withoutPhotos(pages, photoIds),
  );
  for (const photoId of photoIds) queries.removeQueries({ queryKey: ["photo", photoId] });
}
