"""Gap: anybody may answer Cognito's question for a new password, and with any password.

Cognito takes the answer only from whoever it asked, for three minutes, and holds the password to
the pool's rules. And a password that somebody has not chosen yet cannot be forgotten.
"""

from __future__ import annotations

import json
import time
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cognito

SESSION_SECONDS = 180
"""Cognito's AuthSessionValidity, unless a client says otherwise."""

TEMPORARY = "FORCE_CHANGE_PASSWORD"

_asked: dict[str, tuple[dict[str, Any], float]] = {}
"""By session: the user who was asked, and until when the answer is taken."""


def apply() -> None:
    """Check who answers, and what; refuse to reset a temporary password."""
    ask = cognito._password_auth_result
    respond = cognito._respond_to_auth_challenge
    forget = cognito._forgot_password

    def ask_and_remember(
        pool: Any, pool_id: str, client: str, user: Any, *rest: Any, **named: Any
    ) -> Any:
        answer = ask(pool, pool_id, client, user, *rest, **named)
        if user.get("UserStatus") == TEMPORARY:
            session = json.loads(answer[2])["Session"]
            _asked[session] = user, time.monotonic() + SESSION_SECONDS
        return answer

    def respond_if_asked(data: dict[str, Any]) -> Any:
        if data.get("ChallengeName") != "NEW_PASSWORD_REQUIRED":
            return respond(data)
        refusal = _refusal(data)
        if refusal is not None:
            return refusal
        _asked.pop(data["Session"])
        return respond(data)

    def forget_what_was_chosen(data: dict[str, Any]) -> Any:
        user = _user(data.get("ClientId"), data.get("Username"))
        if user is not None and user.get("UserStatus") == TEMPORARY:
            return _not_authorized("User password cannot be reset in the current state.")
        return forget(data)

    cognito._password_auth_result = ask_and_remember
    cognito._respond_to_auth_challenge = respond_if_asked
    cognito._forgot_password = forget_what_was_chosen


def _refusal(data: dict[str, Any]) -> Any:
    """Return why this new password is not taken; None where it is."""
    responses = data.get("ChallengeResponses") or {}
    user = _user(data.get("ClientId"), responses.get("USERNAME"))
    asked, until = _asked.get(data.get("Session") or "", (None, 0.0))
    if user is None or asked is not user or user.get("UserStatus") != TEMPORARY:
        return _not_authorized("Invalid session for the user.")
    if until < time.monotonic():
        return _not_authorized("Invalid session for the user, session is expired.")
    pool, _ = cognito._pool_for_client(data["ClientId"])
    return cognito._validate_password(pool, responses.get("NEW_PASSWORD") or "")


def _user(client: Any, name: Any) -> dict[str, Any] | None:
    pool, _ = cognito._pool_for_client(client)
    return cognito._resolve_user(pool, name)[0] if pool else None


def _not_authorized(message: str) -> Any:
    return error_response_json("NotAuthorizedException", message, 400)
