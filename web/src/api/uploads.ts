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

/** End an upload for good: nothing of it stays, in the storage or in the lists. */
export async function endUpload(upload: {
  photoId: string;
  key?: string;
  uploadId?: string | null;
}): Promise<void> {
  const { photoId, key, uploadId } = upload;
  if (uploadId && key)
    await data(
      api().DELETE("/s3/multipart/{uploadId}", { params: { path: { uploadId }, query: { key } } }),
    );
  await data(api().DELETE("/photos/{photoId}", { params: { path: { photoId } } }));
}

export function useDiscard() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (upload: UnfinishedUpload) => endUpload(upload),
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ["uploads"] });
      void queries.invalidateQueries({ queryKey: ["photos"] });
    },
  });
}
