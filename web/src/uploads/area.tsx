/** Uploading from anywhere: drop files on any page, or choose them; then see them go. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { UploadCloud } from "lucide-react";
import {
  createContext,
  lazy,
  type ReactNode,
  Suspense,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { UnfinishedUpload } from "../api/client";
import { useUser } from "../auth/session";
import { sayError } from "../ui/toasts";
import type { Draft, Engine } from "./engine";
import { ACCEPT } from "./files";
import { hasUnsent } from "./unsent";

const Compose = lazy(() => import("./compose"));
const Tray = lazy(() => import("./tray"));

/** Where files go: an event, or one's own library. */
export interface Target {
  eventId?: string;
  name: string;
}

const LIBRARY: Target = { name: "your photos" };

interface Uploads {
  /** Open the file chooser. */
  choose: () => void;
  /** Go on with an upload that was begun elsewhere; says whether this is its file. */
  adopt: (upload: UnfinishedUpload, file: File) => Promise<boolean>;
  /** What sends files, once one was sent. */
  engine: Engine | undefined;
  /** Make an event the place that files go to, while its page is shown. */
  setTarget: (target: Target) => void;
}

const UploadsContext = createContext<Uploads | null>(null);

export function useUploads(): Uploads {
  const uploads = useContext(UploadsContext);
  if (!uploads) throw new Error("useUploads is for components below UploadArea.");
  return uploads;
}

/** Files that are chosen or dropped while this component is shown go to the event. */
export function useUploadTarget(eventId: string, name: string | undefined): void {
  const { setTarget } = useUploads();
  useEffect(() => {
    if (name) setTarget({ eventId, name });
    return () => setTarget(LIBRARY);
  }, [eventId, name, setTarget]);
}

/** One per user for as long as the page lives: an upload must not depend on what is shown. */
const engines = new Map<string, Promise<Engine>>();

function engineOf(userId: string, queries: QueryClient): Promise<Engine> {
  let engine = engines.get(userId);
  if (!engine) {
    engine = import("./engine").then(({ createEngine }) =>
      createEngine(userId, () => void queries.invalidateQueries({ queryKey: ["photos"] })),
    );
    engines.set(userId, engine);
    engine.catch(() => engines.delete(userId)); // not loaded: the next try loads it anew
  }
  return engine;
}

export function UploadArea({ children }: { children: ReactNode }) {
  const user = useUser();
  const queries = useQueryClient();
  const chooser = useRef<HTMLInputElement>(null);
  const [target, setTarget] = useState(LIBRARY);
  const [chosen, setChosen] = useState<File[]>([]);
  const [engine, setEngine] = useState<Engine>();

  const load = useCallback(async () => {
    const loaded = await engineOf(user.id, queries);
    setEngine(loaded);
    return loaded;
  }, [user.id, queries]);

  useEffect(() => {
    if (hasUnsent(user.id)) void load();
    // Signed out: what is under way waits for the next time.
    return () => void engines.get(user.id)?.then((one) => one.pauseAll());
  }, [user.id, load]);

  const add = useCallback((files: File[]) => {
    if (files.length) setChosen((before) => [...before, ...files]);
  }, []);
  const isDragged = useDrop(add);
  const uploads = useMemo(
    () => ({
      choose: () => chooser.current?.click(),
      adopt: async (upload: UnfinishedUpload, file: File) => (await load()).adopt(upload, file),
      engine,
      setTarget,
    }),
    [engine, load],
  );

  async function send(drafts: Draft[]) {
    setChosen([]);
    try {
      (await load()).send(drafts);
    } catch (error) {
      sayError(error);
    }
  }

  return (
    <UploadsContext value={uploads}>
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
      <Suspense fallback={null}>
        {chosen.length > 0 && (
          <Compose
            files={chosen}
            target={target}
            onMore={uploads.choose}
            onClose={() => setChosen([])}
            onSend={(drafts) => void send(drafts)}
          />
        )}
        {engine && <Tray engine={engine} />}
      </Suspense>
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
