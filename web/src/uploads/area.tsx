/** Uploading from anywhere: drop files on any page, or choose them; then see them go. */
import { useQueryClient } from "@tanstack/react-query";
import { UploadCloud } from "lucide-react";
import {
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import type { UnfinishedUpload } from "../api/client";
import { dropPhotos, putPhotos } from "../api/lists";
import { useUser } from "../auth/session";
import { Compose, type Draft } from "./compose";
import { LIBRARY, type Target, UploadsContext } from "./context";
import { ACCEPT } from "./files";
import type { Upload } from "./queue/machine";
import { Uploads } from "./queue/tabs";
import { Tray } from "./tray";

const NONE: readonly Upload[] = [];
const NEVER_CHANGES = () => () => undefined;

/** The uploads of whoever is signed in, for as long as they are. */
function useUploadsOf(userId: string): Uploads | undefined {
  const queries = useQueryClient();
  const [uploads, setUploads] = useState<Uploads>();
  useEffect(() => {
    const opened = new Uploads(userId, ({ photos, gone }) => {
      putPhotos(queries, photos, true);
      if (gone.length) dropPhotos(queries, gone);
    });
    setUploads(opened);
    return () => opened.close();
  }, [userId, queries]);
  return uploads;
}

export function UploadArea({ children }: { children: ReactNode }) {
  const user = useUser();
  const queries = useQueryClient();
  const uploads = useUploadsOf(user.id);
  const chooser = useRef<HTMLInputElement>(null);
  const [target, setTarget] = useState(LIBRARY);
  /** What is being looked over, and the place it is for: a page left meanwhile does not change it. */
  const [chosen, setChosen] = useState<{ files: File[]; target: Target }>();

  const subscribe = uploads?.subscribe ?? NEVER_CHANGES;
  const itemsNow = useCallback(() => uploads?.items() ?? NONE, [uploads]);
  const items = useSyncExternalStore(subscribe, itemsNow);

  const add = useCallback(
    (files: File[]) => {
      if (files.length)
        setChosen((before) => ({
          files: [...(before?.files ?? []), ...files],
          target: before?.target ?? target,
        }));
    },
    [target],
  );
  const isDragged = useDrop(add);

  // What another device began, or an earlier visit, is over when it is completed here.
  const completed = items.filter(({ state }) => state === "completed").length;
  useEffect(() => {
    if (completed) void queries.invalidateQueries({ queryKey: ["uploads"] });
  }, [completed, queries]);

  const handle = useMemo(
    () => ({
      choose: () => chooser.current?.click(),
      adopt: (unfinished: UnfinishedUpload, file: File) =>
        uploads?.add(continued(unfinished, file), file),
      setTarget,
      subscribe,
      items: itemsNow,
    }),
    [uploads, subscribe, itemsNow],
  );

  function send(drafts: Draft[]) {
    for (const draft of drafts) uploads?.add(newUpload(draft), draft.file);
    setChosen(undefined);
  }

  return (
    <UploadsContext value={handle}>
      {children}
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        accept={ACCEPT}
        aria-label="Photos and videos to upload"
        onChange={(event) => {
          add([...(event.target.files ?? [])]);
          event.target.value = ""; // so that the same file can be chosen again
        }}
      />
      {chosen && (
        <Compose
          files={chosen.files}
          target={chosen.target}
          onMore={handle.choose}
          onRemove={(file) =>
            setChosen({ ...chosen, files: chosen.files.filter((one) => one !== file) })
          }
          onClose={() => setChosen(undefined)}
          onSend={send}
        />
      )}
      {uploads && <Tray items={items} uploads={uploads} />}
      {isDragged && (
        <div className="drop-hint" aria-hidden>
          <div>
            <UploadCloud size={44} />
            <p>
              Drop to add to <strong>{target.name}</strong>
            </p>
          </div>
        </div>
      )}
    </UploadsContext>
  );
}

function uploadOf(
  file: File,
): Pick<
  Upload,
  "id" | "attempt" | "lastModified" | "addedAt" | "state" | "sentBytes" | "isKnown" | "hasFile"
> {
  return {
    id: crypto.randomUUID(),
    attempt: crypto.randomUUID(),
    lastModified: file.lastModified,
    addedAt: Date.now(),
    state: "chosen",
    sentBytes: 0,
    isKnown: false,
    hasFile: true,
  };
}

function newUpload({ file, ...words }: Draft): Upload {
  // The service takes names up to 255 characters; the end says what it is.
  return {
    ...uploadOf(file),
    ...words,
    name: file.name.slice(-255),
    sizeBytes: file.size,
    isAsked: false,
  };
}

/** An upload that was begun on another device, or in another browser. */
function continued(unfinished: UnfinishedUpload, file: File): Upload {
  const { photoId, key, uploadId, partSizeBytes } = unfinished;
  return {
    ...uploadOf(file),
    name: unfinished.fileName,
    type: unfinished.contentType,
    sizeBytes: file.size,
    title: unfinished.title ?? "",
    description: unfinished.description ?? "",
    tags: unfinished.tags,
    eventId: unfinished.eventId ?? undefined,
    isAsked: true,
    isContinued: true,
    grant: {
      photoId,
      key,
      uploadId: uploadId ?? undefined,
      partSizeBytes: partSizeBytes ?? undefined,
    },
  };
}

/** Files dropped anywhere in the window. Says whether some are held above it. */
function useDrop(onFiles: (files: File[]) => void): boolean {
  const [isDragged, setDragged] = useState(false);
  useEffect(() => {
    let depth = 0; // dragenter and dragleave come for every element on the way
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth += 1;
      setDragged(true);
    };
    const leave = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth = Math.max(depth - 1, 0);
      if (depth === 0) setDragged(false);
    };
    const over = (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setDragged(false);
      if (
        document.querySelector("dialog[open] [data-drop]") ||
        !document.querySelector("dialog[open]")
      )
        onFiles([...(event.dataTransfer?.files ?? [])]);
    };
    window.addEventListener("dragenter", enter);
    window.addEventListener("dragleave", leave);
    window.addEventListener("dragover", over);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragenter", enter);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("dragover", over);
      window.removeEventListener("drop", drop);
    };
  }, [onFiles]);
  return isDragged;
}
