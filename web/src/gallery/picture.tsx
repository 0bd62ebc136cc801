import { useRef, useState } from "react";
import type { Photo, Thumbnail } from "../api/client";
import { dropUrl, lastingUrl } from "../api/links";

/** A photo's thumbnails as one picture; the browser chooses the size. */
export function Picture(props: {
  photo: Pick<Photo, "photoId" | "thumbnails">;
  alt: string;
  sizes: string;
  isEager?: boolean;
  onBroken?: () => void;
}) {
  const [isLoading, setLoading] = useState(true);
  const hasReported = useRef(false); // once: new links to what is gone would go on for ever
  const thumbnails = distinct(props.photo.thumbnails);
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
function distinct(thumbnails: Thumbnail[]): Thumbnail[] {
  const byWidth = new Map(thumbnails.map((one) => [one.width, one]));
  return [...byWidth.values()].sort((a, b) => a.width - b.width);
}
