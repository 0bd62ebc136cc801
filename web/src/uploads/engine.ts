/**
 * Sending files straight to S3, with Uppy: pause, resume, retry, cancel, and going on after a reload.
 * Loaded when the first file is sent, or when an earlier visit left some unsent.
 */
import AwsS3 from "@uppy/aws-s3";
import Uppy, { type UppyFile } from "@uppy/core";
import GoldenRetriever from "@uppy/golden-retriever";
import { ApiError, api, data, type UnfinishedUpload } from "../api/client";
import type { components } from "../api/schema";
import { endUpload } from "../api/uploads";
import { SignedOutError } from "../auth/auth";
import { contentTypeOf } from "./files";
import { markUnsent } from "./unsent";

const MB = 1024 * 1024;
/** From here on in parts: a pause or a lost connection costs one part, not the whole file. */
const IN_PARTS_FROM = 16 * MB;
const PART_BYTES = 8 * MB;
/** Up to here the file's SHA-256 is told first: S3 checks it, and a file that is there is not sent again. */
const CHECKSUM_UP_TO = 64 * MB;
const MOST_PARTS = 10_000;
const AT_A_TIME = 4;
/** Kept in the browser's database until sent, so that a reload can go on without asking for the file. */
const KEPT_UP_TO = 512 * MB;
const KEPT_IN_ALL = 2048 * MB;
const TRIES = 5;

export interface Draft {
  file: File;
  title: string;
  description: string;
  tags: string[];
  eventId?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: Uppy's own bound for meta
type Meta = Record<string, any> & {
  eventId?: string;
  title?: string;
  description?: string;
  tags?: string[];
  /** Makes asking for the same upload twice harmless. */
  attempt?: string;
  /** What the service called it, once it was asked. */
  photoId?: string;
  grantedKey?: string;
  checksum?: string;
  /** The service had this very file already. */
  isKnown?: boolean;
};
type Body = { location: string; key: string };
type File_ = UppyFile<Meta, Body>;

export type UploadState = "waiting" | "sending" | "paused" | "failed" | "needsFile" | "sent";

export interface UploadItem {
  id: string;
  name: string;
  type: string;
  size: number;
  eventId?: string;
  state: UploadState;
  sentBytes: number;
  photoId?: string;
  isKnown: boolean;
  error?: { code?: string; message: string };
  /** The file itself, to show it; absent when only the browser's notes of it are left. */
  blob?: Blob;
}

export type Engine = ReturnType<typeof createEngine>;

/** `onChange` is called when the lists of photos have something new, or less. */
export function createEngine(userId: string, onChange: () => void) {
  const uppy = new Uppy<Meta, Body>({
    id: `photodrop-${userId}`,
    autoProceed: false,
    allowMultipleUploadBatches: true,
  });
  const errors = new Map<string, UploadItem["error"]>();
  const listeners = new Set<() => void>();
  let items: UploadItem[] = [];
  let isPlanned = false;

  uppy.use(AwsS3<Meta, Body>, {
    limit: AT_A_TIME,
    shouldUseMultipart: (file) => (file.size ?? 0) > IN_PARTS_FROM,
    getChunkSize: ({ size }) => partBytes(size),
    generateObjectKey: (file) => file.id,
    signRequest: async (request) => {
      const uploadId = "uploadId" in request ? request.uploadId : undefined;
      // `cancel` ends the upload and its photo together.
      if (request.method === "DELETE") throw new DOMException("Cancelled.", "AbortError");
      if (uploadId) return patiently(() => sign({ ...request, uploadId }));
      return begin(request);
    },
  });
  uppy.use(GoldenRetriever, {
    expires: 3 * 24 * 60 * 60 * 1000, // as long as S3 keeps the parts
    // Its types name two other options; these are the ones that it reads.
    indexedDB: { maxFileSize: KEPT_UP_TO, maxTotalSize: KEPT_IN_ALL } as object,
  });

  /** Ask for a new upload: `request.key` is the file's id, and the answer has the key to go on with. */
  async function begin(request: { method: string; key: string; contentType?: string }) {
    const id = request.key;
    await untilResumed(id);
    const file = uppy.getFile(id);
    if (!file?.data) throw new DOMException("The upload was cancelled.", "AbortError");
    const checksum = file.meta.checksum ?? (await checksumOf(file.data as Blob));
    const attempt = file.meta.attempt ?? crypto.randomUUID();
    uppy.setFileMeta(id, { attempt, checksum });
    const { eventId, title, description, tags } = file.meta;
    try {
      const signed = await patiently(() =>
        sign(
          {
            method: request.method as "PUT" | "POST",
            key: file.meta.grantedKey ?? id.slice(-200),
            contentType: file.type,
            fileName: file.name.slice(-255),
            metadata: {
              eventId: eventId || null,
              title: title || null,
              description: description || null,
              tags: tags ?? [],
              sizeBytes: file.size,
              partSizeBytes: partBytes(file.size ?? 0),
              checksumSha256: checksum ?? null,
            },
          },
          attempt,
        ),
      );
      uppy.setFileMeta(id, { photoId: signed.photoId, grantedKey: signed.key });
      return signed;
    } catch (error) {
      // A new try is a new upload, unless this one may have arrived.
      if (error instanceof ApiError && error.status < 500 && error.code !== "NotPending")
        uppy.setFileMeta(id, { attempt: undefined, grantedKey: undefined });
      throw error;
    }
  }

  async function untilResumed(id: string): Promise<void> {
    while (uppy.getFile(id)?.isPaused)
      await new Promise<void>((resolve) => uppy.once("state-update", () => resolve()));
  }

  uppy.on("upload-error", (file, error) => {
    if (!file) return;
    const { meta } = uppy.getFile(file.id) ?? file;
    const known = knownPhoto(error, meta);
    if (known) {
      arrived(file.id, known);
      return;
    }
    errors.set(file.id, {
      code: error instanceof ApiError ? error.code : undefined,
      message: inWords(error),
    });
    plan();
  });

  /** The file is there already: sent earlier, or its answer was lost on the way. */
  function knownPhoto(error: unknown, meta: Meta): string | undefined {
    if (!(error instanceof ApiError)) return undefined;
    if (error.code === "AlreadyUploaded") return error.photoId;
    return error.code === "NotPending" ? meta.photoId : undefined;
  }

  function arrived(id: string, photoId: string): void {
    const file = uppy.getFile(id);
    uppy.setFileMeta(id, { photoId, isKnown: true });
    uppy.setFileState(id, {
      error: null,
      progress: {
        ...file.progress,
        uploadStarted: file.progress.uploadStarted ?? Date.now(),
        uploadComplete: true,
        complete: true,
        percentage: 100,
        bytesUploaded: file.size ?? 0,
      } as File_["progress"],
    });
    onChange();
  }

  uppy.on("upload-success", (file) => {
    if (!file) return;
    errors.delete(file.id);
    onChange();
  });

  // What was going on before a reload goes on.
  uppy.on("restored", () => {
    if (uppy.getFiles().some((file) => !file.isGhost && !file.progress.uploadComplete))
      uppy.emit("restore-confirmed");
    plan();
  });

  uppy.on("state-update", plan);

  function plan(): void {
    if (isPlanned) return;
    isPlanned = true;
    requestAnimationFrame(refresh);
    setTimeout(refresh, 250); // frames stand still in a hidden tab
  }

  function refresh(): void {
    if (!isPlanned) return;
    isPlanned = false;
    items = uppy.getFiles().map(itemOf);
    markUnsent(
      userId,
      items.some((item) => item.state !== "sent"),
    );
    for (const listener of listeners) listener();
  }

  function itemOf(file: File_): UploadItem {
    return {
      id: file.id,
      name: file.meta.title || file.name,
      type: file.type,
      size: file.size ?? 0,
      eventId: file.meta.eventId,
      state: stateOf(file),
      sentBytes: Number(file.progress.bytesUploaded) || 0,
      photoId: file.meta.photoId,
      isKnown: Boolean(file.meta.isKnown),
      error: errors.get(file.id) ?? (file.error ? { message: file.error } : undefined),
      blob: file.isGhost ? undefined : (file.data as Blob | undefined),
    };
  }

  return {
    subscribe(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    items: () => items,

    send(drafts: Draft[]): void {
      for (const { file, ...meta } of drafts) {
        const type = contentTypeOf(file) ?? file.type;
        try {
          const before = uppy
            .getFiles()
            .find((one) => one.progress.uploadComplete && isSame(one, file));
          if (before) uppy.removeFile(before.id);
          uppy.addFile({ name: file.name, type, data: file, meta: { ...meta } });
        } catch (error) {
          uppy.log(error); // it is in the list already
        }
      }
      void uppy.upload()?.catch(() => undefined); // each file tells its own error
    },

    /** Go on with an upload that was begun elsewhere. Says whether this is its file. */
    adopt(upload: UnfinishedUpload, file: File): boolean {
      const isOther =
        file.name !== upload.fileName || file.size !== (upload.sizeBytes ?? file.size);
      if (isOther) return false;
      if (upload.uploadId && upload.partSizeBytes !== partBytes(file.size))
        throw new Error("It was begun in parts of another size. Discard it, and upload it anew.");
      const id = uppy.addFile({
        name: file.name,
        type: upload.contentType,
        data: file,
        meta: {
          title: upload.title ?? "",
          eventId: upload.eventId ?? undefined,
          photoId: upload.photoId,
          grantedKey: upload.key,
          checksum: upload.checksumSha256 ?? undefined,
        },
      });
      if (upload.uploadId)
        uppy.setFileState(id, { s3Multipart: { uploadId: upload.uploadId, key: upload.key } });
      void uppy.upload()?.catch(() => undefined);
      return true;
    },

    /** The file of an upload that is known by its notes only. Says whether it was the right one. */
    provide(id: string, file: File): boolean {
      const ghost = uppy.getFile(id);
      if (!ghost || !isSame(ghost, file)) return false;
      uppy.setFileState(id, { data: file, isGhost: false } as Partial<File_>);
      void uppy.retryUpload(id);
      return true;
    },

    pause: (id: string) => setPaused(id, true),
    resume: (id: string) => setPaused(id, false),
    pauseAll: () => eachUnsent((file) => setPaused(file.id, true)),
    resumeAll: () => eachUnsent((file) => setPaused(file.id, false)),

    retry(id: string): void {
      errors.delete(id);
      void uppy.retryUpload(id);
    },
    retryAll(): void {
      errors.clear();
      void uppy.retryAll();
    },

    /** Stop and forget a file; what the service knows of it is ended too. */
    cancel(id: string): void {
      const file = uppy.getFile(id);
      if (!file) return;
      const { photoId, grantedKey } = file.meta;
      const uploadId = "s3Multipart" in file ? file.s3Multipart?.uploadId : undefined;
      errors.delete(id);
      uppy.removeFile(id);
      if (!photoId || file.progress.uploadComplete) return;
      endUpload({ photoId, uploadId, key: grantedKey })
        .catch(() => undefined) // the schedule ends it otherwise
        .finally(onChange);
    },

    clearSent(): void {
      for (const file of uppy.getFiles())
        if (file.progress.uploadComplete) uppy.removeFile(file.id);
    },
  };

  function setPaused(id: string, isPaused: boolean): void {
    const file = uppy.getFile(id);
    if (!file || file.error || file.progress.uploadComplete) return;
    if (Boolean(file.isPaused) !== isPaused) uppy.pauseResume(id);
  }

  function eachUnsent(act: (file: File_) => void): void {
    for (const file of uppy.getFiles())
      if (!file.progress.uploadComplete && !file.isGhost) act(file);
  }
}

/** As the service plans it: parts of 8 MiB, larger where S3 would not take as many. */
const partBytes = (size: number): number =>
  Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS / MB) * MB);

function stateOf(file: File_): UploadState {
  if (file.progress.uploadComplete) return "sent";
  if (file.isGhost) return "needsFile";
  if (file.error) return "failed";
  if (file.isPaused) return "paused";
  return file.meta.photoId || file.progress.bytesUploaded ? "sending" : "waiting";
}

const isSame = (known: File_, file: File): boolean =>
  known.name === file.name && known.size === file.size;

type SignBody = components["schemas"]["SignRequest"];

async function sign(body: SignBody, attempt?: string) {
  return data(
    api().POST("/s3/sign", {
      params: { header: attempt ? { "Idempotency-Key": attempt } : {} },
      body,
    }),
  );
}

/** Try again what may work later: lost connections, limits, and errors of the service. */
async function patiently<T>(act: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await act();
    } catch (error) {
      const mayPass =
        error instanceof ApiError &&
        (error.status === 0 || error.status === 429 || error.status >= 500);
      if (!mayPass || tried === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** tried));
    }
  }
}

async function checksumOf(blob: Blob): Promise<string | undefined> {
  if (blob.size > CHECKSUM_UP_TO) return undefined;
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function inWords(error: unknown): string {
  if (error instanceof ApiError || error instanceof SignedOutError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  if (/network error/i.test(message)) return "The connection was lost.";
  if (/S3 returned 403/.test(message)) return "The storage refused the file. Please try again.";
  return message;
}
