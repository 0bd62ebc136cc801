/** How many of one's photos failed, in one line above the others. */
import { CircleAlert } from "lucide-react";
import { Link, useLocation } from "wouter";
import { usePhotos } from "../api/lists";
import type { PhotoFilter } from "../api/pages";
import { plural } from "../ui/words";

/**
 * One's own failed photos that a filter would show among others. They are asked for by themselves,
 * because the pages of a list come one by one. The own library has those of all events too.
 */
export function useFailed({ eventId, tag, status }: PhotoFilter) {
  const isEnabled = !status;
  const { data, isPending, failureCount, hasNextPage } = usePhotos(
    { tag, status: "failed" },
    isEnabled,
  );
  const photos = isEnabled ? (data?.flatMap(({ items }) => items) ?? []) : [];
  return {
    count: photos.filter((photo) => !eventId || photo.eventId === eventId).length,
    hasMore: isEnabled && hasNextPage,
    tag,
    isAwaited: isEnabled && isPending && failureCount === 0,
  };
}

export function FailedBanner({ failed }: { failed: ReturnType<typeof useFailed> }) {
  const { count, hasMore, tag } = failed;
  const [path] = useLocation();
  if (!count) return null;
  const query = new URLSearchParams({ ...(tag && { tag }), status: "failed" });
  return (
    <p className="note danger failed-banner">
      <CircleAlert aria-hidden size={18} />
      <Link href={`${path}?${query}`}>
        {hasMore ? `${count}+ photos failed` : `${plural(count, "photo")} failed`}
      </Link>
    </p>
  );
}
