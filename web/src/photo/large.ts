import type { Photo, Thumbnail } from "../api/client";
import { config } from "../config";

/**
 * The thumbnails of a photo that is shown large: the standard ones, and the next size after them where any size can be
 * had by its link. Other sizes than these are not asked for: the first request would have to make each.
 */
export function largeThumbnails({ thumbnails, imageUrl }: Photo): Thumbnail[] {
  const largest = thumbnails.reduce<Thumbnail | undefined>(
    (before, one) => (before && before.size > one.size ? before : one),
    undefined,
  );
  if (!largest || !imageUrl) return thumbnails;
  const longest = Math.max(largest.width, largest.height);
  const sizes = (config().thumbnailResolutions ?? []).map(Number); // NaN for boxes
  const size = Math.min(...sizes.filter((one) => one > largest.size));
  if (longest < largest.size || !Number.isFinite(size)) return thumbnails;
  const next = {
    ...largest,
    size,
    width: Math.round((largest.width * size) / longest),
    height: Math.round((largest.height * size) / longest),
    url: imageUrl.replace("{variant}", String(size)),
  };
  return [...thumbnails, next];
}
