/** Signing in and out, and fresh tokens: the only module that knows Cognito. */
import {
  signIn as cognitoSignIn,
  signOut as cognitoSignOut,
  signUp as cognitoSignUp,
  confirmResetPassword,
  confirmSignUp,
  fetchAuthSession,
  resendSignUpCode,
  resetPassword,
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

export type Next = "done" | "confirm" | "newPassword";

export async function signIn(username: string, password: string): Promise<Next> {
  try {
    const { nextStep } = await cognitoSignIn({ username, password });
    return nextStepOf(nextStep.signInStep);
  } catch (error) {
    if (nameOf(error) !== "UserAlreadyAuthenticatedException") throw error;
    await cognitoSignOut(); // what is left of a session that has ended
    const { nextStep } = await cognitoSignIn({ username, password });
    return nextStepOf(nextStep.signInStep);
  }
}

function nextStepOf(step: string): Next {
  if (step === "DONE") return "done";
  if (step === "CONFIRM_SIGN_UP") return "confirm";
  throw new Error(`This account needs a step that this page does not offer (${step}).`);
}

export async function signUp(username: string, password: string): Promise<Next> {
  const { nextStep } = await cognitoSignUp({
    username,
    password,
    options: { userAttributes: { email: username } },
  });
  return nextStep.signUpStep === "CONFIRM_SIGN_UP" ? "confirm" : "done";
}

export const signOut = (): Promise<void> => cognitoSignOut();

export const confirm = (username: string, confirmationCode: string) =>
  confirmSignUp({ username, confirmationCode });

export const sendCodeAgain = (username: string) => resendSignUpCode({ username });

export const forgot = (username: string) => resetPassword({ username });

export const choosePassword = (username: string, confirmationCode: string, newPassword: string) =>
  confirmResetPassword({ username, confirmationCode, newPassword });

const WORDS: Record<string, string> = {
  NotAuthorizedException: "That e-mail address and password do not match.",
  UserNotFoundException: "That e-mail address and password do not match.",
  UsernameExistsException: "There is an account with this e-mail address already. Sign in instead.",
  CodeMismatchException: "That code is not right. Please check it, or ask for a new one.",
  ExpiredCodeException: "That code has expired. Ask for a new one.",
  LimitExceededException: "Too many tries. Please wait a few minutes.",
  TooManyRequestsException: "Too many tries. Please wait a few minutes.",
  TooManyFailedAttemptsException: "Too many tries. Please wait a few minutes.",
  NetworkError: "The sign-in service cannot be reached. Are you online?",
};

/** What went wrong, in words for whoever signs in. */
export function inWords(error: unknown): string {
  const known = WORDS[nameOf(error)];
  if (known) return known;
  return error instanceof Error && error.message ? error.message : "That did not work.";
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}
