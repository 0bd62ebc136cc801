/** What every page may do with uploads; `area.tsx` provides it. */
import { createContext, useContext, useEffect, useSyncExternalStore } from "react";
import type { UnfinishedUpload } from "../api/client";
import type { Upload } from "./queue/machine";

/** Where files go: an event, or one's own library. */
export interface Target {
  eventId?: string;
  name: string;
}

export const LIBRARY: Target = { name: "your photos" };

interface UploadsHandle {
  /** Open the file chooser. */
  choose: () => void;
  /** Go on with an upload that was begun elsewhere, with its file. */
  adopt: (upload: UnfinishedUpload, file: File) => void;
  /** Make an event the place that files go to, while its page is shown. */
  setTarget: (target: Target) => void;
  subscribe: (listener: () => void) => () => void;
  items: () => readonly Upload[];
}

export const UploadsContext = createContext<UploadsHandle | null>(null);

export function useUploads(): UploadsHandle {
  const uploads = useContext(UploadsContext);
  if (!uploads) throw new Error("useUploads is for components below UploadArea.");
  return uploads;
}

export function useUploadItems(): readonly Upload[] {
  const { subscribe, items } = useUploads();
  return useSyncExternalStore(subscribe, items);
}

/** Files that are chosen or dropped while this component is shown go to the event. */
export function useUploadTarget(eventId: string, name: string | undefined): void {
  const { setTarget } = useUploads();
  useEffect(() => {
    if (name) setTarget({ eventId, name });
    return () => setTarget(LIBRARY);
  }, [eventId, name, setTarget]);
}
