/** Tokens for requests, and requests that wait until the password was given again. */
import { idToken, SignedOutError } from "./auth";

let waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
let askAgain: (() => void) | undefined;

/** A valid ID token. When the session has ended, it waits until the user has signed in again. */
export async function freshToken(renew = false): Promise<string> {
  try {
    return await idToken(renew);
  } catch (error) {
    if (!isEnd(error) || !askAgain) throw error;
    await new Promise<void>((resolve, reject) => {
      waiting.push({ resolve, reject });
      askAgain?.();
    });
    return idToken();
  }
}

/** How the user is asked for the password; undefined while nobody is signed in. */
export function askBy(ask: (() => void) | undefined): void {
  askAgain = ask;
}

/** The user has signed in again: all requests that wait go on. */
export const goOn = (): void => settle(({ resolve }) => resolve());

/** Somebody else is the user now, or nobody: what waits is over. */
export const endWaiting = (): void => settle(({ reject }) => reject(new SignedOutError()));

function settle(act: (one: (typeof waiting)[number]) => void): void {
  const all = waiting;
  waiting = [];
  all.forEach(act);
}

function isEnd(error: unknown): boolean {
  return (
    error instanceof SignedOutError ||
    (error instanceof Error &&
      ["NotAuthorizedException", "UserUnAuthenticatedException"].includes(error.name))
  );
}
