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
  // What the person wants: a video that gets a new link is paused by the browser, without an event.
  const wantsToPlay = useRef(false);
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
      // A video may be longer than its link lives, or begin when that has ended: a new one goes on from there. What
      // fails at the same place again, with a link that has not ended, is broken.
      onError={({ currentTarget: video }) => {
        const hasPlayed = video.currentTime > stoppedAt.current;
        if (!hasPlayed && Date.parse(data.expiresAt) > Date.now()) return;
        stoppedAt.current = video.currentTime;
        dropUrl(data.url);
        void refetch();
      }}
      onPlay={() => {
        wantsToPlay.current = true;
      }}
      onPause={({ currentTarget: video }) => {
        if (!video.error) wantsToPlay.current = false; // else the browser has paused it, not the person
      }}
      onLoadedMetadata={({ currentTarget: video }) => {
        if (stoppedAt.current) video.currentTime = stoppedAt.current;
        if (wantsToPlay.current) void video.play().catch(() => undefined); // the browser may want a click first
      }}
      poster={poster && lastingUrl(poster)}
      aria-label={nameOf(photo)}
    />
  );
}
