/** Sending bytes to S3 by a signed request, with progress. */
import { DoubtError, FileError, LineError, RefusedError } from "./errors";

export interface SignedPut {
  url: string;
  headers: Record<string, string>;
}

const TRIES = 4;
/** Up to here the bytes are read before they are sent: then what fails is either the file or the line. */
const READ_UP_TO_BYTES = 64 * 1024 * 1024;

/** What S3 says in so many words; the code is S3's. */
class Answer extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }
}

/**
 * PUT a file or a part of one, and return its ETag. `sign` gives the request, and another one (`isAgain`) when it has
 * expired. Throws LineError, DoubtError (it may be there already), FileError and RefusedError.
 */
export async function putBlob(
  sign: (isAgain: boolean) => Promise<SignedPut>,
  blob: Blob,
  onProgress: (sentBytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  // A file that another tab has handed over can be read here, but Chromium does not send it.
  const body = blob.size <= READ_UP_TO_BYTES ? await bytesOf(blob) : blob;
  for (let tried = 1; ; tried += 1) {
    const request = await sign(tried > 1);
    try {
      return await put(request, body, blob.size, onProgress, signal);
    } catch (error) {
      if (!(error instanceof Answer)) throw error;
      // The key has an object, which only this grant can have put there: an earlier answer was lost.
      if (error.status === 412) {
        onProgress(blob.size);
        return "";
      }
      if (isFinal(error) || tried === TRIES) throw meaningOf(error);
      onProgress(0);
      if (error.status !== 403)
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** tried));
    }
  }
}

/**
 * Another try may do where 403 is an expired signature, 409 another request at the same moment, 400 RequestTimeout a
 * slow line, and 5xx S3 itself.
 */
const isFinal = ({ status, code }: Answer): boolean =>
  status < 500 && status !== 403 && status !== 409 && code !== "RequestTimeout";

function meaningOf({ status, code }: Answer): Error {
  // It is there, or the upload is over: the service knows which.
  if (status === 409 || status === 404) return new DoubtError();
  if (code === "BadDigest" || code === "XAmzContentSHA256Mismatch")
    return new RefusedError({
      code: "FileChanged",
      message: "The file was changed while it was uploaded. Please upload it again.",
    });
  return new RefusedError({
    code: code || `Storage${status}`,
    message: "The storage refused the file. Please try again.",
  });
}

function put(
  { url, headers }: SignedPut,
  body: ArrayBuffer | Blob,
  sizeBytes: number,
  onProgress: (sentBytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  // fetch tells nothing of how much was sent.
  const request = new XMLHttpRequest();
  const stop = () => request.abort();
  return new Promise<string>((resolve, reject) => {
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => onProgress(Math.min(loaded, sizeBytes));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) {
        onProgress(sizeBytes);
        resolve(request.getResponseHeader("ETag") ?? "");
      } else reject(new Answer(request.status, codeOf(request.responseText)));
    };
    request.onabort = () => reject(signal.reason);
    request.onerror = () => void whyNoAnswer(body).then(reject, reject);
    signal.throwIfAborted();
    signal.addEventListener("abort", stop);
    request.send(body);
  }).finally(() => signal.removeEventListener("abort", stop));
}

const codeOf = (text: string): string => /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? "";

/** Throws FileError when the file cannot be read. */
async function bytesOf(blob: Blob): Promise<ArrayBuffer> {
  try {
    return await blob.arrayBuffer();
  } catch {
    throw new FileError();
  }
}

/** The browser does not say whether the line or the file is gone: the file can be looked at. */
async function whyNoAnswer(body: ArrayBuffer | Blob): Promise<Error> {
  if (body instanceof Blob) await bytesOf(body.slice(0, 1));
  return new LineError();
}
