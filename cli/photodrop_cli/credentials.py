"""Which service, and as whom: by options, environment, folder, saved sign-in, or by asking."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from photodrop_cli import accounts, display
from photodrop_cli.accounts import Challenge, Cognito, SavedSignIn, Session, Tokens
from photodrop_cli.errors import SignInError, UsageError
from photodrop_cli.targets import NOWHERE, Target, named, of_stack, running_stack


def target_of(options: argparse.Namespace) -> Target:
    """Return the service that options, environment, folder or sign-in name, in this order."""
    stack = options.stack
    url, client_id = options.api_url, options.client_id
    if stack and (url or client_id):
        raise UsageError("Give either --stack, or --api-url and --client-id, not both.")
    if not (stack or url or client_id):
        stack = os.environ.get("PHOTODROP_STACK")
    if not stack:
        url = url or os.environ.get("PHOTODROP_API_URL")
        client_id = client_id or os.environ.get("PHOTODROP_CLIENT_ID")
        if url and client_id:
            region = options.region or os.environ.get("PHOTODROP_REGION")
            return named(url, client_id, region)
        if url or client_id:
            missing = "--client-id (UserPoolClientId)" if url else "--api-url (ApiUrl)"
            raise UsageError(f"Give {missing} too: it is among the outputs of the deployment.")
        stack = running_stack(_current_folder())
    if stack:
        return of_stack(Path(stack))
    if kept := accounts.saved():
        return kept.target()
    raise UsageError(NOWHERE)


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except OSError:
        raise UsageError("The current folder does not exist any more.") from None


@dataclass(frozen=True)
class Password:
    """Who signs in, and what they know."""

    email: str
    password: str


def credentials_of(options: argparse.Namespace, target: Target) -> Password | SavedSignIn:
    """Find out who signs in: by the sign-in that is kept for this service, or by password."""
    email = options.email or os.environ.get("PHOTODROP_EMAIL")
    kept = None if os.environ.get("PHOTODROP_PASSWORD") else accounts.saved()
    if kept and kept.is_for(target) and email in (None, kept.email):
        return kept
    return password_of(options, target)


def password_of(options: argparse.Namespace, target: Target) -> Password:
    """Take e-mail and password from where they are said, or ask."""
    email = options.email or os.environ.get("PHOTODROP_EMAIL") or next(iter(target.passwords), None)
    email = email or _ask(display.ask, "E-mail: ", "Give --email")
    password = os.environ.get("PHOTODROP_PASSWORD") or target.passwords.get(email)
    return Password(
        email,
        password or _ask(display.ask_secret, f"Password of {email}: ", "Set PHOTODROP_PASSWORD"),
    )


def _ask(ask: Callable[[str], str], prompt: str, instead: str) -> str:
    """Ask a person, where there is one. Raises SignInError naming what a script does `instead`."""
    answer = ask(prompt) if sys.stdin is not None and sys.stdin.isatty() else ""
    if not answer:
        raise SignInError(f"Nobody is signed in. {instead}, or run `photodrop sign-in`.")
    return answer


async def begin_session(
    cognito: Cognito, who: Password | SavedSignIn, warn: Callable[[str], None]
) -> Session:
    """Sign in. Raises SignInError."""
    if isinstance(who, Password):
        begun = await cognito.by_password(who.email, who.password)
        if isinstance(begun, Challenge):
            raise SignInError(unanswered(begun))
        return Session(cognito, begun, password=(who.email, who.password))

    def keep(tokens: Tokens) -> None:
        if tokens.refresh_token and tokens.refresh_token != who.refresh_token:
            try:
                accounts.save(replace(who, refresh_token=tokens.refresh_token))
            except UsageError as error:  # the uploads can go on; only the next run cannot sign in
                warn(f"{error} You will have to sign in again.")

    tokens = await cognito.by_refresh_token(who.refresh_token)
    keep(tokens)
    return Session(cognito, tokens, renewed=keep)


def unanswered(challenge: Challenge) -> str:
    """Return what to say about a challenge that no password answers."""
    if challenge.name == "NEW_PASSWORD_REQUIRED":
        return "This account has a temporary password. Run `photodrop sign-in` to choose a new one."
    return f"Cognito asks for {challenge.name}, which is not supported."
