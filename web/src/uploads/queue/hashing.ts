/** SHA-256 of files, so that S3 checks what it is sent and a file that is there is not sent again. */
import { FileError } from "./errors";
import type { Digests } from "./machine";
import { inParts, partSizeOf } from "./parts";

/** WebCrypto takes a file whole: larger ones would need as much memory, and are known by their parts alone. */
const WHOLE_UP_TO_BYTES = 64 * 1024 * 1024;

/**
 * The digests of a file, and of its parts where it goes in such. `partSizeBytes`: of an upload that was begun, perhaps
 * elsewhere. Throws FileError when it cannot be read.
 */
export async function digestsOf(
  file: Blob,
  partSizeBytes: number | undefined,
  signal: AbortSignal,
): Promise<Digests> {
  const checksum = file.size <= WHOLE_UP_TO_BYTES ? hex(await sha256(file)) : null;
  if (!partSizeBytes && !inParts(file.size)) return { checksum };
  const parts: string[] = [];
  const size = partSizeBytes ?? partSizeOf(file.size);
  for (let start = 0; start < file.size; start += size) {
    signal.throwIfAborted();
    parts.push(base64(await sha256(file.slice(start, start + size))));
  }
  return { checksum, parts };
}

async function sha256(blob: Blob): Promise<Uint8Array> {
  let bytes: ArrayBuffer;
  try {
    bytes = await blob.arrayBuffer();
  } catch {
    throw new FileError();
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
