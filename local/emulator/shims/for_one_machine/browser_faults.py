"""Gap: where ministack itself fails, its answer carries no CORS headers, or there is no answer.

A browser hides such an answer from the page: what is a 500 with a reason becomes "Failed to fetch".
The request gate has let only pages through that may read answers, so they may read these, too.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ministack import app

Scope = Mapping[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Any, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_ALLOW_ORIGIN = b"access-control-allow-origin"

_log = logging.getLogger("photodrop.browser_faults")


def apply() -> None:
    """Let pages read what went wrong, and the log say it."""
    app.app = readable(app.app)


def readable(application: Application) -> Application:
    """Return `application` with answers of 500 and above that every page may read."""

    async def answer(scope: Scope, receive: Any, send: Send) -> None:
        origin = _origin(scope)
        if origin is None:
            await application(scope, receive, send)
            return
        has_begun = False

        async def send_readable(message: dict[str, Any]) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                message = {**message, "headers": _readable_headers(scope, message, origin)}
            await send(message)

        try:
            await application(scope, receive, send_readable)
        except Exception as error:
            if has_begun:
                raise
            _log.exception("%s %s failed", scope["method"], scope["path"])
            await _send_fault(send_readable, error)

    return answer


def _origin(scope: Scope) -> bytes | None:
    """Return the origin of the page that asks; None when no page does."""
    if scope["type"] != "http":
        return None
    return next((value for name, value in scope["headers"] if name.lower() == b"origin"), None)


def _readable_headers(scope: Scope, message: dict[str, Any], origin: bytes) -> Headers:
    headers: Headers = list(message.get("headers", []))
    if message["status"] < 500 or any(name.lower() == _ALLOW_ORIGIN for name, _ in headers):
        return headers
    _log.warning("%s %s answers %d", scope["method"], scope["path"], message["status"])
    return [*headers, (_ALLOW_ORIGIN, origin), (b"vary", b"Origin")]


async def _send_fault(send: Send, error: Exception) -> None:
    body = json.dumps({"code": "InternalError", "message": str(error) or repr(error)}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
