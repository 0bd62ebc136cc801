import { useQuery } from "@tanstack/react-query";
import type { Photo } from "../api/client";
import { lastingUrl } from "../api/links";
import { viewUrl } from "../api/photos";
import { nameOf } from "../gallery/name";
import { ErrorNote, Spinner } from "../ui/states";

const LINK_LASTS_MS = 10 * 60_000;

/** The original, played by the browser; its poster is the largest thumbnail. */
export function VideoPlayer({ photo }: { photo: Photo }) {
  const { data, error } = useQuery({
    queryKey: ["view-url", photo.photoId],
    queryFn: () => viewUrl(photo.photoId, "inline"),
    staleTime: LINK_LASTS_MS,
    refetchOnWindowFocus: false, // another link would begin the video anew
  });
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
      poster={poster && lastingUrl(poster)}
      aria-label={nameOf(photo)}
    />
  );
}
