import { useEffect } from "react";

/** Name the page, in its tab and for screen readers. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · Photodrop` : "Photodrop";
  }, [title]);
}
