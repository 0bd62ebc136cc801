/** Students and their pictures. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, data, type Student } from "./client";
import { ApiError } from "./errors";

export interface StudentFields {
  name: string;
  email: string;
  course: string;
}

const PAGE_SIZE = 50;
const POLL_MS = 900;
const LAST_POLL_MS = 30_000;
/** Longer than a picture takes, even when its news was lost and it was asked for again. */
const PATIENCE_MS = 10 * 60_000;

export function useStudents(hasPicture: boolean | undefined) {
  return useInfiniteQuery({
    queryKey: ["students", { hasPicture }],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) =>
      data(
        api().GET("/v2/students", {
          params: { query: { hasPicture, cursor, limit: PAGE_SIZE } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
}

const pathOf = (studentId: string) => ({ params: { path: { studentId } } });

/** Whether a picture is on its way: being sent, checked, or made into thumbnails. */
export function isPictureOnItsWay(student: Student): boolean {
  const { picture } = student;
  const newest = picture?.replacement ?? picture;
  return Boolean(newest && newest.status !== "completed" && newest.status !== "failed");
}

/** A student whose picture is on its way, asked for again, less and less often, until it is there. */
export function useStudent(known: Student): Student {
  const { data: asked } = useQuery({
    queryKey: ["student", known.studentId],
    queryFn: ({ signal }) =>
      data(api().GET("/v2/students/{studentId}", { ...pathOf(known.studentId), signal })),
    enabled: isArriving(known),
    refetchInterval: ({ state }) => {
      if (state.data && !isArriving(state.data)) return false;
      return Math.min(
        POLL_MS * 1.25 ** (state.dataUpdateCount + state.errorUpdateCount),
        LAST_POLL_MS,
      );
    },
  });
  // The list may know more by now: the student was edited, or sent another picture.
  return asked && asked.updatedAt >= known.updatedAt ? asked : known;
}

/** A picture that never came stays pending until its grant ends: nothing to wait for. */
function isArriving(student: Student): boolean {
  const newest = student.picture?.replacement ?? student.picture;
  return Boolean(newest && ["uploaded", "processing"].includes(newest.status));
}

export function useSaveStudent(studentId?: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({
      fields,
      picture,
    }: {
      fields: StudentFields;
      picture?: Blob;
    }): Promise<{ student: Student; pictureError?: unknown }> => {
      const student = await (studentId
        ? data(api().PUT("/v2/students/{studentId}", { ...pathOf(studentId), body: fields }))
        : data(api().POST("/v2/students", { body: fields })));
      if (!picture) return { student };
      try {
        return { student: await sendPicture(student.studentId, picture) };
      } catch (pictureError) {
        return { student, pictureError };
      }
    },
    onSettled: () => refresh(queries),
  });
}

function refresh(queries: ReturnType<typeof useQueryClient>): void {
  void queries.invalidateQueries({ queryKey: ["students"] });
  void queries.invalidateQueries({ queryKey: ["student"] });
}

/** Send a picture and wait until the service has looked at it. */
async function sendPicture(studentId: string, picture: Blob): Promise<Student> {
  const { upload, pictureKey } = await data(
    api().GET("/v2/students/{studentId}/picture-upload-url", {
      params: { path: { studentId }, query: { sizeBytes: picture.size } },
    }),
  );
  // The browser sets Content-Length itself and leaves ours out.
  const answer = await fetch(upload.url, {
    method: upload.method,
    headers: upload.headers,
    body: picture,
  }).catch(() => undefined);
  if (!answer) throw new ApiError(0, "NetworkError", "The picture could not be sent.");
  if (!answer.ok)
    throw new ApiError(answer.status, `Http${answer.status}`, "The storage refused the picture.");
  const began = Date.now();
  for (let wait = POLL_MS; ; wait = Math.min(wait * 1.25, LAST_POLL_MS)) {
    if (Date.now() - began > PATIENCE_MS)
      throw new ApiError(
        0,
        "PictureLate",
        "The picture takes unusually long. It will appear when it is ready.",
      );
    const student = await data(api().GET("/v2/students/{studentId}", pathOf(studentId)));
    const { picture: shown } = student;
    const ours = shown?.replacement?.pictureKey === pictureKey ? shown.replacement : shown;
    if (!ours || ours.status === "completed") return student;
    if (ours.status === "failed")
      throw new ApiError(
        409,
        ours.failure?.code ?? "PictureFailed",
        ours.failure?.message ?? "The picture could not be used.",
      );
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

export function useDeletePicture(studentId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => data(api().DELETE("/v2/students/{studentId}/picture", pathOf(studentId))),
    onSettled: () => refresh(queries),
  });
}

export function useDeleteStudent(studentId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => data(api().DELETE("/v2/students/{studentId}", pathOf(studentId))),
    onSettled: () => refresh(queries),
  });
}
