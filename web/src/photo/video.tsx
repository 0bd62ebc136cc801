import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import type { Photo } from "../api/client";
import { dropUrl, lastingUrl } from "../api/links";
import { viewUrl } from "../api/photos";
import { nameOf } from "../gallery/name";
import { ErrorNote, Spinner } from "../ui/states";

const LINK_LASTS_MS = 10 * 60_000;

/** The original, played by the browser; its poster is the largest thumbnail. */
export function VideoPlayer({ photo }: { photo: Photo }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["view-url", photo.photoId],
    queryFn: () => viewUrl(photo.photoId, "inline"),
    staleTime: LINK_LASTS_MS,
    refetchOnWindowFocus: false, // another link would begin the video anew
  });
  const stoppedAt = useRef(0);
  const poster = photo.thumbnails.at(-1);
  if (error)
    return (
      <div className="stage-note">
        <ErrorNote error={error} />
      </div>
    );
  if (!data)
    return (
      <div className="stage-note">
        <Spinner label="Loading the video…" />
      </div>
    );
  return (
    // biome-ignore lint/a11y/useMediaCaption: people's own videos have no captions
    <video
      className="stage-video"
      controls
      playsInline
      preload="metadata"
      src={lastingUrl(data)}
      // A video may be longer than its link lives: a new one goes on from there.
      onError={({ currentTarget: video }) => {
        const hasPlayed = video.currentTime > stoppedAt.current;
        if (!hasPlayed || video.error?.code !== MediaError.MEDIA_ERR_NETWORK) return;
        stoppedAt.current = video.currentTime;
        dropUrl(data.url);
        void refetch();
      }}
      onLoadedMetadata={({ currentTarget: video }) => {
        if (!stoppedAt.current) return;
        video.currentTime = stoppedAt.current;
        void video.play().catch(() => undefined); // the browser may want a click first
      }}
      poster={poster && lastingUrl(poster)}
      aria-label={nameOf(photo)}
    />
  );
}
