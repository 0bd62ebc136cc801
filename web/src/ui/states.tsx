/** What stands where content should be: nothing yet, nothing at all, an error, or the button for more. */
import { CircleAlert, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "../api/errors";

export function Empty(props: {
  icon: ReactNode;
  title: string;
  children?: ReactNode;
  /** It is all that the page says, so its title is the page's. */
  isPage?: boolean;
}) {
  return (
    <section className="empty">
      <div className="empty-icon" aria-hidden>
        {props.icon}
      </div>
      {props.isPage ? <h1>{props.title}</h1> : <h2>{props.title}</h2>}
      {props.children}
    </section>
  );
}

export function ErrorState(props: { error: unknown; onRetry?: () => void }) {
  return (
    <section className="empty" role="alert">
      <div className="empty-icon danger" aria-hidden>
        <CircleAlert size={30} />
      </div>
      <h2>That did not work</h2>
      <p>{messageOf(props.error)}</p>
      <ErrorCode error={props.error} />
      {props.onRetry && (
        <button type="button" className="button" onClick={props.onRetry}>
          <RotateCw aria-hidden size={16} /> Try again
        </button>
      )}
    </section>
  );
}

/** An error beside a form or a button. */
export function ErrorNote({ error }: { error: unknown }) {
  if (!error) return null;
  return (
    <div className="note danger" role="alert">
      <CircleAlert aria-hidden size={18} />
      <div>
        <p>{messageOf(error)}</p>
        <ErrorCode error={error} />
      </div>
    </div>
  );
}

function ErrorCode({ error }: { error: unknown }) {
  if (!(error instanceof ApiError)) return null;
  return (
    <p className="code">
      {error.code}
      {error.requestId && <span> · request {error.requestId}</span>}
    </p>
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * What stands where the first page of a list is about to be: grey boxes, or why it did not come. `list` and `item` are
 * the classes of the list and of its items.
 */
export function FirstPage({
  query,
  ...boxes
}: {
  query: { isPending: boolean; data: unknown; error: unknown; refetch: () => unknown };
  list: string;
  item: string;
  count: number;
}) {
  if (query.data) return null;
  if (!query.isPending)
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <ul className={boxes.list} aria-hidden>
      {Array.from({ length: boxes.count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they never change
        <li key={index} className={`${boxes.item} skeleton`} />
      ))}
    </ul>
  );
}

/** The button for the next page of a list, while there is one. */
export function LoadMore({
  list,
  error,
}: {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
  /** Why the next page did not come. */
  error?: unknown;
}) {
  if (!list.hasNextPage) return null;
  return (
    <div className="more">
      <ErrorNote error={error} />
      <button
        type="button"
        className="button"
        disabled={list.isFetchingNextPage}
        onClick={() => void list.fetchNextPage()}
      >
        {list.isFetchingNextPage ? "Loading…" : "Load more"}
      </button>
    </div>
  );
}

export function Spinner({ label }: { label: string }) {
  return (
    <p className="spinner" role="status">
      <span className="spinner-ring" aria-hidden />
      <span>{label}</span>
    </p>
  );
}
