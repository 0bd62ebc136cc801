"""Signing in with Cognito, staying signed in, and remembering it between runs."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import platformdirs

from photodrop_cli.errors import (
    RefusedError,
    SignInError,
    TemporaryError,
    UsageError,
)
from photodrop_cli.targets import Target, is_url
from photodrop_cli.transport import (
    ATTEMPTS,
    Waiting,
    classify,
    content_of,
    exchange,
    retry,
)

FIRST_ATTEMPTS = 4
"""A person waits: fewer than later, when files are on their way."""

EXPIRED = "The sign-in has expired. Run `photodrop sign-in` again."

RENEW_SECONDS = 300
"""A token is renewed this long before it ends, so that it does not end on its way."""

_TEMPORARY_CODES = frozenset({"TooManyRequestsException", "InternalErrorException"})


@dataclass(frozen=True)
class Tokens:
    """An ID token, until when it holds (`ends_at`, of `time.monotonic`), and how to renew it."""

    id_token: str
    refresh_token: str | None
    ends_at: float


@dataclass(frozen=True)
class Challenge:
    """What Cognito wants before it gives tokens, by its own name, such as NEW_PASSWORD_REQUIRED."""

    name: str
    session: str


class Cognito:
    """The calls of Amazon Cognito that need no AWS credentials. All raise UnreachableError too."""

    def __init__(self, http: httpx.AsyncClient, target: Target, waiting: Waiting) -> None:
        self._http = http
        self._target = target
        self._waiting = waiting
        self._attempts = FIRST_ATTEMPTS

    async def by_password(self, email: str, password: str) -> Tokens | Challenge:
        """Sign in. Raises SignInError with Cognito's own words."""
        return await self._authenticate(
            "InitiateAuth",
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )

    async def by_refresh_token(self, refresh_token: str) -> Tokens:
        """Sign in again without a password. Raises SignInError when that is over."""
        try:
            tokens = await self._authenticate(
                "InitiateAuth",
                AuthFlow="REFRESH_TOKEN_AUTH",
                AuthParameters={"REFRESH_TOKEN": refresh_token},
            )
        except SignInError as error:
            raise SignInError(f"{EXPIRED} ({error})") from None
        if isinstance(tokens, Challenge):
            raise SignInError(f"Cognito asks for {tokens.name}. Run `photodrop sign-in`.")
        # Cognito gives a new one only where the pool rotates them.
        return Tokens(tokens.id_token, tokens.refresh_token or refresh_token, tokens.ends_at)

    async def new_password(self, email: str, password: str, challenge: Challenge) -> Tokens:
        """Choose the password that an invited user signs in with from now on."""
        tokens = await self._authenticate(
            "RespondToAuthChallenge",
            ChallengeName=challenge.name,
            Session=challenge.session,
            ChallengeResponses={"USERNAME": email, "NEW_PASSWORD": password},
        )
        if isinstance(tokens, Challenge):
            raise SignInError(f"Cognito asks for {tokens.name}, which is not supported.")
        return tokens

    async def revoke(self, refresh_token: str) -> None:
        """Make this refresh token, and what came of it, worthless."""
        await self._call("RevokeToken", Token=refresh_token)

    async def _authenticate(self, operation: str, **parameters: Any) -> Tokens | Challenge:
        answer = await self._call(operation, **parameters)
        try:
            if name := answer.get("ChallengeName"):
                return Challenge(name, answer["Session"])
            result = answer["AuthenticationResult"]
            id_token = result["IdToken"]
            ends_at = time.monotonic() + _lifetime(id_token)
            return Tokens(id_token, result.get("RefreshToken"), ends_at)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise SignInError(
                "Cognito answered in a way that this client does not understand."
            ) from None

    async def _call(self, operation: str, **parameters: Any) -> Any:
        request = self._http.build_request(
            "POST",
            self._target.cognito_url,
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
            },
            content=json.dumps({"ClientId": self._target.client_id, **parameters}),
        )

        async def attempt() -> Any:
            answer = await exchange(self._http, request)
            content = content_of(answer)
            if answer.is_success:
                return content
            said = content if isinstance(content, dict) else {}
            code = str(said.get("__type", "")).rpartition("#")[2] or f"HTTP {answer.status_code}"
            message = str(said.get("message") or said.get("Message") or code)
            if code in _TEMPORARY_CODES:
                raise TemporaryError(RefusedError(answer.status_code, code, message))
            raise classify(answer, code, message)

        try:
            answer = await retry(attempt, waiting=self._waiting, attempts=self._attempts)
        except RefusedError as error:
            raise SignInError(error.message) from None
        self._attempts = ATTEMPTS
        return answer


def _lifetime(id_token: str) -> float:
    """Return the seconds for which a token just issued is valid, by its own claims.

    The difference of two of them does not depend on this machine's clock. Raises ValueError.
    """
    payload = id_token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return float(claims["exp"]) - float(claims["iat"])


class Session:
    """A signed-in user, for as long as the uploads take."""

    def __init__(
        self,
        cognito: Cognito,
        tokens: Tokens,
        *,
        password: tuple[str, str] | None = None,
        renewed: Callable[[Tokens], None] = lambda _tokens: None,
    ) -> None:
        """`password` is (email, password) to fall back on; `renewed` is told of every renewal."""
        self._cognito = cognito
        self._tokens = tokens
        self._password = password
        self._renewed = renewed
        self._lock = asyncio.Lock()

    async def id_token(self, *, refused: str | None = None) -> str:
        """Return a token that is valid for a while yet, and is not the one that was `refused`.

        Raises SignInError when the sign-in is over and there is no password to begin another.
        """
        async with self._lock:
            tokens = self._tokens
            ends_soon = time.monotonic() > tokens.ends_at - RENEW_SECONDS
            if ends_soon or tokens.id_token == refused:
                self._tokens = await self._renew()
                self._renewed(self._tokens)
            return self._tokens.id_token

    async def _renew(self) -> Tokens:
        if self._tokens.refresh_token:
            try:
                return await self._cognito.by_refresh_token(self._tokens.refresh_token)
            except SignInError:
                if not self._password:
                    raise
        if self._password:
            tokens = await self._cognito.by_password(*self._password)
            if isinstance(tokens, Tokens):
                return tokens
        raise SignInError(EXPIRED)


@dataclass(frozen=True)
class SavedSignIn:
    """What `photodrop sign-in` leaves for later runs: never the password."""

    api_url: str
    client_id: str
    cognito_url: str
    email: str
    refresh_token: str

    def target(self) -> Target:
        """Return the service that it is for."""
        return Target(self.api_url, self.client_id, self.cognito_url)

    def is_for(self, target: Target) -> bool:
        """Tell whether it is for this service."""
        return (self.api_url, self.client_id) == (target.api_url, target.client_id)


def saved_file() -> Path:
    """Return where the sign-in is kept, as this platform wants it."""
    return platformdirs.user_config_path("photodrop") / "sign-in.json"


class DamagedSignInError(UsageError):
    """The file of the sign-in is there, and does not hold one."""


def saved() -> SavedSignIn | None:
    """Return the sign-in that is kept, or None.

    Raises UsageError when its file cannot be read, DamagedSignInError when that holds no sign-in.
    """
    file = saved_file()
    try:
        kept = SavedSignIn(**json.loads(file.read_text(encoding="utf-8")))
        is_whole = all(isinstance(text, str) and text for text in asdict(kept).values())
        is_whole = is_whole and is_url(kept.api_url) and is_url(kept.cognito_url)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {_reason(error)}.") from None
    except (ValueError, TypeError, RecursionError):
        is_whole = False
    if not is_whole:
        raise DamagedSignInError(
            f"The saved sign-in in {file} is damaged. "
            "Run `photodrop sign-out` to remove it, and sign in again."
        )
    return kept


def save(sign_in: SavedSignIn) -> None:
    """Keep the sign-in, readable by its owner alone. Raises UsageError."""
    file = saved_file()
    written = file.with_suffix(f".{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as output:
            json.dump(asdict(sign_in), output, indent=2)
        written.replace(file)
    except OSError as error:
        with suppress(OSError):
            written.unlink()
        raise UsageError(f"The sign-in cannot be saved in {file}: {_reason(error)}.") from None


def forget() -> None:
    """Remove the sign-in that is kept, if any. Raises UsageError."""
    file = saved_file()
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{file} cannot be removed: {_reason(error)}.") from None


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
