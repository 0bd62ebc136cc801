/** A gallery with its filters, kept in the address so that a link or Back shows the same. */
import { Images, SearchX, Tag } from "lucide-react";
import { type ReactNode, useEffect, useMemo, useState } from "react";
import { useSearchParams } from "wouter";
import type { Photo, Status } from "../api/client";
import { usePhotos } from "../api/lists";
import type { PhotoFilter } from "../api/pages";
import { useUser } from "../auth/session";
import { Empty, ErrorState } from "../ui/states";
import { FailedBanner, useFailed } from "./failed-banner";
import { Gallery } from "./gallery";
import { isShown } from "./shown";
import { GallerySkeleton } from "./skeleton";

const STATUSES: { status: Status | ""; name: string }[] = [
  { status: "", name: "All photos" },
  { status: "completed", name: "Ready" },
  { status: "processing", name: "Processing" },
  { status: "pending", name: "Not uploaded yet" },
  { status: "failed", name: "Failed" },
];

export function useFilter(eventId?: string) {
  const [params, setParams] = useSearchParams();
  const tag = params.get("tag") ?? undefined;
  const status = STATUSES.find((one) => one.status && one.status === params.get("status"))
    ?.status as Status | undefined;
  const filter: PhotoFilter = { eventId, tag, status };

  function set(name: "tag" | "status", value: string) {
    setParams(
      (before) => {
        if (value) before.set(name, value);
        else before.delete(name);
        return before;
      },
      { replace: true },
    );
  }
  return { filter, set, query: params.size ? `?${params}` : "" };
}

type Filtering = ReturnType<typeof useFilter>;

const normal = (text: string): string => text.trim().toLowerCase();

export function Filters({ filter, set }: Filtering) {
  const [text, setText] = useState(filter.tag ?? "");
  const applied = filter.tag ?? "";

  // What is typed stays as it is typed, a space at the end included; another address shows its own tag.
  useEffect(() => setText((before) => (normal(before) === applied ? before : applied)), [applied]);
  useEffect(() => {
    const wanted = normal(text);
    if (wanted === applied) return;
    const timer = setTimeout(() => set("tag", wanted), 350);
    return () => clearTimeout(timer);
  });

  return (
    <search className="filters">
      <div className="tag-filter">
        <Tag aria-hidden size={16} />
        <input
          type="search"
          aria-label="Filter by tag"
          placeholder="Tag"
          maxLength={50}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      <select
        aria-label="Filter by state"
        value={filter.status ?? ""}
        onChange={(event) => set("status", event.target.value)}
      >
        {STATUSES.map(({ status, name }) => (
          <option key={status} value={status}>
            {name}
          </option>
        ))}
      </select>
    </search>
  );
}

/** The photos of a filter that have a place in its list, and the list that they come from. */
export function useShownPhotos(filter: PhotoFilter) {
  const user = useUser();
  const list = usePhotos(filter);
  const { data } = list;
  const { status } = filter;
  const photos = useMemo(
    () => data?.flatMap(({ items }) => items.filter((one) => isShown(one, user.id, status))) ?? [],
    [data, user.id, status],
  );
  return { list, photos };
}

interface FilteredGalleryProps {
  filtering: Filtering;
  label: string;
  hrefOf: (photo: Photo) => string;
  empty: ReactNode;
}

export function FilteredGallery(props: FilteredGalleryProps) {
  const { filter } = props.filtering;
  const { list, photos } = useShownPhotos(filter);
  const failed = useFailed(filter);
  // Both are waited for: a banner that comes later would push the photos down.
  if (list.isPending || failed.isAwaited) return <GallerySkeleton />;
  if (list.isError && !list.data)
    return <ErrorState error={list.error} onRetry={() => void list.refetch()} />;
  return (
    <>
      <FailedBanner failed={failed} />
      <Photos {...props} list={list} photos={photos} />
    </>
  );
}

function Photos(props: FilteredGalleryProps & ReturnType<typeof useShownPhotos>) {
  const { list, photos } = props;
  const { filter, set, query } = props.filtering;
  if (photos.length || list.hasNextPage)
    return (
      <Gallery
        key={query}
        photos={photos}
        label={props.label}
        list={list}
        hrefOf={(photo) => props.hrefOf(photo) + query}
      />
    );
  if (!filter.tag && !filter.status) return props.empty;
  return (
    <Empty icon={<SearchX size={30} />} title="No photo matches">
      <p>
        {filter.tag ? `None is tagged “${filter.tag}”` : "None is in this state"}
        {filter.tag && filter.status ? " and in this state." : "."}
      </p>
      <button
        type="button"
        className="button"
        onClick={() => {
          set("tag", "");
          set("status", "");
        }}
      >
        <Images aria-hidden size={16} /> Show all
      </button>
    </Empty>
  );
}
