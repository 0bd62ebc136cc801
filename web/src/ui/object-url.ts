import { useEffect, useState } from "react";

const LOADED_BY_THEN_MS = 60_000;

/** A URL of what is on this device, for as long as it is shown. */
export function useObjectUrl(blob: Blob | undefined): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!blob) {
      setUrl(undefined);
      return;
    }
    const made = URL.createObjectURL(blob);
    setUrl(made);
    // Not at once: a picture that has just been taken from the page may be about to load, and
    // would fail.
    return () => void setTimeout(() => URL.revokeObjectURL(made), LOADED_BY_THEN_MS);
  }, [blob]);
  return url;
}
