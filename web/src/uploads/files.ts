/** What may be uploaded, told before anything is sent. The service looks at the bytes again. */
import { config } from "../config";
import { bytes } from "../ui/words";

const TYPES: Record<string, string> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  jfif: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  gif: "image/gif",
  heic: "image/heic",
  heif: "image/heif",
  avif: "image/avif",
  tif: "image/tiff",
  tiff: "image/tiff",
  mp4: "video/mp4",
  m4v: "video/mp4",
  mov: "video/quicktime",
  webm: "video/webm",
};
const ACCEPTED = new Set(Object.values(TYPES));

/** For file choosers: endings too, because some systems know no type for HEIC and AVIF. */
export const ACCEPT = [...ACCEPTED, ...Object.keys(TYPES).map((ending) => `.${ending}`)].join(",");

export const KINDS = "JPEG, PNG, WebP, GIF, HEIC, AVIF, TIFF, MP4, MOV or WebM";

/** The content type that a file has by its own word or by its name's ending; undefined if none of ours. */
export function contentTypeOf(file: { name: string; type: string }): string | undefined {
  if (ACCEPTED.has(file.type)) return file.type;
  if (file.type && file.type !== "application/octet-stream" && !/^(image|video)\//.test(file.type))
    return undefined;
  return TYPES[file.name.split(".").at(-1)?.toLowerCase() ?? ""];
}

/** Why a file cannot be uploaded, or undefined. */
export function problemOf(file: { name: string; type: string; size: number }): string | undefined {
  if (!contentTypeOf(file)) return `is no picture or video that can be uploaded (${KINDS}).`;
  if (file.size === 0) return "is empty.";
  const { maxImageBytes, maxVideoBytes } = config();
  const most = contentTypeOf(file)?.startsWith("video/") ? maxVideoBytes : maxImageBytes;
  if (most && file.size > most)
    return `is too large: ${bytes(file.size)}, and ${bytes(most)} is the most.`;
  return undefined;
}

/** Whether this can be the file that an upload was begun with; its content is compared when it is read. */
export function isFileOf(
  file: { name: string; size: number },
  upload: { name: string; sizeBytes?: number | null },
): boolean {
  return file.name.slice(-255) === upload.name && (upload.sizeBytes ?? file.size) === file.size;
}

const BRANDS: [RegExp, string][] = [
  [/^avi[fs]/, "image/avif"],
  [/^he[iv][cmsx]/, "image/heic"],
];

/**
 * The type of an image by its first bytes, whatever its name says; undefined for everything else, which is taken by
 * its name. The service looks at all of it again.
 */
export async function imageTypeOf(file: Blob): Promise<string | undefined> {
  let head: string;
  try {
    head = String.fromCharCode(...new Uint8Array(await file.slice(0, 12).arrayBuffer()));
  } catch {
    return undefined; // it cannot be read: the upload will say so
  }
  if (head.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (/^GIF8[79]a/.test(head)) return "image/gif";
  if (/^RIFF[\s\S]{4}WEBP/.test(head)) return "image/webp";
  if (/^[\s\S]{4}ftyp/.test(head)) return BRANDS.find(([brand]) => brand.test(head.slice(8)))?.[1];
  return undefined;
}
