"""HTTP that keeps trying: what is worth another attempt, and when to make it."""

from __future__ import annotations

import asyncio
import os
import random
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from photodrop_cli.errors import RefusedError, TemporaryError, UnreachableError, UsageError

ATTEMPTS = 9
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
"""Nine attempts take a minute or two: longer than a router needs to come back."""

LONGEST_RETRY_AFTER_SECONDS = 90.0
"""A service that asks for more patience than this is told about, not waited for."""

TIMEOUT = httpx.Timeout(connect=15, read=60, write=60, pool=None)
"""In seconds. API Gateway's own limit is 29; S3 may take a while to answer a part."""

NETWORK_ERRORS = (
    httpx.NetworkError,
    httpx.TimeoutException,
    httpx.RemoteProtocolError,
    httpx.ProxyError,
)

TEMPORARY = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.REQUEST_TIMEOUT})

_PROXY_VARIABLES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY")
_CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")

Result = TypeVar("Result")

Waiting = Callable[[float, str], None]
"""Told before each wait: for how many seconds, and why."""


def is_loopback(url: str) -> bool:
    """Tell whether this URL leads to this very machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def client(url: str, *, connections: int) -> httpx.AsyncClient:
    """Return a client that keeps `connections` open, with this machine's proxy settings.

    Raises UsageError for settings in the environment that cannot be used.
    """
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=connections)
    try:
        # A proxy in the environment has no business with loopback.
        return httpx.AsyncClient(timeout=TIMEOUT, limits=limits, trust_env=not is_loopback(url))
    except ImportError:
        raise UsageError(
            f"A SOCKS proxy ({_set_of(_PROXY_VARIABLES)}) needs the package socksio: "
            "`pip install socksio`, or unset the variable."
        ) from None
    except (ValueError, httpx.InvalidURL):
        raise UsageError(
            f"The proxy in {_set_of(_PROXY_VARIABLES)} is not a URL that can be used. "
            "Set it to http://HOST:PORT, or unset the variable."
        ) from None
    except OSError:
        raise UsageError(
            f"The certificates in {_set_of(_CERTIFICATE_VARIABLES)} cannot be read. "
            "Set it to a file of certificates, or unset the variable."
        ) from None


def _set_of(names: Iterable[str]) -> str:
    """Return which of these variables are set, without what they say: it may hold a password."""
    spellings = [spelling for name in names for spelling in (name, name.lower())]
    found = [spelling for spelling in spellings if os.environ.get(spelling)]
    return ", ".join(found) or "the system's settings"


async def exchange(http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Send `request` once.

    Raises TemporaryError when the network failed, UnreachableError when it is of no use to repeat.
    """
    host = request.url.host
    try:
        return await http.send(request)
    except NETWORK_ERRORS as error:
        if _is_certificate(error):
            message = f"{host} has no certificate that this machine trusts."
            raise UnreachableError("CertificateRefused", message) from None
        why = "no answer in time" if isinstance(error, httpx.TimeoutException) else "no connection"
        final = UnreachableError("Unreachable", f"{host} cannot be reached: {why}.")
        raise TemporaryError(final) from None
    except httpx.TransportError as error:
        message = f"The connection to {host} failed: {type(error).__name__}."
        raise UnreachableError("Unreachable", message) from None


def _is_certificate(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


async def retry(
    attempt: Callable[[], Awaitable[Result]], *, waiting: Waiting, attempts: int = ATTEMPTS
) -> Result:
    """Make `attempt` until it succeeds, waiting longer each time.

    Raises any other error of the attempt at once, and after the last attempt the error that the
    TemporaryError stands for.
    """
    number = 0
    while True:
        number += 1
        try:
            return await attempt()
        except TemporaryError as error:
            asked = error.retry_after
            if number >= attempts or (asked or 0) > LONGEST_RETRY_AFTER_SECONDS:
                raise error.final from None
            seconds = backoff(number) if asked is None else asked
            if seconds:
                waiting(seconds, error.final.message)
        await asyncio.sleep(seconds)


def backoff(number: int) -> float:
    """Return the seconds to wait after attempt `number`: twice as long each time, half by chance.

    Chance keeps many parts that failed together from coming back together.
    """
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** (number - 1))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - nothing secret about it


def classify(
    answer: httpx.Response, code: str, message: str, body: Mapping[str, Any] | None = None
) -> RefusedError | TemporaryError:
    """Return the error of an unsuccessful answer: a temporary one is worth another attempt."""
    status = answer.status_code
    refused = RefusedError(status, code, message, body)
    if status in TEMPORARY or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return TemporaryError(refused, retry_after=retry_after(answer))
    return refused


def retry_after(answer: httpx.Response) -> float | None:
    """Return the seconds that a Retry-After header asks for; None where it does not."""
    value = answer.headers.get("retry-after", "")
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def content_of(answer: httpx.Response) -> Any:
    """Return an answer's JSON; None when it is none, as from a captive portal."""
    try:
        return answer.json()
    except ValueError:
        return None
