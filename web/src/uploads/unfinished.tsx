/** What was begun elsewhere, or in another browser, and can go on here with the same file. */
import { RotateCw, Trash2 } from "lucide-react";
import { useRef, useSyncExternalStore } from "react";
import type { UnfinishedUpload } from "../api/client";
import { useDiscard, useUnfinished } from "../api/uploads";
import { say, sayError } from "../ui/toasts";
import { atTime, bytes, plural } from "../ui/words";
import { useUploads } from "./area";
import type { UploadItem } from "./engine";
import { ACCEPT } from "./files";

const NONE: UploadItem[] = [];
const NOTHING_CHANGES = () => () => undefined;

export default function Unfinished() {
  const { data = [] } = useUnfinished();
  const { engine } = useUploads();
  const here = useSyncExternalStore(
    engine?.subscribe ?? NOTHING_CHANGES,
    engine?.items ?? (() => NONE),
  );
  const elsewhere = data.filter((upload) => !here.some((item) => item.photoId === upload.photoId));
  if (!elsewhere.length) return null;
  return (
    <details className="unfinished">
      <summary>{plural(elsewhere.length, "upload")} not finished</summary>
      <ul>
        {elsewhere.map((upload) => (
          <Row key={upload.photoId} upload={upload} />
        ))}
      </ul>
    </details>
  );
}

function Row({ upload }: { upload: UnfinishedUpload }) {
  const { adopt } = useUploads();
  const discard = useDiscard();
  const chooser = useRef<HTMLInputElement>(null);
  const name = upload.title ?? upload.fileName;

  async function goOn(file: File | undefined) {
    if (!file) return;
    try {
      if (!(await adopt(upload, file)))
        say(
          `That is another file. Please choose ${upload.fileName}${
            upload.sizeBytes ? `, ${bytes(upload.sizeBytes)}` : ""
          }.`,
        );
    } catch (error) {
      sayError(error);
    }
  }

  return (
    <li>
      <div className="unfinished-text">
        <strong>{name}</strong>
        <p className="muted small">
          {upload.sizeBytes
            ? `${bytes(upload.uploadedBytes)} of ${bytes(upload.sizeBytes)} arrived · `
            : ""}
          begun {atTime(upload.createdAt)}
        </p>
      </div>
      <button type="button" className="button small" onClick={() => chooser.current?.click()}>
        <RotateCw aria-hidden size={15} /> Choose the file and go on
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={`Discard the upload of ${name}`}
        disabled={discard.isPending}
        onClick={() => discard.mutate(upload, { onError: sayError })}
      >
        <Trash2 aria-hidden size={17} />
      </button>
      <input
        ref={chooser}
        type="file"
        hidden
        accept={ACCEPT}
        aria-label={`File of ${name}`}
        onChange={(event) => void goOn(event.target.files?.[0])}
      />
    </li>
  );
}
