/**
 * Signed links, kept as long as they last. Every answer signs anew, so the same picture would be
 * loaded again with each refresh of a list; the link met first serves until it is about to expire.
 */
interface Link {
  url: string;
  expiresAt: string;
}

const MARGIN_MS = 60_000;
/** Of three sizes of each photo: 10,000 photos. */
const MOST = 30_000;
const kept = new Map<string, Link>();

const addressOf = (url: string): string => url.split("?", 1)[0] ?? url;

/** The link to go on with, which may end before the one that is given. */
export function lastingLink(link: Link, now = Date.now()): Link {
  const address = addressOf(link.url);
  const before = kept.get(address);
  if (before && Date.parse(before.expiresAt) - MARGIN_MS > now) return before;
  kept.delete(address); // the newest stand last
  kept.set(address, { url: link.url, expiresAt: link.expiresAt });
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST) break;
    kept.delete(oldest);
  }
  return link;
}

/** When the link to go on with has to be replaced, in milliseconds since 1970. */
export const lastsUntil = (link: Link, now = Date.now()): number =>
  Date.parse(lastingLink(link, now).expiresAt) - MARGIN_MS;

export const lastingUrl = (link: Link, now = Date.now()): string => lastingLink(link, now).url;

/** Forget a link that turned out not to work. */
export function dropUrl(url: string): void {
  kept.delete(addressOf(url));
}
