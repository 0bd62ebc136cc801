/** Uploads that were begun and not finished, on whatever device. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data, type UnfinishedUpload } from "./client";

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

/** End an upload for good; what the storage has of it is removed. */
export function useDiscard() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ photoId, uploadId, key }: UnfinishedUpload): Promise<void> => {
      if (uploadId)
        await data(
          api().DELETE("/s3/multipart/{uploadId}", {
            params: { path: { uploadId }, query: { key } },
          }),
        );
      else
        await data(
          api().PUT("/photos/{photoId}/status", {
            params: { path: { photoId } },
            body: { status: "failed", reason: "Discarded in the browser." },
          }),
        );
    },
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ["uploads"] });
      void queries.invalidateQueries({ queryKey: ["photos"] });
    },
  });
}
