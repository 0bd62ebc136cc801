/** Pictures in rows that keep their shape, walked through by arrow keys, continued while scrolling. */
import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import { CircleAlert, CloudOff, Play } from "lucide-react";
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Link } from "wouter";
import type { Photo } from "../api/client";
import { isFinal, usePhoto } from "../api/photos";
import { ErrorNote } from "../ui/states";
import { duration } from "../ui/words";
import { whyFailed } from "./failures";
import { isVideo, nameOf } from "./name";
import { Picture } from "./picture";
import { placeholder } from "./placeholder";
import { type Box, inRows } from "./rows";

const SQUARE = 1;
/** Beyond these a picture is cropped in the list: a panorama would be a thread, or a row of its own. */
const NARROWEST = 0.5;
const WIDEST = 2.6;

const ratioOf = (photo: Photo): number =>
  photo.width && photo.height
    ? Math.min(Math.max(photo.width / photo.height, NARROWEST), WIDEST)
    : SQUARE;

const PHONE = 720;

/** The list's width, known before the first paint, and the size of each tile in it. */
function useRows(ratios: number[]) {
  const ref = useRef<HTMLUListElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const list = ref.current;
    if (!list) return;
    setWidth(list.clientWidth);
    const watcher = new ResizeObserver(() => setWidth(list.clientWidth));
    watcher.observe(list);
    return () => watcher.disconnect();
  }, []);
  const boxes = width
    ? inRows(ratios, width, width < PHONE ? 150 : 236, width < PHONE ? 5 : 8)
    : [];
  return { ref, boxes };
}

/** The photo that was looked at last, to come back to in the list. */
let lastOpened: string | undefined;

export function rememberOpened(photoId: string): void {
  lastOpened = photoId;
}

export function Gallery(props: {
  photos: Photo[];
  label: string;
  hrefOf: (photo: Photo) => string;
  list: Pick<
    UseInfiniteQueryResult,
    | "hasNextPage"
    | "isFetchingNextPage"
    | "fetchNextPage"
    | "isFetchNextPageError"
    | "error"
    | "refetch"
  >;
}) {
  const { photos, list } = props;
  const ratios = photos.map(ratioOf);
  const filling = list.isFetchingNextPage ? SHAPES : [];
  const { ref: grid, boxes } = useRows([...ratios, ...filling]);
  const [current, setCurrent] = useState(() =>
    Math.max(
      photos.findIndex((photo) => photo.photoId === lastOpened),
      0,
    ),
  );

  // Back from a photo: the focus returns to where it was opened.
  useEffect(() => {
    if (!lastOpened) return;
    const tile = grid.current?.querySelector<HTMLElement>(`[data-photo="${lastOpened}"]`);
    lastOpened = undefined;
    tile?.focus({ preventScroll: true });
    tile?.scrollIntoView({ block: "nearest" });
  }, [grid]);

  function move(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const tiles = [...(grid.current?.querySelectorAll<HTMLElement>("a") ?? [])];
    const from = tiles.indexOf(document.activeElement as HTMLElement);
    const to = from < 0 ? -1 : target(event.key, tiles, from);
    const tile = tiles[to];
    if (!tile) return;
    event.preventDefault();
    setCurrent(to);
    tile.focus();
  }

  return (
    <>
      <ul className="gallery" ref={grid} aria-label={props.label} onKeyDown={move}>
        {photos.map((photo, index) => (
          <Tile
            key={photo.photoId}
            photo={photo}
            href={props.hrefOf(photo)}
            box={boxes[index]}
            isEager={index < 8}
            isCurrent={index === Math.min(current, photos.length - 1)}
            onFocus={() => setCurrent(index)}
            onBroken={() => void list.refetch()}
          />
        ))}
        {filling.length > 0 && <SkeletonTiles boxes={boxes.slice(photos.length)} />}
      </ul>
      <More list={list} />
    </>
  );
}

/** The index that a key leads to, or -1. Up and down go by what is seen: rows have no fixed length. */
function target(key: string, tiles: HTMLElement[], from: number): number {
  switch (key) {
    case "ArrowRight":
      return Math.min(from + 1, tiles.length - 1);
    case "ArrowLeft":
      return Math.max(from - 1, 0);
    case "Home":
      return 0;
    case "End":
      return tiles.length - 1;
    case "ArrowDown":
    case "ArrowUp":
      return inNextRow(tiles, from, key === "ArrowDown" ? 1 : -1);
    default:
      return -1;
  }
}

function inNextRow(tiles: HTMLElement[], from: number, step: 1 | -1): number {
  const boxes = tiles.map((tile) => tile.getBoundingClientRect());
  const start = boxes[from];
  if (!start) return -1;
  const middle = start.left + start.width / 2;
  let row: number | undefined;
  let best = -1;
  let nearest = Number.POSITIVE_INFINITY;
  for (let index = from + step; boxes[index]; index += step) {
    const box = boxes[index] as DOMRect;
    if (Math.abs(box.top - start.top) < 4) continue;
    row ??= box.top;
    if (Math.abs(box.top - row) > 4) break;
    const distance = Math.abs(box.left + box.width / 2 - middle);
    if (distance < nearest) {
      nearest = distance;
      best = index;
    }
  }
  return best;
}

function Tile(props: {
  photo: Photo;
  href: string;
  box: Box | undefined;
  isEager: boolean;
  isCurrent: boolean;
  onFocus: () => void;
  onBroken: () => void;
}) {
  const { photo } = props;
  const background = placeholder(photo.thumbHash);
  return (
    <li className="tile" style={props.box}>
      <Link
        href={props.href}
        className="tile-link"
        data-photo={photo.photoId}
        data-status={photo.status}
        tabIndex={props.isCurrent ? 0 : -1}
        style={{ backgroundImage: background && `url(${background})` }}
        onFocus={props.onFocus}
        onClick={() => rememberOpened(photo.photoId)}
      >
        <TileContent
          photo={photo}
          isEager={props.isEager}
          width={props.box?.width ?? 0}
          onBroken={props.onBroken}
        />
      </Link>
    </li>
  );
}

function TileContent(props: {
  photo: Photo;
  isEager: boolean;
  width: number;
  onBroken: () => void;
}) {
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
  if (!isFinal(photo)) return <Waiting photo={photo} />;
  return (
    <>
      <Picture
        photo={photo}
        alt={nameOf(photo)}
        sizes={`${Math.ceil(props.width)}px`}
        isEager={props.isEager}
        onBroken={props.onBroken}
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

/** Follows a photo that is on its way; the list learns what becomes of it. */
function Waiting({ photo }: { photo: Photo }) {
  const { data = photo } = usePhoto(photo.photoId, photo);
  return (
    <Stage stage={STAGES[data.status as keyof typeof STAGES] ?? "Almost there"} photo={data} />
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

const SHAPES = [1.5, 0.75, 1.33, 1.5, 1, 0.67, 1.78, 1.33, 1.5, 0.75, 1.5, 1.33];

function SkeletonTiles({ boxes }: { boxes: Box[] }) {
  return boxes.map((box, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: they never change
    <li key={index} className="tile skeleton" style={box} aria-hidden />
  ));
}

export function GallerySkeleton() {
  const { ref, boxes } = useRows(SHAPES);
  return (
    <>
      <p className="visually-hidden" role="status">
        Loading photos…
      </p>
      <ul className="gallery" ref={ref} aria-hidden>
        <SkeletonTiles boxes={boxes} />
      </ul>
    </>
  );
}

/** Continues the list when its end comes near; the button is for who does not scroll. */
function More({ list }: { list: Parameters<typeof Gallery>[0]["list"] }) {
  const mark = useRef<HTMLDivElement>(null);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = list;

  useEffect(() => {
    if (!mark.current || !hasNextPage || isFetchingNextPage || isFetchNextPageError) return;
    const watcher = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) void fetchNextPage();
      },
      { rootMargin: "800px" },
    );
    watcher.observe(mark.current);
    return () => watcher.disconnect();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);

  if (!hasNextPage) return null;
  return (
    <div className="more stack" ref={mark}>
      {isFetchNextPageError && <ErrorNote error={list.error} />}
      <button
        type="button"
        className="button"
        disabled={isFetchingNextPage}
        onClick={() => void fetchNextPage()}
      >
        {isFetchingNextPage ? "Loading…" : "Load more"}
      </button>
    </div>
  );
}
