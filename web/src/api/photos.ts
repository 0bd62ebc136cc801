/** Photos as the pages ask for them: lists by cursor, one photo, and what is done to it. */
import {
  type InfiniteData,
  type Query,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { ApiError, api, data, type Photo, type PhotoPage, type Status } from "./client";

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

export function usePhotos(filter: PhotoFilter) {
  const { eventId, tag, status } = filter;
  return useInfiniteQuery({
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
    photo.thumbnails.map((thumbnail) => Date.parse(thumbnail.expiresAt)),
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
      putIntoLists(queries, photo);
      return photo;
    },
    placeholderData: known ?? (() => fromLists(queries, photoId)),
    refetchInterval: ({ state }) => {
      if (!state.data) return false;
      if (isFinal(state.data)) return untilLinksEnd([state.data]);
      return Math.min(FIRST_POLL_MS * 1.25 ** state.dataUpdateCount, LAST_POLL_MS);
    },
  });
}

type Lists = InfiniteData<PhotoPage, string | undefined>;

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

/** Whether a list is of one status: then a photo may have come, or gone. */
const isOfOneStatus = ({ queryKey }: Query): boolean =>
  Boolean((queryKey[1] as PhotoFilter | undefined)?.status);

/** Let the lists show what one photo has become, without asking for them again. */
export function putIntoLists(queries: QueryClient, photo: Photo): void {
  const before = fromLists(queries, photo.photoId);
  if (isFinal(photo) && before?.status !== photo.status)
    void queries.invalidateQueries({ queryKey: ["photos"], predicate: isOfOneStatus });
  if (!before || before.updatedAt === photo.updatedAt) return;
  eachList(queries, (items) => items.map((one) => (one.photoId === photo.photoId ? photo : one)));
}

export function useEditPhoto(photoId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { title: string | null; description: string | null; tags: string[] }) =>
      data(api().PATCH("/photos/{photoId}", { params: { path: { photoId } }, body })),
    onSuccess: (photo) => {
      putIntoLists(queries, photo);
      queries.setQueryData(["photo", photoId], photo);
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
