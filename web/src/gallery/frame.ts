import { useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { inRows, type Layout } from "./rows";

const PHONE = 720;

/** How wide a list of photos is, and how far below the top of the page it begins. */
export function useFrame() {
  const ref = useRef<HTMLUListElement>(null);
  const [frame, setFrame] = useState({ width: 0, top: 0 });
  // Before the first paint, so that nothing is seen to move.
  useLayoutEffect(() => {
    const list = ref.current;
    if (!list) return;
    function measure(list: HTMLElement) {
      const width = list.clientWidth;
      const top = Math.round(list.getBoundingClientRect().top + scrollY);
      setFrame((before) =>
        before.width === width && before.top === top ? before : { width, top },
      );
    }
    measure(list);
    const watcher = new ResizeObserver(() => measure(list));
    watcher.observe(list);
    watcher.observe(document.body); // Something above the list may grow or go.
    return () => watcher.disconnect();
  }, []);
  return { ref, ...frame };
}

/** The rows of pictures with these ratios, computed anew only for other pictures or another width. */
export function useLayout(ratios: number[], width: number, areMoreToCome = false): Layout {
  return useMemo(() => {
    const isPhone = width < PHONE;
    const size = { width, height: isPhone ? 150 : 236, gap: gapOf(width) };
    return inRows(width ? ratios : [], size, areMoreToCome);
  }, [ratios, width, areMoreToCome]);
}

export const gapOf = (width: number): number => (width < PHONE ? 5 : 8);

/** The gallery is drawn anew each time that the page has been scrolled as far as this. */
const STEP = 200;
/** What is drawn above and below what is seen, in pixels; at least as much as is seen. */
const LEAST_MARGIN = 800;

function onScroll(act: () => void) {
  addEventListener("scroll", act, { passive: true });
  addEventListener("resize", act);
  return () => {
    removeEventListener("scroll", act);
    removeEventListener("resize", act);
  };
}

/**
 * The part of a list to draw, in pixels below its own top, which is `top` below that of the page.
 * It is drawn in the same frame in which the browser scrolls.
 */
export function useView(top: number): { from: number; to: number } {
  const scrolled = useSyncExternalStore(onScroll, () => Math.floor(scrollY / STEP) * STEP);
  const height = useSyncExternalStore(onScroll, () => innerHeight);
  const margin = Math.max(height, LEAST_MARGIN);
  return { from: scrolled - top - margin, to: scrolled - top + STEP + height + margin };
}
