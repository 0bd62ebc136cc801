/** The uploads under way, at the corner of every page: what failed first, then what is going on. */
import { Check, ChevronDown, ChevronUp, Pause, Play, RotateCw, X } from "lucide-react";
import { memo, type ReactNode, useEffect, useState } from "react";
import { Link } from "wouter";
import { isDownloading } from "../ui/download";
import { IconButton } from "../ui/icon-button";
import { bytes, plural } from "../ui/words";
import { ChooseAgain } from "./choose-again";
import { Preview } from "./preview";
import { isUnsent, type State, type Upload } from "./queue/machine";
import { inParts } from "./queue/parts";
import type { Uploads } from "./queue/tabs";

const CAN_PAUSE: State[] = [
  "chosen",
  "hashing",
  "requesting",
  "granted",
  "sending",
  "checking",
  "offline",
];
const HAS_ARRIVED: State[] = ["landed", "processing", "completed"];

/** Failures first, then what needs the person, then what goes on, and what is done last. */
const ORDER: State[][] = [["refused"], ["needsFile"]];
const rank = ({ state }: Upload): number => {
  const found = ORDER.findIndex((states) => states.includes(state));
  if (found >= 0) return found;
  return state === "completed" ? ORDER.length + 1 : ORDER.length;
};

const count = (items: readonly Upload[], ...states: State[]): number =>
  items.filter(({ state }) => states.includes(state)).length;

export function Tray({ items, uploads }: { items: readonly Upload[]; uploads: Uploads }) {
  const [isOpen, setOpen] = useState(true);

  // Closing the last tab stops what is under way, until it is opened again.
  const isSending = uploads.isOwner() && items.some(isUnsent);
  useEffect(() => {
    if (!isSending) return;
    const warn = (event: BeforeUnloadEvent) => {
      if (!isDownloading()) event.preventDefault();
    };
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isSending]);

  if (!items.length) return null;
  const each = (states: State[], command: "pause" | "resume" | "retry" | "clear") => () => {
    for (const { id, state } of items) if (states.includes(state)) uploads.command(id, command);
  };
  const refused = count(items, "refused");
  const isOver = count(items, "completed", "refused") === items.length;
  const sorted = [...items].sort((a, b) => rank(a) - rank(b));
  return (
    <section className={isOpen ? "tray open" : "tray"} aria-label="Uploads">
      <header className="tray-header">
        <div className="tray-title">
          <h2>{headline(items)}</h2>
          {!isOver && <TotalProgress items={items} />}
        </div>
        <IconButton
          aria-expanded={isOpen}
          label={isOpen ? "Minimize uploads" : "Show uploads"}
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? <ChevronDown aria-hidden size={19} /> : <ChevronUp aria-hidden size={19} />}
        </IconButton>
        {isOver && (
          <IconButton label="Close uploads" onClick={each(["completed", "refused"], "clear")}>
            <X aria-hidden size={19} />
          </IconButton>
        )}
      </header>
      {isOpen && (
        <>
          <div className="tray-actions">
            {count(items, ...CAN_PAUSE) > 0 && (
              <ForAll onClick={each(CAN_PAUSE, "pause")}>
                <Pause aria-hidden size={15} /> Pause all
              </ForAll>
            )}
            {count(items, "paused") > 0 && (
              <ForAll onClick={each(["paused"], "resume")}>
                <Play aria-hidden size={15} /> Resume all
              </ForAll>
            )}
            {refused > 1 && (
              <ForAll onClick={each(["refused"], "retry")}>
                <RotateCw aria-hidden size={15} /> Retry all
              </ForAll>
            )}
            {!isOver && count(items, "completed") > 0 && (
              <ForAll onClick={each(["completed"], "clear")}>Clear completed</ForAll>
            )}
          </div>
          <ul className="tray-list">
            {sorted.map((item) => (
              <Row key={item.id} item={item} uploads={uploads} />
            ))}
          </ul>
        </>
      )}
      <Announcements text={headline(items)} />
    </section>
  );
}

function headline(items: readonly Upload[]): string {
  const all = items.length;
  const arrived = count(items, ...HAS_ARRIVED);
  const refused = count(items, "refused");
  const paused = count(items, "paused");
  const offline = count(items, "offline");
  const needed = count(items, "needsFile");
  const failed = refused ? `${plural(refused, "file")} failed` : "";
  if (arrived + refused === all) {
    const done = arrived ? `${plural(arrived, "file")} uploaded` : "";
    return [failed, done].filter(Boolean).join(", ");
  }
  let now = `Uploading ${Math.min(arrived + refused + 1, all)} of ${all}`;
  if (offline) now = `Waiting for a connection, ${arrived} of ${all} uploaded`;
  else if (paused + needed + arrived + refused === all)
    now = paused
      ? `Paused, ${arrived} of ${all} uploaded`
      : `Interrupted, ${arrived} of ${all} uploaded`;
  return [failed, now].filter(Boolean).join(", ");
}

function TotalProgress({ items }: { items: readonly Upload[] }) {
  const total = items.reduce((sum, item) => sum + item.sizeBytes, 0) || 1;
  const sent = items.reduce((sum, item) => sum + item.sentBytes, 0);
  return (
    <>
      <progress aria-label="All uploads" max={100} value={Math.floor((100 * sent) / total)} />
      <p className="tray-bytes">
        {bytes(sent)} of {bytes(total)}
      </p>
    </>
  );
}

/** Read out now and then, not at every file. */
function Announcements({ text }: { text: string }) {
  const [announced, announce] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => announce(`${text}.`), 900);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p className="visually-hidden" role="status">
      {announced}
    </p>
  );
}

/** Drawn again only when its own upload has changed. */
const Row = memo(function Row({ item, uploads }: { item: Upload; uploads: Uploads }) {
  const name = item.title || item.name;
  const { photoId } = item.grant ?? {};
  const path = item.eventId ? `/events/${item.eventId}/photos/${photoId}` : `/photos/${photoId}`;
  const hasPage = photoId && HAS_ARRIVED.includes(item.state);
  return (
    <li className="upload" data-state={item.state}>
      <Preview blob={uploads.file(item.id)} type={item.type} />
      <div className="upload-text">
        <p className="upload-name">{hasPage ? <Link href={path}>{name}</Link> : name}</p>
        <Note item={item} name={name} />
      </div>
      <Actions item={item} name={name} uploads={uploads} />
    </li>
  );
});

function Note({ item, name }: { item: Upload; name: string }) {
  if (item.state === "refused")
    return (
      <p className="upload-note danger" role="alert">
        {item.problem?.message} <span className="code">{item.problem?.code}</span>
      </p>
    );
  const percent = item.sizeBytes ? Math.floor((100 * item.sentBytes) / item.sizeBytes) : 0;
  const isOnItsWay = ["granted", "sending", "paused", "offline"].includes(item.state);
  return (
    <>
      {isOnItsWay && <progress aria-label={`Upload of ${name}`} max={100} value={percent} />}
      <p className="upload-note">{wordsFor(item, percent)}</p>
    </>
  );
}

function wordsFor(item: Upload, percent: number): string {
  switch (item.state) {
    case "chosen":
      return `Waiting · ${bytes(item.sizeBytes)}`;
    case "hashing":
    case "requesting":
    case "checking":
      return "Preparing…";
    case "granted":
    case "sending":
      return `${percent}% of ${bytes(item.sizeBytes)}`;
    case "paused":
      // A file that goes in one request has no part that could be kept.
      return inParts(item.sizeBytes) ? `Paused at ${percent}%` : "Paused, will start over";
    case "offline":
      return "Waiting for a connection…";
    case "needsFile":
      return "Interrupted. Choose the file to continue.";
    case "landed":
      return "Checking…";
    case "processing":
      return "Processing…";
    case "completed":
      return item.isKnown ? "Already uploaded" : "Done";
    case "cancelling":
      return "Cancelling…";
    default:
      return "";
  }
}

/** A button for all uploads of a kind. */
function ForAll(props: { onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" className="button quiet small" onClick={props.onClick}>
      {props.children}
    </button>
  );
}

function Actions({ item, name, uploads }: { item: Upload; name: string; uploads: Uploads }) {
  const { id, state } = item;
  const command = (one: "pause" | "resume" | "retry" | "cancel") => () => uploads.command(id, one);
  if (state === "completed")
    return (
      <div className="upload-actions">
        <Check className="good-mark" aria-hidden size={19} />
      </div>
    );
  if (state === "landed" || state === "processing" || state === "cancelling")
    return (
      <div className="upload-actions">
        <span className="spinner-ring" aria-hidden />
      </div>
    );
  return (
    <div className="upload-actions">
      {CAN_PAUSE.includes(state) && (
        <IconButton label={`Pause ${name}`} onClick={command("pause")}>
          <Pause aria-hidden size={17} />
        </IconButton>
      )}
      {state === "paused" && (
        <IconButton label={`Resume ${name}`} onClick={command("resume")}>
          <Play aria-hidden size={17} />
        </IconButton>
      )}
      {state === "refused" && (
        <IconButton label={`Retry ${name}`} onClick={command("retry")}>
          <RotateCw aria-hidden size={17} />
        </IconButton>
      )}
      {state === "needsFile" && (
        <ChooseAgain
          name={name}
          fileName={item.name}
          sizeBytes={item.sizeBytes}
          onFile={(file) => uploads.provide(id, file)}
        />
      )}
      <IconButton
        label={state === "refused" ? `Dismiss ${name}` : `Cancel ${name}`}
        onClick={command("cancel")}
      >
        <X aria-hidden size={17} />
      </IconButton>
    </div>
  );
}
