import { useRef, useState } from "react";
import type { Photo, Thumbnail } from "../api/client";
import { dropUrl, lastingUrl } from "../api/links";
import { config } from "../config";

/**
 * A photo's thumbnails as one picture; the browser chooses the size. For a large one there is one more size, where any
 * size can be had by its link. Other sizes than these are not asked for: the first request would have to make each.
 */
export function Picture(props: {
  photo: Pick<Photo, "photoId" | "thumbnails"> & Partial<Pick<Photo, "imageUrl">>;
  isLarge?: boolean;
  alt: string;
  sizes: string;
  isEager?: boolean;
  onBroken?: () => void;
}) {
  const [isLoading, setLoading] = useState(true);
  const hasReported = useRef(false); // once: new links to what is gone would go on for ever
  const thumbnails = distinct(props.photo.thumbnails, props.isLarge && props.photo.imageUrl);
  const largest = thumbnails.at(-1);
  if (!largest) return null;
  return (
    <img
      className={isLoading ? "loading" : undefined}
      alt={props.alt}
      width={largest.width}
      height={largest.height}
      srcSet={thumbnails.map((one) => `${lastingUrl(one)} ${one.width}w`).join(", ")}
      sizes={props.sizes}
      src={lastingUrl(largest)}
      loading={props.isEager ? "eager" : "lazy"}
      decoding="async"
      draggable={false}
      ref={(image) => {
        if (image?.complete && image.naturalWidth) setLoading(false);
      }}
      onLoad={() => {
        hasReported.current = false;
        setLoading(false);
      }}
      onError={() => {
        if (hasReported.current) return;
        hasReported.current = true;
        for (const one of thumbnails) dropUrl(one.url);
        props.onBroken?.();
      }}
    />
  );
}

/** By width, each once: a small original has the same thumbnail in several sizes. */
function distinct(thumbnails: Thumbnail[], imageUrl?: string | false | null): Thumbnail[] {
  const byWidth = new Map(thumbnails.map((one) => [one.width, one]));
  const sorted = [...byWidth.values()].sort((a, b) => a.width - b.width);
  const largest = sorted.at(-1);
  const more = largest && imageUrl ? nextSize(largest, imageUrl) : undefined;
  return more ? [...sorted, more] : sorted;
}

/** The next size after the largest thumbnail, if the photo is not smaller than that itself. */
function nextSize(largest: Thumbnail, imageUrl: string): Thumbnail | undefined {
  const longest = Math.max(largest.width, largest.height);
  const sizes = (config().thumbnailResolutions ?? []).map(Number); // NaN for boxes
  const size = Math.min(...sizes.filter((one) => one > largest.size));
  if (longest < largest.size || !Number.isFinite(size)) return undefined;
  return {
    ...largest,
    size,
    width: Math.round((largest.width * size) / longest),
    height: Math.round((largest.height * size) / longest),
    url: imageUrl.replace("{variant}", String(size)),
  };
}
