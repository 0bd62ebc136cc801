/** What was begun elsewhere, or in another browser, and can go on here with the same file. */
import { Trash2 } from "lucide-react";
import type { UnfinishedUpload } from "../api/client";
import { useDiscard, useUnfinished } from "../api/uploads";
import { IconButton } from "../ui/icon-button";
import { say, sayError } from "../ui/toasts";
import { atTime, bytes, plural } from "../ui/words";
import { ChooseAgain } from "./choose-again";
import { useUploadItems, useUploads } from "./context";

export function Unfinished() {
  const { data = [] } = useUnfinished();
  const here = useUploadItems();
  const elsewhere = data.filter(
    (upload) => !here.some(({ grant }) => grant?.photoId === upload.photoId),
  );
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
  const name = upload.title ?? upload.fileName;

  return (
    <li>
      <div className="unfinished-text">
        <strong>{name}</strong>
        <p className="muted small">
          {upload.sizeBytes
            ? `${bytes(upload.uploadedBytes)} of ${bytes(upload.sizeBytes)} arrived · `
            : ""}
          begun {atTime(upload.createdAt)}. Choose the file to continue.
        </p>
      </div>
      <ChooseAgain
        name={name}
        fileName={upload.fileName}
        sizeBytes={upload.sizeBytes}
        onFile={(file) => adopt(upload, file)}
      />
      <IconButton
        label={`Discard the upload of ${name}`}
        disabled={discard.isPending}
        onClick={() =>
          discard.mutate(upload, {
            onSuccess: (outcome) => {
              if (outcome === "notPending") say(`${name} has arrived meanwhile, and was kept.`);
            },
            onError: sayError,
          })
        }
      >
        <Trash2 aria-hidden size={17} />
      </IconButton>
    </li>
  );
}
