/** How the service plans a file in parts: 8 MiB each, larger where S3 would not take as many. */
const MB = 1024 * 1024;
/** From here on in parts: a pause or a lost connection costs one part, not the whole file. */
const IN_PARTS_FROM_BYTES = 16 * MB;
const PART_BYTES = 8 * MB;
const MOST_PARTS = 10_000;

export const inParts = (sizeBytes: number): boolean => sizeBytes > IN_PARTS_FROM_BYTES;

export const partSizeOf = (sizeBytes: number): number =>
  Math.max(PART_BYTES, Math.ceil(sizeBytes / MOST_PARTS / MB) * MB);
