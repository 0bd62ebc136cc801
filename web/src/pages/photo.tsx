/** One photo, as large as the window allows, with all that is known of it and can be done with it. */
import {
  Archive,
  ChevronLeft,
  ChevronRight,
  CircleAlert,
  Download,
  Pencil,
  Trash2,
  X,
} from "lucide-react";
import { type CSSProperties, type MouseEvent, useEffect, useRef, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { useHistoryState } from "wouter/use-browser-location";
import type { Photo } from "../api/client";
import { useEvent } from "../api/events";
import { isGone, usePhoto, viewUrl } from "../api/photos";
import { useUser } from "../auth/session";
import { whyFailed } from "../gallery/failures";
import { useFilter, useShownPhotos } from "../gallery/filtered";
import { isVideo, nameOf } from "../gallery/name";
import { isFromGallery, rememberOpened } from "../gallery/opened";
import { Picture } from "../gallery/picture";
import { placeholder } from "../gallery/placeholder";
import { ArchivePanel, isArchived } from "../photo/archive";
import { DeletePhotoDialog, EditPhotoDialog } from "../photo/dialogs";
import { largeThumbnails } from "../photo/large";
import { ThumbnailMaker } from "../photo/thumbnail-maker";
import { VideoPlayer } from "../photo/video";
import { download } from "../ui/download";
import { Empty, ErrorState, Spinner } from "../ui/states";
import { useTitle } from "../ui/title";
import { sayError } from "../ui/toasts";
import { atTime, bytes, duration, onTheCamera } from "../ui/words";
import "../styles/photo.css";

export default function PhotoPage(props: { photoId: string; eventId?: string }) {
  const { photoId, eventId } = props;
  const { data: photo, error, refetch } = usePhoto(photoId);
  const [, go] = useLocation();
  const search = useSearch();
  const home = (eventId ? `/events/${eventId}` : "/photos") + (search ? `?${search}` : "");
  const { previous, next } = useNeighbours(photoId, photo?.createdAt, eventId);
  const state = useHistoryState();
  const close = useClose(home);
  useTitle(photo && nameOf(photo));

  const pathOf = (id: string) =>
    `${eventId ? `/events/${eventId}` : ""}/photos/${id}${search ? `?${search}` : ""}`;

  useEffect(() => {
    rememberOpened(photoId);
    scrollTo(0, 0); // The gallery, or the photo before, may have been scrolled down.
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [photoId]);

  useEffect(() => {
    function press(event: KeyboardEvent) {
      if (event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]"))
        return;
      const target = event.target as HTMLElement;
      if (target.closest("input, textarea, select, video, .menu")) return;
      const step = { ArrowLeft: previous, ArrowRight: next }[event.key];
      if (step) go(pathOf(step), { replace: true, state });
      if (event.key === "Escape") close();
    }
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  });

  if (!photo && error)
    return isGone(error) ? (
      <Empty icon={<CircleAlert size={30} />} title="This photo is not here" isPage>
        <p>It may have been deleted, or you may not be allowed to see it.</p>
        <Link className="button" href={home}>
          Back
        </Link>
      </Empty>
    ) : (
      <ErrorState error={error} onRetry={() => void refetch()} />
    );
  if (!photo) return <Spinner label="Loading the photo…" />;

  const neighbours = [
    { side: "previous", id: previous, label: "Previous photo", Icon: ChevronLeft },
    { side: "next", id: next, label: "Next photo", Icon: ChevronRight },
  ];
  return (
    <article className="photo-page" aria-label={nameOf(photo)}>
      <div className="stage">
        <Stage key={photo.photoId} photo={photo} onBroken={() => void refetch()} />
        <nav className="stage-nav" aria-label="Photos">
          <Link
            className="stage-button"
            href={home}
            onClick={(event: MouseEvent) => {
              event.preventDefault();
              close();
            }}
            aria-label="Close"
          >
            <X aria-hidden size={22} />
          </Link>
          {neighbours.map(
            ({ side, id, label, Icon }) =>
              id && (
                <Link
                  key={side}
                  className={`stage-button ${side}`}
                  href={pathOf(id)}
                  replace
                  state={state}
                  aria-label={label}
                >
                  <Icon aria-hidden size={26} />
                </Link>
              ),
          )}
        </nav>
      </div>
      <Details
        key={`details ${photo.photoId}`}
        photo={photo}
        onDeleted={() => (next ? go(pathOf(next), { replace: true, state }) : close())}
      />
    </article>
  );
}

/** Back to the gallery as it was left; to the list at `home` when no gallery was left for this photo. */
function useClose(home: string): () => void {
  const [, go] = useLocation();
  const state = useHistoryState();
  const isClosing = useRef(false);
  return () => {
    if (!isFromGallery(state)) go(home, { replace: true });
    else if (!isClosing.current) {
      isClosing.current = true; // Going back takes a moment: a second press must not go back twice.
      history.back();
    }
  };
}

/** The list is loaded as far as a photo that was opened by its address, if it is among so many. */
const SOUGHT_AMONG = 1_000;

/** The photos before and after, in the list that this one was opened from. */
function useNeighbours(photoId: string, createdAt?: string, eventId?: string) {
  const { filter } = useFilter(eventId);
  const { list, photos } = useShownPhotos(filter);
  const { hasNextPage, isFetchingNextPage, fetchNextPage, nextPageError } = list;
  const index = photos.findIndex((photo) => photo.photoId === photoId);
  const isNearEnd = index >= 0 && index >= photos.length - 2;
  const last = photos.at(-1);
  const isSought = index < 0 && photos.length < SOUGHT_AMONG;
  const isFurtherOn = isSought && createdAt !== undefined && last && last.createdAt >= createdAt;
  const isMoreWanted = (isNearEnd || isFurtherOn) && hasNextPage && !nextPageError;

  useEffect(() => {
    if (isMoreWanted && !isFetchingNextPage) fetchNextPage();
  }, [isMoreWanted, isFetchingNextPage, fetchNextPage]);

  return {
    previous: photos[index - 1]?.photoId,
    next: index < 0 ? undefined : photos[index + 1]?.photoId,
  };
}

function Stage({ photo, onBroken }: { photo: Photo; onBroken: () => void }) {
  if (photo.status === "failed")
    return (
      <div className="stage-note">
        <CircleAlert aria-hidden size={34} />
        <p>
          <strong>{whyFailed(photo)}</strong>
        </p>
        {photo.failure && (
          <p>
            {photo.failure.message} <span className="code">{photo.failure.code}</span>
          </p>
        )}
      </div>
    );
  if (photo.status === "pending")
    return (
      <div className="stage-note">
        <p>The file has not arrived yet.</p>
      </div>
    );
  if (photo.status !== "completed")
    return (
      <div className="stage-note">
        <Spinner label="Being checked, and made into thumbnails…" />
      </div>
    );
  if (isVideo(photo) && !isArchived(photo)) return <VideoPlayer photo={photo} />;
  const ratio = photo.width && photo.height ? photo.width / photo.height : 1;
  const background = placeholder(photo.thumbHash);
  if (!photo.thumbnails.length)
    return (
      <div className="stage-note">
        <p>{photo.thumbnailsMissing?.message ?? "There is no picture of this file."}</p>
      </div>
    );
  return (
    <div
      className="stage-picture"
      style={
        {
          "--ratio": ratio,
          backgroundImage: background && `url(${background})`,
        } as CSSProperties
      }
    >
      <Picture
        photo={{ ...photo, thumbnails: largeThumbnails(photo) }}
        alt={photo.description ?? nameOf(photo)}
        sizes={`(max-width: 899px) 100vw, min(calc(100vw - 384px), calc((100vh - 66px) * ${ratio.toFixed(3)}))`}
        isEager
        onBroken={onBroken}
      />
    </div>
  );
}

function Details({ photo, onDeleted }: { photo: Photo; onDeleted: () => void }) {
  const user = useUser();
  const [isEditing, setEditing] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const isMine = photo.ownerId === user.id;
  const { data: event } = useEvent(user.isOrganizer ? photo.eventId : null);
  const isOfMyEvent = event?.organizerId === user.id;
  const isReady = photo.status === "completed";
  const home = photo.eventId ? `/events/${photo.eventId}` : "/photos";
  return (
    <div className="details">
      <header className="stack tight">
        <h1>{nameOf(photo)}</h1>
        {photo.description && <p className="description">{photo.description}</p>}
        {photo.tags.length > 0 && (
          <ul className="row" aria-label="Tags">
            {photo.tags.map((tag) => (
              <li key={tag}>
                <Link className="tag" href={`${home}?tag=${encodeURIComponent(tag)}`}>
                  {tag}
                </Link>
              </li>
            ))}
          </ul>
        )}
      </header>
      <div className="row">
        {isReady && !isArchived(photo) && <DownloadButton photo={photo} />}
        {(isMine || user.isStaff) && (
          <button type="button" className="button" onClick={() => setEditing(true)}>
            <Pencil aria-hidden size={16} /> Edit
          </button>
        )}
        {(isMine || user.isStaff || isOfMyEvent) && (
          <button type="button" className="button danger" onClick={() => setDeleting(true)}>
            <Trash2 aria-hidden size={16} /> Delete
          </button>
        )}
      </div>
      <Facts photo={photo} isMine={isMine} />
      {isReady && isArchived(photo) && (
        <ArchivePanel photo={photo} mayRestore={isMine || user.isStaff} />
      )}
      {isReady && !isVideo(photo) && !isArchived(photo) && <ThumbnailMaker photo={photo} />}
      {isEditing && <EditPhotoDialog photo={photo} onClose={() => setEditing(false)} />}
      {isDeleting && (
        <DeletePhotoDialog photo={photo} onClose={() => setDeleting(false)} onDeleted={onDeleted} />
      )}
    </div>
  );
}

function DownloadButton({ photo }: { photo: Photo }) {
  const [isBusy, setBusy] = useState(false);
  async function fetchAndSave() {
    setBusy(true);
    try {
      const { url } = await viewUrl(photo.photoId, "attachment");
      download(url);
    } catch (error) {
      sayError(error);
    } finally {
      setBusy(false);
    }
  }
  return (
    <button
      type="button"
      className="button primary"
      disabled={isBusy}
      onClick={() => void fetchAndSave()}
    >
      <Download aria-hidden size={16} /> Download
    </button>
  );
}

function Facts({ photo, isMine }: { photo: Photo; isMine: boolean }) {
  const facts: [string, string | null | undefined][] = [
    ["Taken", photo.takenAt && onTheCamera(photo.takenAt)],
    ["Uploaded", `${atTime(photo.createdAt)}${isMine ? ", by you" : ""}`],
    ["Length", photo.durationSeconds ? duration(photo.durationSeconds) : null],
    ["Dimensions", photo.width && photo.height ? `${photo.width} × ${photo.height} pixels` : null],
    ["File", photo.fileName],
    [
      "Size",
      [photo.sizeBytes ? bytes(photo.sizeBytes) : null, photo.contentType, photo.codec]
        .filter(Boolean)
        .join(" · "),
    ],
  ];
  return (
    <section aria-labelledby="facts-heading" className="stack tight">
      <h2 id="facts-heading">Details</h2>
      <dl className="facts">
        {facts.map(
          ([name, value]) =>
            value && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      {isArchived(photo) && (
        <p>
          <span className="badge warm">
            <Archive aria-hidden size={14} /> In the archive
          </span>
        </p>
      )}
      {photo.thumbnailsMissing && (
        <p className="note">
          {photo.thumbnailsMissing.message}{" "}
          <span className="code">{photo.thumbnailsMissing.code}</span>
        </p>
      )}
    </section>
  );
}
