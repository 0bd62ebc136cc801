/** One photo as its page asks for it, and what is done to it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data, type Photo } from "./client";
import { ApiError } from "./errors";
import { lastsUntil } from "./links";
import { dropPhotos, fromLists, putPhotos } from "./lists";

/** A photo takes a second or two; a large video may take minutes. */
const FIRST_POLL_MS = 800;
const LAST_POLL_MS = 10_000;
const LEAST_REFETCH_MS = 60_000;

export const isFinal = (photo: Photo): boolean =>
  photo.status === "completed" || photo.status === "failed";

function untilLinksEnd({ thumbnails }: Photo): number | false {
  if (!thumbnails.length) return false;
  const end = Math.min(...thumbnails.map((thumbnail) => lastsUntil(thumbnail)));
  return Math.max(end - Date.now(), LEAST_REFETCH_MS);
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
      if (isFinal(state.data)) return untilLinksEnd(state.data);
      return Math.min(FIRST_POLL_MS * 1.25 ** state.dataUpdateCount, LAST_POLL_MS);
    },
  });
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
    onSuccess: (_, photoId) => dropPhotos(queries, [photoId]),
  });
}

export const viewUrl = (photoId: string, disposition: "inline" | "attachment") =>
  data(
    api().GET("/photos/{photoId}/view-url", {
      params: { path: { photoId }, query: { disposition } },
    }),
  );

export const isGone = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 404;
