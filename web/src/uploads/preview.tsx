/** Small pictures of files that are still on this device. */
import { Film, ImageIcon } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useObjectUrl } from "../ui/object-url";

/** Enough for the largest place that shows one, on a screen with two pixels to the point. */
const SIDE = 160;

/**
 * Decoding a photograph takes tens of megabytes until it is made small: a hundred at once would take gigabytes. So one
 * is made after another, and only of files whose place is in sight.
 */
let turn: Promise<unknown> = Promise.resolve();

function makeSmall(blob: Blob, signal: AbortSignal): Promise<Blob | null> {
  const made = turn.then(async () => {
    if (signal.aborted) return null;
    const image = await createImageBitmap(blob, {
      resizeWidth: SIDE,
      resizeQuality: "medium",
      imageOrientation: "from-image",
    });
    const canvas = document.createElement("canvas");
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext("2d")?.drawImage(image, 0, 0);
    image.close();
    return new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/webp", 0.8));
  });
  turn = made.catch(() => undefined);
  return made;
}

export function Preview({ blob, type }: { blob: Blob | undefined; type: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [small, setSmall] = useState<Blob>();
  const url = useObjectUrl(small);
  const isVideo = type.startsWith("video/");

  useEffect(() => {
    const shown = place.current;
    if (!blob || isVideo || !shown) return;
    const gone = new AbortController();
    const watcher = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      makeSmall(blob, gone.signal)
        .then((made) => {
          if (made && !gone.signal.aborted) setSmall(made);
        })
        .catch(() => undefined); // formats that this browser does not show get the symbol
    });
    watcher.observe(shown);
    return () => {
      gone.abort();
      watcher.disconnect();
    };
  }, [blob, isVideo]);

  return (
    <div className="preview" ref={place}>
      {url ? (
        <img src={url} alt="" />
      ) : isVideo ? (
        <Film aria-hidden size={22} />
      ) : (
        <ImageIcon aria-hidden size={22} />
      )}
    </div>
  );
}
