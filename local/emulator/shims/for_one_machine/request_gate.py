"""Gap: any web page that is open on this machine can send requests here, whatever its origin.

A page may send simple requests anywhere, and a name of its own that resolves to 127.0.0.1 lets it
read the answers (DNS rebinding). Here a request must be sent to a loopback name, and a browser's
must come from the stack's web page or from the API's own. What ministack serves beside AWS (reset,
configuration, queues' messages, functions' code) asks for no signature, so it is not served.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ministack import app

from local.emulator import settings

Scope = Mapping[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Any, Send], Awaitable[None]]

_LOOPBACK = re.compile(r"(localhost|127\.0\.0\.1|\[::1\]|([a-z0-9-]+\.)+localhost)")
"""Buckets and APIs may be addressed as names below localhost, which no DNS may lead elsewhere."""

_EMULATOR_PATHS = ("/_ministack/", "/_localstack/", "/_aws/")
_SERVED = (
    "/_ministack/health",
    "/_ministack/ready",
    "/_ministack/cfn-response/",  # these two end in a token that CloudFormation has handed out
    "/_ministack/cfn-signal/",
    "/_aws/execute-api/",
)


@dataclass(frozen=True)
class Refusal:
    """Why a request is not served: a code for a program, a message for a person."""

    code: str
    message: str


def apply() -> None:
    """Put the gate before the whole application."""
    app.app = Gate(
        app.app,
        port=int(os.environ["GATEWAY_PORT"]),
        origins=_listed(settings.ALLOWED_ORIGINS),
        hosts=_listed(settings.ALLOWED_HOSTS),
    )


def _listed(variable: str) -> list[str]:
    return [value for value in os.environ.get(variable, "").split(",") if value]


class Gate:
    """An ASGI application that refuses foreign requests and hands the others on."""

    def __init__(
        self, application: Application, *, port: int, origins: Iterable[str], hosts: Iterable[str]
    ) -> None:
        """Serve pages of `origins`; `hosts` are names besides loopback's, with any port."""
        self._application = application
        self._port = port
        self._origins = frozenset(origins)
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return
        headers = _headers(scope)
        refusal = self._refusal(scope["path"], headers)
        if refusal is None:
            answer = _naming_origin(send, headers.get("origin"))
            await self._application(scope, receive, answer)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.code})
        else:
            await _send_refusal(send, refusal)

    def _refusal(self, path: str, headers: Mapping[str, str]) -> Refusal | None:
        host, origin = headers.get("host", "").lower(), headers.get("origin")
        if not self._is_ours(host):
            return Refusal(
                "HostNotAllowed",
                f"This local stack is not served as {host or 'a request without a host'}: "
                f"send requests to http://127.0.0.1:{self._port}.",
            )
        # The API's own page (its documentation) has the origin that it sends requests to.
        if origin is not None and origin not in self._origins and origin != f"http://{host}":
            allowed = " or ".join(sorted(self._origins)) or "none"
            return Refusal(
                "OriginNotAllowed",
                f"Pages of {origin} may not send requests to this local stack, only pages of "
                f"{allowed}. To use another one: make start ARGS='--allowed-origin {origin}'.",
            )
        if path.startswith(_EMULATOR_PATHS) and not path.startswith(_SERVED):
            return Refusal(
                "NotServed",
                f"{path} is not served: it would ask for no signature. `make reset` clears a "
                "stopped stack; everything else is reached as on AWS.",
            )
        is_foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
        if is_foreign and path.startswith("/_ministack/"):
            return Refusal("OriginNotAllowed", "Only this machine's programs may ask for this.")
        return None

    def _is_ours(self, host: str) -> bool:
        name, separator, port = host.rpartition(":")
        if not separator or host.endswith("]"):  # "]" ends an IPv6 address without a port
            name, port = host, "80"
        if name in self._hosts:
            return True
        return port == str(self._port) and _LOOPBACK.fullmatch(name) is not None


def _headers(scope: Scope) -> dict[str, str]:
    """Return the headers; one that is sent twice fits nothing that is allowed."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _naming_origin(send: Send, origin: str | None) -> Send:
    """Answer `*`, which ministack allows for all of AWS but S3 and API Gateway, with the origin."""

    async def send_named(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = []
            for name, value in message.get("headers", []):
                if name.lower() != b"access-control-allow-origin" or value != b"*":
                    headers.append((name, value))
                elif origin is not None:
                    headers += [(name, origin.encode("latin-1")), (b"vary", b"Origin")]
            message = {**message, "headers": headers}
        await send(message)

    return send_named


async def _send_refusal(send: Send, refusal: Refusal) -> None:
    body = json.dumps({"code": refusal.code, "message": refusal.message}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
