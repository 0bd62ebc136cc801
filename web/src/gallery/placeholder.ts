/** The blurred picture that a thumbHash stands for, as a data: URL. */
import { thumbHashToDataURL } from "thumbhash";

const made = new Map<string, string>();

export function placeholder(thumbHash: string | null): string | undefined {
  if (!thumbHash) return undefined;
  let url = made.get(thumbHash);
  if (!url) {
    const bytes = Uint8Array.from(atob(thumbHash), (letter) => letter.charCodeAt(0));
    url = thumbHashToDataURL(bytes);
    made.set(thumbHash, url);
  }
  return url;
}
