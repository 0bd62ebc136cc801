"""A viewer's request and the edge's response, as all modules here pass them on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote_plus
from xml.sax.saxutils import escape

Query = tuple[tuple[str, str], ...]
"""Names and values as they were sent, percent-encoded, in their order."""


def parse_query(text: str) -> Query:
    """Split a query string and leave the encoding as it is."""
    parts = (part.partition("=") for part in text.split("&") if part)
    return tuple((name, value) for name, _, value in parts)


def query_text(query: Query) -> str:
    """Join what `parse_query` has split."""
    return "&".join(f"{name}={value}" for name, value in query)


def encoded_query(query: Query) -> str:
    """Join the parameters, encoded in the one way in which signatures are computed."""
    return query_text(tuple((_encoded(name), _encoded(value)) for name, value in query))


def _encoded(text: str) -> str:
    return quote(unquote_plus(text), safe="-_.~")


@dataclass(frozen=True)
class Request:
    """One request. Names of headers are in lower case."""

    method: str
    path: str
    query: Query
    headers: Mapping[str, str]
    viewer_ip: str
    base_url: str
    """Scheme and host by which the viewer called: policies name whole URLs."""

    @property
    def url(self) -> str:
        """The URL as the viewer sent it."""
        return f"{self.base_url}{self.path}" + (f"?{query_text(self.query)}" if self.query else "")


@dataclass
class Response:
    """One response. Names of headers are in lower case; `close` ends a stream early."""

    status: int
    headers: dict[str, str]
    body: bytes | Iterator[bytes] = b""
    close: Callable[[], None] = field(default=lambda: None)

    def with_headers(self, **changed: str) -> Response:
        """Return a copy with these headers; underscores in the names stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in changed.items()}
        return replace(self, headers={**self.headers, **named})


class RefusedError(Exception):
    """The edge itself answers with an error: status, code and message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def response(self) -> Response:
        """Return the XML body that CloudFront sends."""
        body = (
            '<?xml version="1.0" encoding="UTF-8"?><Error>'
            f"<Code>{escape(self.code)}</Code><Message>{escape(self.message)}</Message></Error>"
        ).encode()
        headers = {
            "content-type": "text/xml",
            "content-length": str(len(body)),
            "x-cache": "Error from cloudfront",
        }
        return Response(self.status, headers, body)
