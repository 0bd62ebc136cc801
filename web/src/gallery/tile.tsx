/** One photo in the gallery: its picture, or what is being done with it. */
import { CircleAlert, CloudOff, Play } from "lucide-react";
import { memo } from "react";
import { Link } from "wouter";
import type { Photo } from "../api/client";
import { isFinal, usePhoto } from "../api/photos";
import { duration } from "../ui/words";
import { whyFailed } from "./failures";
import { isVideo, nameOf } from "./name";
import { OPENED_FROM_GALLERY } from "./opened";
import { Picture } from "./picture";
import { placeholder } from "./placeholder";
import type { Box } from "./rows";

/** It is drawn again only when something of it has changed: an arrow key changes two tiles. */
export const Tile = memo(function Tile(props: {
  photo: Photo;
  href: string;
  box: Box;
  /** Its place in the list; the DOM holds only the tiles near what is seen. */
  index: number;
  /** How many photos the list has, or -1 while that is not known. */
  count: number;
  isCurrent: boolean;
  onBroken: (photo: Photo) => void;
}) {
  const { photo, index } = props;
  const background = placeholder(photo.thumbHash);
  return (
    <li className="tile" style={props.box} aria-posinset={index + 1} aria-setsize={props.count}>
      <Link
        href={props.href}
        className="tile-link"
        data-photo={photo.photoId}
        data-status={photo.status}
        tabIndex={props.isCurrent ? 0 : -1}
        style={{ backgroundImage: background && `url(${background})` }}
        state={OPENED_FROM_GALLERY}
      >
        <TileContent
          photo={photo}
          isEager={index < 8}
          width={props.box.width}
          onBroken={props.onBroken}
        />
      </Link>
    </li>
  );
});

interface ContentProps {
  photo: Photo;
  isEager: boolean;
  width: number;
  onBroken: (photo: Photo) => void;
}

function TileContent(props: ContentProps) {
  const { photo } = props;
  if (photo.status === "failed")
    return (
      <span className="tile-state failed">
        <CircleAlert aria-hidden size={22} />
        <span>{whyFailed(photo)}</span>
        <span className="name">{nameOf(photo)}</span>
      </span>
    );
  // A file that is still to come is followed by whoever sends it.
  if (photo.status === "pending") return <Stage stage="Not uploaded yet" photo={photo} />;
  if (!isFinal(photo)) return <Waiting {...props} />;
  return (
    <>
      <Picture
        photo={photo}
        alt={nameOf(photo)}
        sizes={`${Math.ceil(props.width)}px`}
        isEager={props.isEager}
        onBroken={() => props.onBroken(photo)}
      />
      {photo.thumbnails.length === 0 && <span className="tile-state">{nameOf(photo)}</span>}
      {isVideo(photo) && (
        <span className="tile-mark">
          <Play aria-hidden size={12} />
          {photo.durationSeconds ? duration(photo.durationSeconds) : "Video"}
        </span>
      )}
      <span className="tile-caption" aria-hidden>
        {nameOf(photo)}
      </span>
    </>
  );
}

const STAGES = {
  uploaded: "Checking",
  processing: "Making thumbnails",
} as const;

/** Follows a photo that is on its way, and shows what became of it. */
function Waiting(props: ContentProps) {
  const { data: photo = props.photo } = usePhoto(props.photo.photoId, props.photo);
  if (isFinal(photo)) return <TileContent {...props} photo={photo} />;
  return (
    <Stage stage={STAGES[photo.status as keyof typeof STAGES] ?? "Almost there"} photo={photo} />
  );
}

function Stage({ stage, photo }: { stage: string; photo: Photo }) {
  const isWorking = photo.status !== "pending";
  return (
    <span className="tile-state">
      {isWorking ? (
        <span className="spinner-ring" aria-hidden />
      ) : (
        <CloudOff aria-hidden size={22} />
      )}
      <span>{isWorking ? `${stage}…` : stage}</span>
      <span className="name">{nameOf(photo)}</span>
    </span>
  );
}
