/**
 * Pictures in rows that keep their shape, walked through by arrow keys, continued while scrolling.
 *
 * The place of every photo is known, but the DOM holds only the rows near what is seen, and the row of
 * the photo that has the focus, or would get it.
 */
import { type KeyboardEvent, useCallback, useEffect, useMemo, useState } from "react";
import { flushSync } from "react-dom";
import type { Photo } from "../api/client";
import type { usePhotos } from "../api/lists";
import { LoadMore } from "../ui/states";
import { useFrame, useLayout, useView } from "./frame";
import { forgetOpened, lastOpenedPhoto } from "./opened";
import { pictureAt, rowsBetween } from "./rows";
import { SkeletonRows } from "./skeleton";
import { Tile } from "./tile";

const SQUARE = 1;
/** Beyond these a picture is cropped in the list: a panorama would be a thread, or a row of its own. */
const NARROWEST = 0.5;
const WIDEST = 2.6;

const ratioOf = (photo: Photo): number =>
  photo.width && photo.height
    ? Math.min(Math.max(photo.width / photo.height, NARROWEST), WIDEST)
    : SQUARE;

type List = Pick<
  ReturnType<typeof usePhotos>,
  "hasNextPage" | "isFetchingNextPage" | "fetchNextPage" | "nextPageError" | "renewal"
>;

export function Gallery(props: {
  photos: Photo[];
  label: string;
  hrefOf: (photo: Photo) => string;
  list: List;
}) {
  const { photos, list } = props;
  const isContinued = list.hasNextPage && !list.nextPageError;
  const ratios = useMemo(() => photos.map(ratioOf), [photos]);
  const { ref: grid, width, top } = useFrame();
  const layout = useLayout(ratios, width, isContinued);
  const [currentId, setCurrentId] = useState(lastOpenedPhoto);
  const current = Math.max(
    photos.findIndex(({ photoId }) => photoId === currentId),
    0,
  );
  const { from, to } = useView(top);
  const rows = rowsBetween(layout, from, to, current);

  const isNearEnd = width > 0 && to >= layout.height;
  const { isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (isNearEnd && isContinued && !isFetchingNextPage) fetchNextPage();
  }, [isNearEnd, isContinued, isFetchingNextPage, fetchNextPage]);

  const focus = useCallback(
    (photoId: string) => {
      flushSync(() => setCurrentId(photoId)); // After this the DOM holds its row.
      const tile = grid.current?.querySelector<HTMLElement>(`[data-photo="${photoId}"]`);
      tile?.focus({ preventScroll: true });
      return tile;
    },
    [grid],
  );

  // Back from a photo: it has the focus again. By the next frame the browser has scrolled the page to
  // where it was, so the page moves only if nothing of the photo is in sight there.
  const isListed = photos[current]?.photoId === currentId;
  const isPlaced = isListed && current < layout.boxes.length;
  useEffect(() => {
    const photoId = lastOpenedPhoto();
    if (!photoId || (isListed && !isPlaced)) return;
    const frame = requestAnimationFrame(() => {
      forgetOpened();
      const tile = isPlaced ? focus(photoId) : undefined;
      if (tile && !isInSight(tile)) tile.scrollIntoView({ block: "nearest" });
    });
    return () => cancelAnimationFrame(frame);
  }, [focus, isListed, isPlaced]);

  function move(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || event.metaKey || !idOf(event.target)) return;
    const photo = photos[pictureAt(event.key, layout, current)];
    if (!photo) return;
    event.preventDefault();
    focus(photo.photoId)?.scrollIntoView({ block: "nearest" });
  }

  const { renewal } = list;
  useEffect(() => {
    renewal?.show(rows.flatMap(({ first, end }) => photos.slice(first, end)));
  });
  const onBroken = useCallback((photo: Photo) => renewal?.reportBroken(photo), [renewal]);

  return (
    <>
      <ul
        className="gallery"
        ref={grid}
        style={{ height: layout.height }}
        aria-label={props.label}
        onKeyDown={move}
        onFocus={(event) => setCurrentId((before) => idOf(event.target) ?? before)}
      >
        {rows.flatMap(({ first, end }) =>
          photos.slice(first, end).map((photo, place) => {
            const index = first + place;
            const box = layout.boxes[index];
            return (
              box && (
                <Tile
                  key={photo.photoId}
                  photo={photo}
                  href={props.hrefOf(photo)}
                  box={box}
                  index={index}
                  count={list.hasNextPage ? -1 : photos.length}
                  isCurrent={index === current}
                  onBroken={onBroken}
                />
              )
            );
          }),
        )}
      </ul>
      {isContinued && <SkeletonRows key={layout.rows.length} width={width} />}
      {/* The button is for those who do not scroll. */}
      <LoadMore list={list} error={list.nextPageError} />
    </>
  );
}

/** How high the bar at the top is, and on phones the one at the bottom. */
const BAR = 64;

function isInSight(tile: HTMLElement): boolean {
  const { top, bottom } = tile.getBoundingClientRect();
  return bottom > BAR && top < innerHeight - BAR;
}

const idOf = (target: EventTarget): string | undefined =>
  (target as HTMLElement).closest<HTMLElement>("[data-photo]")?.dataset.photo;
