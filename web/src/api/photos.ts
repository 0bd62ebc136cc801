/** Photos as the pages ask for them: lists by cursor, one photo, and what is done to it. */
import {
  type InfiniteData,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { ApiError, api, data, type Photo, type PhotoPage, type Status } from "./client";
import { lastingLink } from "./links";

export interface PhotoFilter {
  /** The event whose photos are meant; absent, one's own library. */
  eventId?: string;
  tag?: string;
  status?: Status;
}

const PAGE_SIZE = 40;
/** A photo takes a second or two; a large video may take minutes. */
const FIRST_POLL_MS = 800;
const LAST_POLL_MS = 10_000;
/** Refetch before the links of a page end; they last 15 minutes unless configured otherwise. */
const LINK_MARGIN_MS = 90_000;
const LEAST_REFETCH_MS = 60_000;

export const isFinal = (photo: Photo): boolean =>
  photo.status === "completed" || photo.status === "failed";

export function usePhotos(filter: PhotoFilter, isEnabled = true) {
  const { eventId, tag, status } = filter;
  return useInfiniteQuery({
    enabled: isEnabled,
    queryKey: ["photos", { eventId, tag, status }],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }): Promise<PhotoPage> => {
      const query = { tag, status, cursor, limit: PAGE_SIZE };
      return eventId
        ? data(
            api().GET("/events/{eventId}/photos", {
              params: { path: { eventId }, query },
              signal,
            }),
          )
        : data(api().GET("/photos", { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: (query) => untilLinksEnd(query.state.data?.pages.flatMap((one) => one.items)),
  });
}

function untilLinksEnd(photos: Photo[] | undefined): number | false {
  const ends = (photos ?? []).flatMap((photo) =>
    photo.thumbnails.map((thumbnail) => Date.parse(lastingLink(thumbnail).expiresAt)),
  );
  if (!ends.length) return false;
  return Math.max(Math.min(...ends) - Date.now() - LINK_MARGIN_MS, LEAST_REFETCH_MS);
}

/** One photo, asked for again, less and less often, until it is completed or failed. */
export function usePhoto(photoId: string, known?: Photo) {
  const queries = useQueryClient();
  return useQuery({
    queryKey: ["photo", photoId],
    queryFn: async ({ signal }) => {
      const photo: Photo = await data(
        api().GET("/photos/{photoId}", { params: { path: { photoId } }, signal }),
      );
      putPhotos(queries, [photo]);
      return photo;
    },
    placeholderData: known ?? (() => fromLists(queries, photoId)),
    refetchInterval: ({ state }) => {
      if (isGone(state.error)) return false;
      if (!state.data) return state.error ? LAST_POLL_MS : false;
      if (isFinal(state.data)) return untilLinksEnd([state.data]);
      return Math.min(FIRST_POLL_MS * 1.25 ** state.dataUpdateCount, LAST_POLL_MS);
    },
  });
}

export type Lists = InfiniteData<PhotoPage, string | undefined>;

function fromLists(queries: QueryClient, photoId: string): Photo | undefined {
  for (const [, list] of queries.getQueriesData<Lists>({ queryKey: ["photos"] })) {
    for (const page of list?.pages ?? []) {
      const found = page.items.find((photo) => photo.photoId === photoId);
      if (found) return found;
    }
  }
  return undefined;
}

function eachList(queries: QueryClient, change: (items: Photo[]) => Photo[]): void {
  queries.setQueriesData<Lists>({ queryKey: ["photos"] }, (list) =>
    list
      ? { ...list, pages: list.pages.map((page) => ({ ...page, items: change(page.items) })) }
      : list,
  );
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
  for (const { queryKey } of queries.getQueryCache().findAll({ queryKey: ["photos"] })) {
    const filter = queryKey[1] as PhotoFilter;
    queries.setQueryData<Lists>(
      queryKey,
      (list) => list && withPhotos(list, filter, photos, areOwn),
    );
  }
}

/** A list with these photos in their places: changed, added (newest first), or gone when they do not match any more. */
export function withPhotos(
  list: Lists,
  filter: PhotoFilter,
  photos: Photo[],
  areOwn: boolean,
): Lists {
  let { pages } = list;
  for (const photo of photos) {
    const before = pages.flatMap((page) => page.items).find((one) => one.photoId === photo.photoId);
    if (before && before.updatedAt > photo.updatedAt) continue;
    const doesBelong = matches(photo, filter);
    if (before && doesBelong) {
      if (before.updatedAt !== photo.updatedAt)
        pages = eachPage(pages, (items) => items.map((one) => (one === before ? photo : one)));
    } else if (before) {
      pages = eachPage(pages, (items) => items.filter((one) => one !== before));
    } else if (doesBelong && areOwn) pages = withNew(pages, photo);
  }
  return pages === list.pages ? list : { ...list, pages };
}

const eachPage = (pages: PhotoPage[], change: (items: Photo[]) => Photo[]): PhotoPage[] =>
  pages.map((page) => ({ ...page, items: change(page.items) }));

const matches = (photo: Photo, { eventId, tag, status }: PhotoFilter): boolean =>
  (!eventId || photo.eventId === eventId) &&
  (!tag || photo.tags.includes(tag)) &&
  (!status || photo.status === status);

/** Before the first older one. What is older than all that is loaded comes with its own page. */
function withNew(pages: PhotoPage[], photo: Photo): PhotoPage[] {
  for (const [number, page] of pages.entries()) {
    const at = page.items.findIndex((one) => one.createdAt < photo.createdAt);
    if (at >= 0) return pages.with(number, { ...page, items: page.items.toSpliced(at, 0, photo) });
  }
  const last = pages.at(-1);
  if (!last || last.nextCursor) return pages;
  return pages.with(pages.length - 1, { ...last, items: [...last.items, photo] });
}

export function useEditPhoto(photoId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { title: string | null; description: string | null; tags: string[] }) =>
      data(api().PATCH("/photos/{photoId}", { params: { path: { photoId } }, body })),
    onSuccess: (photo) => {
      putPhotos(queries, [photo]);
    },
  });
}

export function useDeletePhoto() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (photoId: string) =>
      data(api().DELETE("/photos/{photoId}", { params: { path: { photoId } } })),
    onSuccess: (_, photoId) => {
      eachList(queries, (items) => items.filter((one) => one.photoId !== photoId));
      queries.removeQueries({ queryKey: ["photo", photoId] });
    },
  });
}

export const viewUrl = (photoId: string, disposition: "inline" | "attachment") =>
  data(
    api().GET("/photos/{photoId}/view-url", {
      params: { path: { photoId }, query: { disposition } },
    }),
  );

/** Have the service look for a file that was sent: its own news of it may have been lost. */
export const reportUploaded = (photoId: string) =>
  data(
    api().PUT("/photos/{photoId}/status", {
      params: { path: { photoId } },
      body: { status: "uploaded" },
    }),
  );

export const isGone = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 404;
