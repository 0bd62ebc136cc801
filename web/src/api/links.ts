/**
 * Signed links, kept as long as they last. Every answer signs anew, so the same picture would be
 * loaded again with each refresh of a list; the link met first serves until it is about to expire.
 */
interface Link {
  url: string;
  expiresAt: string;
}

const MARGIN_MS = 60_000;
const MOST = 5_000;
const kept = new Map<string, Link>();

export function lastingUrl(link: Link, now = Date.now()): string {
  const address = link.url.split("?", 1)[0] ?? link.url;
  const before = kept.get(address);
  if (before && Date.parse(before.expiresAt) - MARGIN_MS > now) return before.url;
  if (kept.size >= MOST) kept.clear();
  kept.set(address, { url: link.url, expiresAt: link.expiresAt });
  return link.url;
}

/** Forget a link that turned out not to work. */
export function dropUrl(url: string): void {
  kept.delete(url.split("?", 1)[0] ?? url);
}
