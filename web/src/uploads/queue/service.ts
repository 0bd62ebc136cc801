/** What the queue asks of the service, by its public API, and of S3. */
import { api, data, type Photo } from "../../api/client";
import { ApiError } from "../../api/errors";
import { endUpload } from "../../api/uploads";
import { SignedOutError } from "../../auth/auth";
import { whyFailed } from "../../gallery/failures";
import { DoubtError, LineError, RefusedError } from "./errors";
import type { Digests, Grant, ServiceStatus, Upload } from "./machine";
import { inParts, partSizeOf } from "./parts";
import type { Answer, Service } from "./queue";
import { putBlob, type SignedPut } from "./storage";

/** Signed with one call: as many as their checksums fit into its address. */
const SIGNED_AT_ONCE = 16;
/** Of one file; several files go at a time. */
const PARTS_AT_A_TIME = 3;
/** The newest photos of a list, which are those that are followed. */
const NEWEST = 100;
const FEW = 3;
const TRIES = 5;
const LONGEST_WAIT_SECONDS = 90;

/** What the service has said of photos. */
export interface News {
  photos: Photo[];
  /** The ids of those that there are no more. */
  gone: string[];
}

/** `onNews` is told what became of every photo that was asked for or ended. */
export function serviceOf(onNews: (news: News) => void): Service {
  /** Grants to send a file in one request, as they came with the photo: one call less. */
  const signedPuts = new Map<string, SignedPut>();

  async function beginWhole(upload: Upload, signal: AbortSignal) {
    const { eventId } = upload;
    const body = {
      fileName: upload.name,
      contentType: upload.type,
      sizeBytes: upload.sizeBytes,
      title: upload.title || null,
      description: upload.description || null,
      tags: upload.tags,
      checksumSha256: upload.digests?.checksum ?? null,
      method: "PUT" as const,
    };
    const header = { "Idempotency-Key": upload.attempt };
    const begun = await call(
      () =>
        eventId
          ? api().POST("/events/{eventId}/photos/initiate-upload", {
              params: { header, path: { eventId } },
              body,
              signal,
            })
          : api().POST("/photos/initiate-upload", { params: { header }, body, signal }),
      signal,
    );
    if ("ownerId" in begun) return { knownPhotoId: begun.photoId };
    const { photoId, key } = begun;
    if (begun.upload) signedPuts.set(photoId, begun.upload);
    return { grant: { photoId, key } };
  }

  async function beginInParts(upload: Upload, signal: AbortSignal) {
    const begun = await call(
      () =>
        api().POST("/s3/multipart", {
          params: { header: { "Idempotency-Key": upload.attempt } },
          body: {
            filename: upload.name,
            type: upload.type,
            metadata: {
              eventId: upload.eventId ?? null,
              title: upload.title || null,
              description: upload.description || null,
              tags: upload.tags,
              sizeBytes: upload.sizeBytes,
              partSizeBytes: partSizeOf(upload.sizeBytes),
              checksumSha256: upload.digests?.checksum ?? null,
              partChecksums: "sha256",
            },
          },
          signal,
        }),
      signal,
    );
    const { photoId, key, uploadId, partSizeBytes } = begun;
    return { grant: { photoId, key, uploadId, partSizeBytes } };
  }

  async function signAgain(upload: Upload, grant: Grant, signal: AbortSignal): Promise<SignedPut> {
    return call(
      () =>
        api().POST("/s3/sign", {
          body: { method: "PUT", key: grant.key, contentType: upload.type },
          signal,
        }),
      signal,
    );
  }

  async function sendWhole(
    upload: Upload,
    grant: Grant,
    file: Blob,
    onProgress: (sentBytes: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const signed = signedPuts.get(grant.photoId);
    signedPuts.delete(grant.photoId);
    await putBlob(
      async (isAgain) => (!isAgain && signed ? signed : signAgain(upload, grant, signal)),
      file,
      onProgress,
      signal,
    );
  }

  return {
    async begin(upload, signal) {
      // Parts that S3 has given up are begun again, for the same photo: its key finds it.
      if (upload.grant && (upload.isContinued || !upload.grant.uploadId))
        return { grant: upload.grant };
      try {
        return await (inParts(upload.sizeBytes) ? beginInParts : beginWhole)(upload, signal);
      } catch (error) {
        if (error instanceof RefusedError && error.code === "AlreadyUploaded" && error.photoId)
          return { knownPhotoId: error.photoId };
        throw error;
      }
    },

    async send(upload, file, onProgress, signal) {
      const { grant, digests } = upload;
      if (!grant) throw new Error("There is no grant.");
      await (grant.uploadId
        ? sendInParts(
            upload,
            { ...grant, uploadId: grant.uploadId },
            digests,
            file,
            onProgress,
            signal,
          )
        : sendWhole(upload, grant, file, onProgress, signal));
    },

    async ask(photoIds, signal) {
      const photos = await (photoIds.length > FEW ? askNewest : askEach)(photoIds, signal);
      onNews({
        photos: [...photos.values()].filter((photo) => photo !== null),
        gone: photoIds.filter((photoId) => photos.get(photoId) === null),
      });
      return [...photos].map(([photoId, photo]) => answerOf(photoId, photo));
    },

    async end(grant) {
      try {
        const outcome = await endUpload(grant.photoId);
        if (outcome === "ended") onNews({ photos: [], gone: [grant.photoId] });
        return outcome;
      } catch (error) {
        throw meaningOf(error);
      }
    },

    async report(photoId) {
      await call(() =>
        api().PUT("/photos/{photoId}/status", {
          params: { path: { photoId } },
          body: { status: "uploaded" },
        }),
      );
    },

    async probe() {
      try {
        await data(api().GET("/uploads", { params: { query: { limit: 1 } } }));
      } catch (error) {
        // Any answer is one; only a line that is broken gives none.
        if (!(error instanceof ApiError) || error.status === 0) throw new LineError();
      }
    },
  };
}

async function sendInParts(
  { isContinued }: Upload,
  grant: Grant & { uploadId: string },
  digests: Digests | undefined,
  file: Blob,
  onProgress: (sentBytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { uploadId, key } = grant;
  const path = { uploadId };
  const size = grant.partSizeBytes ?? partSizeOf(file.size);
  const there = await call(
    () => api().GET("/s3/multipart/{uploadId}", { params: { path, query: { key } }, signal }),
    signal,
  ).catch((error) => {
    throw error instanceof DoubtError && isContinued ? new RefusedError(GIVEN_UP) : error;
  });
  const etags = new Map<number, string>();
  const sent = new Map<number, number>();
  for (const part of there) {
    const digest = digests?.parts?.[part.PartNumber - 1];
    if (part.ChecksumSHA256 && digest && part.ChecksumSHA256 !== digest)
      throw new RefusedError(OTHER_FILE);
    etags.set(part.PartNumber, part.ETag);
    sent.set(part.PartNumber, part.Size);
  }
  const tell = () => onProgress([...sent.values()].reduce((sum, one) => sum + one, 0));
  if (sent.size) tell();

  const count = Math.ceil(file.size / size);
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter(
    (one) => !etags.has(one),
  );
  const signed = signerOf(grant, digests, signal);

  async function sendNext(): Promise<void> {
    for (let number = missing.shift(); number; number = missing.shift()) {
      const part = number;
      const start = (part - 1) * size;
      const etag = await putBlob(
        (isAgain) => signed(part, missing, isAgain),
        file.slice(start, start + size),
        (bytes) => {
          sent.set(part, bytes);
          tell();
        },
        signal,
      );
      etags.set(part, etag);
    }
  }
  await Promise.all(Array.from({ length: PARTS_AT_A_TIME }, sendNext));
  const parts = [...etags]
    .sort(([a], [b]) => a - b)
    .map(([PartNumber, ETag]) => ({ PartNumber, ETag }));
  await call(
    () =>
      api().POST("/s3/multipart/{uploadId}/complete", {
        params: { path, query: { key } },
        body: { parts },
        signal,
      }),
    signal,
  );
}

const GIVEN_UP = {
  code: "UploadGone",
  message: "What was sent of it is gone. Cancel it, and upload the file anew.",
};

const OTHER_FILE = {
  code: "OtherFile",
  message:
    "This is not the file that the upload was begun with. Cancel it, and upload this one anew.",
};

/** Signs parts in numbers, and hands them out one by one. */
function signerOf(
  grant: Grant & { uploadId: string },
  digests: Digests | undefined,
  signal: AbortSignal,
) {
  const signed = new Map<number, SignedPut>();
  let signing: Promise<unknown> = Promise.resolve();

  async function sign(numbers: number[]): Promise<void> {
    const checksums = numbers.flatMap((number) => digests?.parts?.[number - 1] ?? []);
    const found = await call(
      () =>
        api().GET("/s3/multipart/{uploadId}/batch", {
          params: {
            path: { uploadId: grant.uploadId },
            query: {
              key: grant.key,
              partNumbers: numbers,
              checksumsSha256: checksums.length === numbers.length ? checksums : undefined,
            },
          },
          querySerializer: { array: { style: "form", explode: false } },
          signal,
        }),
      signal,
    );
    for (const number of numbers) {
      const url = found.presignedUrls[number];
      if (url) signed.set(number, { url, headers: found.headers[number] ?? {} });
    }
  }

  return async (number: number, next: number[], isAgain: boolean): Promise<SignedPut> => {
    if (isAgain) signed.delete(number);
    const wanted = signing.then(async () => {
      if (!signed.has(number))
        await sign([number, ...next.slice(0, isAgain ? 0 : SIGNED_AT_ONCE - 1)]);
    });
    signing = wanted.catch(() => undefined);
    await wanted;
    const found = signed.get(number);
    if (!found) throw new DoubtError();
    return found;
  };
}

type Found = Map<string, Photo | null>;

async function askEach(photoIds: string[], signal?: AbortSignal): Promise<Found> {
  const found = await Promise.all(
    photoIds.map(async (photoId): Promise<[string, Photo | null]> => {
      try {
        return [
          photoId,
          await call(
            () => api().GET("/photos/{photoId}", { params: { path: { photoId } }, signal }),
            signal,
          ),
        ];
      } catch (error) {
        if (error instanceof DoubtError) return [photoId, null];
        throw error;
      }
    }),
  );
  return new Map(found);
}

/** Many at once are the newest of one's list; what is not among these is asked for by its id. */
async function askNewest(photoIds: string[], signal?: AbortSignal): Promise<Found> {
  const page = await call(
    () => api().GET("/photos", { params: { query: { limit: NEWEST } }, signal }),
    signal,
  );
  const wanted = new Set(photoIds);
  const found: Found = new Map(
    page.items
      .filter(({ photoId }) => wanted.has(photoId))
      .map((photo: Photo) => [photo.photoId, photo]),
  );
  const others = photoIds.filter((photoId) => !found.has(photoId));
  return new Map([...found, ...(await askEach(others, signal))]);
}

function answerOf(photoId: string, photo: Photo | null): Answer {
  if (!photo) return { photoId, status: "gone" };
  const problem = photo.failure
    ? { code: photo.failure.code, message: whyFailed(photo) }
    : undefined;
  return { photoId, status: photo.status as ServiceStatus, problem };
}

/**
 * The data of an answer, asked for again where waiting helps. Throws LineError when there is no answer, DoubtError for
 * 404 and for what has gone on meanwhile, RefusedError for the rest.
 */
async function call<T>(
  ask: () => Promise<{ data?: T; error?: unknown; response: Response }>,
  signal?: AbortSignal,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    signal?.throwIfAborted();
    try {
      return await data(ask());
    } catch (error) {
      const wait = secondsToWait(error, tried);
      if (wait === undefined) throw meaningOf(error);
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    }
  }
}

/** How long to wait before the next try; undefined when it is of no use, or takes too long. */
function secondsToWait(error: unknown, tried: number): number | undefined {
  if (!(error instanceof ApiError) || (error.status !== 429 && error.status < 500))
    return undefined;
  const asked = error.retryAfterSeconds;
  // Whoever sends many files meets the limit of a minute again and again, and waits as it is told.
  if (error.status === 429 && asked) return asked <= LONGEST_WAIT_SECONDS ? asked : undefined;
  return tried < TRIES ? (asked ?? 0.5 * 2 ** tried * (0.5 + Math.random() / 2)) : undefined;
}

function meaningOf(error: unknown): unknown {
  // Whoever signs in again goes on with their uploads, so these wait as they do for the line.
  if (error instanceof SignedOutError) return new LineError();
  if (!(error instanceof ApiError)) return error;
  if (error.status === 0) return new LineError();
  if (error.status === 404 && error.code !== "EventNotFound") return new DoubtError();
  return new RefusedError(
    { code: error.code, message: error.message },
    error.status < 500,
    error.photoId,
  );
}
