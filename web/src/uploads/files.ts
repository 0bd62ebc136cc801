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
