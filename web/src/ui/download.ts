/**
 * Saving a file by its link. The answer is an attachment, so the page stays; but the browser learns that only after it
 * has asked whether to leave the page, which it must not do then.
 */
const STARTED_MS = 5_000;
let startedAt = Number.NEGATIVE_INFINITY;

export function download(url: string): void {
  startedAt = Date.now();
  window.location.assign(url);
}

/** Whether the page seems to be left because a file is saved. */
export const isDownloading = (): boolean => Date.now() - startedAt < STARTED_MS;
