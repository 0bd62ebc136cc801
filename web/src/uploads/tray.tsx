/** The uploads under way, at the corner of every page. */
import { Check, ChevronDown, ChevronUp, CircleAlert, Pause, Play, RotateCw, X } from "lucide-react";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Link } from "wouter";
import { isFinal, reportUploaded, usePhoto } from "../api/photos";
import { whyFailed } from "../gallery/failures";
import { Picture } from "../gallery/picture";
import { placeholder } from "../gallery/placeholder";
import { say } from "../ui/toasts";
import { bytes, plural } from "../ui/words";
import { Preview } from "./compose";
import type { Engine, UploadItem } from "./engine";
import { ACCEPT } from "./files";

/** The service knows of a file a second or two after it was sent. */
const NOTICED_MS = 12_000;

export default function Tray({ engine }: { engine: Engine }) {
  const items = useSyncExternalStore(engine.subscribe, engine.items);
  const [isOpen, setOpen] = useState(true);
  const count = items.length;

  // Closing the tab would stop what is under way.
  const isSending = items.some((item) => item.state === "sending" || item.state === "waiting");
  useEffect(() => {
    if (!isSending) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isSending]);

  if (!count) return null;
  const sent = items.filter((item) => item.state === "sent").length;
  const failed = items.filter((item) => item.state === "failed").length;
  const paused = items.filter((item) => item.state === "paused").length;
  const isDone = sent === count;

  return (
    <section className={isOpen ? "tray open" : "tray"} aria-label="Uploads">
      <header className="tray-header">
        <div className="tray-title">
          <h2>{headline({ count, sent, failed, paused, isSending })}</h2>
          {!isDone && <TotalProgress items={items} />}
        </div>
        <button
          type="button"
          className="icon-button"
          aria-expanded={isOpen}
          aria-label={isOpen ? "Fold the uploads up" : "Show the uploads"}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? <ChevronDown aria-hidden size={19} /> : <ChevronUp aria-hidden size={19} />}
        </button>
        {isDone && (
          <button
            type="button"
            className="icon-button"
            aria-label="Close the uploads"
            onClick={() => engine.clearSent()}
          >
            <X aria-hidden size={19} />
          </button>
        )}
      </header>
      {isOpen && (
        <>
          <div className="tray-actions">
            {isSending && (
              <button type="button" className="button quiet small" onClick={engine.pauseAll}>
                <Pause aria-hidden size={15} /> Pause all
              </button>
            )}
            {paused > 0 && (
              <button type="button" className="button quiet small" onClick={engine.resumeAll}>
                <Play aria-hidden size={15} /> Resume all
              </button>
            )}
            {failed > 1 && (
              <button type="button" className="button quiet small" onClick={engine.retryAll}>
                <RotateCw aria-hidden size={15} /> Retry all
              </button>
            )}
            {!isDone && sent > 0 && (
              <button type="button" className="button quiet small" onClick={engine.clearSent}>
                Hide the finished
              </button>
            )}
          </div>
          <ul className="tray-list">
            {items.map((item) => (
              <Row key={item.id} item={item} engine={engine} />
            ))}
          </ul>
        </>
      )}
      <Announcements count={count} sent={sent} failed={failed} />
    </section>
  );
}

function headline(state: {
  count: number;
  sent: number;
  failed: number;
  paused: number;
  isSending: boolean;
}): string {
  const { count, sent, failed, paused } = state;
  if (sent === count) return `${plural(count, "file")} uploaded`;
  if (state.isSending) return `Uploading ${Math.min(sent + 1, count)} of ${count}`;
  if (failed) return `${plural(failed, "file")} failed`;
  if (paused) return `Paused, ${sent} of ${count} uploaded`;
  return `${sent} of ${count} uploaded`;
}

function TotalProgress({ items }: { items: UploadItem[] }) {
  const total = items.reduce((sum, item) => sum + item.size, 0) || 1;
  const sent = items.reduce(
    (sum, item) => sum + (item.state === "sent" ? item.size : item.sentBytes),
    0,
  );
  return (
    <>
      <progress aria-label="All uploads" max={100} value={Math.floor((100 * sent) / total)} />
      <p className="tray-bytes">
        {bytes(sent)} of {bytes(total)}
      </p>
    </>
  );
}

/** Read out now and then, not at every byte. */
function Announcements(props: { count: number; sent: number; failed: number }) {
  const { count, sent, failed } = props;
  const text = `${sent} of ${plural(count, "file")} uploaded${failed ? `, ${failed} failed` : ""}.`;
  const [announced, announce] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => announce(text), 900);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p className="visually-hidden" role="status">
      {announced}
    </p>
  );
}

function Row({ item, engine }: { item: UploadItem; engine: Engine }) {
  if (item.state === "sent" && item.photoId)
    return <SentRow item={item} photoId={item.photoId} engine={engine} />;
  const percent = item.size ? Math.floor((100 * item.sentBytes) / item.size) : 0;
  return (
    <li className="upload" data-state={item.state}>
      <Preview blob={item.blob} type={item.type} />
      <div className="upload-text">
        <p className="upload-name">{item.name}</p>
        {item.state === "failed" ? (
          <p className="upload-note danger" role="alert">
            {item.error?.message}{" "}
            {item.error?.code && <span className="code">{item.error.code}</span>}
          </p>
        ) : item.state === "needsFile" ? (
          <p className="upload-note">Interrupted. Choose the file again to go on.</p>
        ) : (
          <>
            <progress aria-label={`Upload of ${item.name}`} max={100} value={percent} />
            <p className="upload-note">
              {item.state === "waiting" && `Waiting · ${bytes(item.size)}`}
              {item.state === "paused" && `Paused at ${percent} %`}
              {item.state === "sending" && `${percent} % of ${bytes(item.size)}`}
            </p>
          </>
        )}
      </div>
      <RowActions item={item} engine={engine} />
    </li>
  );
}

function RowActions({ item, engine }: { item: UploadItem; engine: Engine }) {
  const { id, name, state } = item;
  const chooser = useRef<HTMLInputElement>(null);
  return (
    <div className="upload-actions">
      {(state === "sending" || state === "waiting") && (
        <button
          type="button"
          className="icon-button"
          aria-label={`Pause ${name}`}
          onClick={() => engine.pause(id)}
        >
          <Pause aria-hidden size={17} />
        </button>
      )}
      {state === "paused" && (
        <button
          type="button"
          className="icon-button"
          aria-label={`Resume ${name}`}
          onClick={() => engine.resume(id)}
        >
          <Play aria-hidden size={17} />
        </button>
      )}
      {state === "failed" && (
        <button
          type="button"
          className="icon-button"
          aria-label={`Retry ${name}`}
          onClick={() => engine.retry(id)}
        >
          <RotateCw aria-hidden size={17} />
        </button>
      )}
      {state === "needsFile" && (
        <>
          <button
            type="button"
            className="button small"
            onClick={() => chooser.current?.click()}
            aria-label={`Choose ${name} again`}
          >
            Choose
          </button>
          <input
            ref={chooser}
            type="file"
            hidden
            accept={ACCEPT}
            onChange={(event) => {
              const file = event.target.files?.[0];
              if (file && !engine.provide(id, file))
                say(`That is another file. Please choose ${name}, ${bytes(item.size)}.`);
            }}
          />
        </>
      )}
      <button
        type="button"
        className="icon-button"
        aria-label={`Cancel ${name}`}
        onClick={() => engine.cancel(id)}
      >
        <X aria-hidden size={17} />
      </button>
    </div>
  );
}

/** What is sent is followed until the service has said what it is. */
function SentRow(props: { item: UploadItem; photoId: string; engine: Engine }) {
  const { item, photoId } = props;
  const { data: photo, isError } = usePhoto(photoId);
  const isUnnoticed = photo?.status === "pending";
  useEffect(() => {
    if (!isUnnoticed) return;
    const timer = setTimeout(() => void reportUploaded(photoId).catch(() => undefined), NOTICED_MS);
    return () => clearTimeout(timer);
  }, [isUnnoticed, photoId]);
  const background = placeholder(photo?.thumbHash ?? null);
  const path = item.eventId ? `/events/${item.eventId}/photos/${photoId}` : `/photos/${photoId}`;
  const isReady = photo?.status === "completed";
  const hasFailed = photo?.status === "failed";
  return (
    <li className="upload" data-state={photo?.status ?? "sent"}>
      {isReady && photo.thumbnails.length > 0 ? (
        <div className="preview" style={{ backgroundImage: background && `url(${background})` }}>
          <Picture photo={photo} alt="" sizes="48px" />
        </div>
      ) : (
        <Preview blob={item.blob} type={item.type} />
      )}
      <div className="upload-text">
        <p className="upload-name">
          {hasFailed ? item.name : <Link href={path}>{item.name}</Link>}
        </p>
        {hasFailed ? (
          <p className="upload-note danger" role="alert">
            {whyFailed(photo)} <span className="code">{photo.failure?.code}</span>
          </p>
        ) : (
          <p className="upload-note">
            {isError
              ? "Uploaded"
              : item.isKnown && isReady
                ? "It was here already"
                : isReady
                  ? "Done"
                  : photo?.status === "processing"
                    ? "Making thumbnails…"
                    : "Checking…"}
          </p>
        )}
      </div>
      <div className="upload-actions">
        {hasFailed ? (
          <CircleAlert className="danger-mark" aria-hidden size={19} />
        ) : photo && isFinal(photo) ? (
          <Check className="good-mark" aria-hidden size={19} />
        ) : (
          <span className="spinner-ring" aria-hidden />
        )}
      </div>
    </li>
  );
}
