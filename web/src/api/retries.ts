/** When what the service did not answer well is tried again. */
import { SignedOutError } from "../auth/auth";
import { ApiError } from "./errors";

const TRIES = 3;
/** Whoever is told to come again later than this is shown that, not kept waiting. */
const LONGEST_WAIT_SECONDS = 15;

const askedToWait = (error: Error): number | undefined =>
  error instanceof ApiError ? error.retryAfterSeconds : undefined;

function isWorthAnotherTry(error: Error): boolean {
  if (error instanceof SignedOutError) return false;
  if (!(error instanceof ApiError) || error.status >= 500) return true;
  return error.status === 429 && (askedToWait(error) ?? 0) <= LONGEST_WAIT_SECONDS;
}

/** Options of queries, and of mutations that only read. */
export const RETRIES = {
  retry: (failures: number, error: Error): boolean =>
    failures < TRIES - 1 && isWorthAnotherTry(error),
  /** In milliseconds. */
  retryDelay: (failures: number, error: Error): number =>
    1000 * (askedToWait(error) ?? 2 ** failures),
};
