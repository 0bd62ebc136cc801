/** Uploads that were begun and not finished, on whatever device. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data, type UnfinishedUpload } from "./client";
import { ApiError } from "./errors";
import { dropPhotos } from "./lists";

const SHOWN = 20;

export function useUnfinished() {
  return useQuery({
    queryKey: ["uploads"],
    queryFn: async ({ signal }) => {
      const page = await data(
        api().GET("/uploads", { params: { query: { limit: SHOWN } }, signal }),
      );
      return page.items;
    },
  });
}

/**
 * End an upload that has not arrived, for good: nothing of it stays, in the storage or in the lists. The service
 * refuses to end one that has arrived: nothing that somebody can see is removed in this way.
 */
export async function endUpload(photoId: string): Promise<"ended" | "notPending"> {
  const params = { path: { photoId } };
  try {
    await data(api().PUT("/photos/{photoId}/status", { params, body: { status: "failed" } }));
    await data(api().DELETE("/photos/{photoId}", { params }));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "NotPending") return "notPending";
    if (error.status !== 404) throw error;
  }
  return "ended";
}

export function useDiscard() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (upload: UnfinishedUpload) => endUpload(upload.photoId),
    onSuccess: (outcome, { photoId }) => {
      if (outcome === "ended") dropPhotos(queries, [photoId]);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["uploads"] }),
  });
}
