/** Signing in and out, and fresh tokens: the only module that knows Cognito. */
import {
  signIn as cognitoSignIn,
  signOut as cognitoSignOut,
  signUp as cognitoSignUp,
  confirmResetPassword,
  confirmSignIn,
  confirmSignUp,
  fetchAuthSession,
  resendSignUpCode,
  resetPassword,
  type SignInOutput,
} from "@aws-amplify/auth";
import { cognitoUserPoolsTokenProvider } from "@aws-amplify/auth/cognito";
import { Amplify } from "@aws-amplify/core";
import type { Config } from "../config";

export interface User {
  id: string;
  email: string;
  isOrganizer: boolean;
  isStaff: boolean;
}

/** The session is over: only the password helps. */
export class SignedOutError extends Error {
  constructor() {
    super("Your session has ended. Please sign in again.");
    this.name = "SignedOutError";
  }
}

export function configureAuth({ userPoolId, userPoolClientId, cognitoEndpoint }: Config): void {
  const Auth = {
    Cognito: {
      userPoolId,
      userPoolClientId,
      ...(cognitoEndpoint ? { userPoolEndpoint: cognitoEndpoint } : {}),
    },
  };
  // What the package "aws-amplify" does besides; it would bring analytics, storage and more along.
  cognitoUserPoolsTokenProvider.setAuthConfig(Auth);
  Amplify.configure({ Auth }, { Auth: { tokenProvider: cognitoUserPoolsTokenProvider } });
}

/** Whoever is signed in; null when nobody is. */
export async function currentUser(): Promise<User | null> {
  const { tokens } = await fetchAuthSession();
  const claims = tokens?.idToken?.payload;
  if (!claims?.sub) return null;
  const groups = (claims["cognito:groups"] ?? []) as string[];
  return {
    id: claims.sub,
    email: String(claims.email ?? ""),
    isOrganizer: groups.includes("organizers"),
    isStaff: groups.includes("staff"),
  };
}

/**
 * An ID token that has not expired. Refreshed when it is due, or when `renew` says that the service
 * refused it; concurrent calls share one refresh. Throws SignedOutError.
 */
export async function idToken(renew = false): Promise<string> {
  const { tokens } = await fetchAuthSession({ forceRefresh: renew });
  if (!tokens?.idToken) throw new SignedOutError();
  return tokens.idToken.toString();
}

/** Whether the sign-in service could not be reached. */
export const isUnreachable = (error: unknown): boolean => nameOf(error) === "NetworkError";

/** What comes after an e-mail address and a password, or after a new account. */
export type Next =
  | { step: "done" }
  /** The e-mail address has to be confirmed by a code. */
  | { step: "confirm" }
  /** An administrator has reset the password: a code allows a new one. */
  | { step: "reset" }
  /** The password is one that an administrator made: it is replaced, and what is missing added. */
  | { step: "replace"; missing: string[] };

export async function signIn(username: string, password: string): Promise<Next> {
  try {
    return nextOf((await cognitoSignIn({ username, password })).nextStep);
  } catch (error) {
    if (nameOf(error) !== "UserAlreadyAuthenticatedException") throw error;
    await cognitoSignOut(); // what is left of a session that has ended
    return nextOf((await cognitoSignIn({ username, password })).nextStep);
  }
}

/** Replace the temporary password that was just signed in with, and give what Cognito misses. */
export async function replacePassword(
  password: string,
  attributes: Record<string, string>,
): Promise<Next> {
  const options = { userAttributes: attributes };
  return nextOf((await confirmSignIn({ challengeResponse: password, options })).nextStep);
}

function nextOf(next: SignInOutput["nextStep"]): Next {
  switch (next.signInStep) {
    case "DONE":
      return { step: "done" };
    case "CONFIRM_SIGN_UP":
      return { step: "confirm" };
    case "RESET_PASSWORD":
      return { step: "reset" };
    case "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED":
      return { step: "replace", missing: next.missingAttributes ?? [] };
    default: // the template's user pool asks for nothing else
      throw new Error(
        `This account needs a step that this page does not offer: ${next.signInStep}.`,
      );
  }
}

export async function signUp(username: string, password: string): Promise<Next> {
  const { nextStep } = await cognitoSignUp({
    username,
    password,
    options: { userAttributes: { email: username } },
  });
  return { step: nextStep.signUpStep === "CONFIRM_SIGN_UP" ? "confirm" : "done" };
}

export const signOut = (): Promise<void> => cognitoSignOut();

export const confirm = (username: string, confirmationCode: string) =>
  confirmSignUp({ username, confirmationCode });

export const sendCodeAgain = (username: string) => resendSignUpCode({ username });

export const forgot = (username: string) => resetPassword({ username });

export const choosePassword = (username: string, confirmationCode: string, newPassword: string) =>
  confirmResetPassword({ username, confirmationCode, newPassword });

/** The user pool's rules; a test holds them to the template's. */
export const PASSWORD_RULES =
  "At least 12 characters, with upper and lower case letters and a number.";

const WORDS: Record<string, string> = {
  NotAuthorizedException: "That e-mail address and password do not match.",
  UserNotFoundException: "That e-mail address and password do not match.",
  UsernameExistsException: "There is an account with this e-mail address already. Sign in instead.",
  InvalidPasswordException: `That password does not follow the rules. ${PASSWORD_RULES}`,
  CodeMismatchException: "That code is not right. Please check it, or ask for a new one.",
  ExpiredCodeException: "That code has expired. Ask for a new one.",
  LimitExceededException: "Too many tries. Please wait a few minutes.",
  TooManyRequestsException: "Too many tries. Please wait a few minutes.",
  TooManyFailedAttemptsException: "Too many tries. Please wait a few minutes.",
  NetworkError: "The sign-in service cannot be reached. Are you online?",
};

// Cognito has one name for all of these, so only its message tells them apart.
const NOT_AUTHORIZED: [RegExp, string][] = [
  [/session/i, "That took too long. Please go back and sign in again."],
  [
    /temporary password has expired/i,
    "The temporary password has expired. Ask whoever made your account for a new one.",
  ],
  [
    /cannot be reset in the current state/i,
    "This account still has its temporary password. Sign in with it, or ask whoever made your account for a new one.",
  ],
  [/attempts exceeded/i, "Too many tries. Please wait a few minutes."],
  [/disabled/i, "This account is switched off. Ask whoever made it."],
];

/** What went wrong, in words for whoever signs in. */
export function inWords(error: unknown): string {
  const name = nameOf(error);
  const message = error instanceof Error ? error.message : "";
  if (name === "NotAuthorizedException") {
    const reason = NOT_AUTHORIZED.find(([pattern]) => pattern.test(message));
    if (reason) return reason[1];
  }
  return WORDS[name] ?? (message || "That did not work.");
}

/** Whether a code cannot be sent to reset a password, because the address was never confirmed. */
export const isUnconfirmed = (error: unknown): boolean =>
  nameOf(error) === "InvalidParameterException" &&
  error instanceof Error &&
  /no registered\/verified email/i.test(error.message);

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}
