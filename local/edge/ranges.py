"""Conditional and partial answers from a whole body: 304, 206 and 416."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from local.edge.messages import Response

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_KEPT_IN_304 = ("cache-control", "date", "etag", "expires", "last-modified", "vary", "x-cache")


def is_unchanged(headers: Mapping[str, str], request_headers: Mapping[str, str]) -> bool:
    """Whether the viewer already holds the answer with these headers."""
    if (tags := request_headers.get("if-none-match")) is not None:
        etag = headers.get("etag")
        given = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return etag is not None and (etag.removeprefix("W/") in given or given == ["*"])
    since = request_headers.get("if-modified-since")
    modified = headers.get("last-modified")
    if since is None or modified is None:
        return False
    try:
        return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


def not_modified(response: Response) -> Response:
    """Answer 304 in place of a response that the viewer already holds."""
    response.close()
    kept = {name: response.headers[name] for name in _KEPT_IN_304 if name in response.headers}
    return Response(HTTPStatus.NOT_MODIFIED, kept)


def single_range(request_headers: Mapping[str, str]) -> tuple[int | None, int | None] | None:
    """Return first and last byte of a request for one range, None for the whole.

    Either may be None: `bytes=5-` has no last byte, `bytes=-5` asks for the last five.
    """
    found = _RANGE.fullmatch(request_headers.get("range", "").replace(" ", ""))
    if not found or not (found[1] or found[2]):
        return None
    first, last = (int(number) if number else None for number in found.groups())
    is_backwards = first is not None and last is not None and last < first
    return None if is_backwards else (first, last)


def part_of(response: Response, body: bytes, request_headers: Mapping[str, str]) -> Response:
    """Return what of a whole response (200) the viewer asked for."""
    wanted = single_range(request_headers)
    if wanted is None or response.status != HTTPStatus.OK or not _same(response, request_headers):
        return response
    first, last = wanted
    size = len(body)
    if first is None:
        first, last = max(size - (last or 0), 0), None
    if first >= size:
        headers = {**response.headers, "content-range": f"bytes */{size}", "content-length": "0"}
        return Response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers)
    end = size if last is None else min(last + 1, size)
    headers = {
        **response.headers,
        "content-range": f"bytes {first}-{end - 1}/{size}",
        "content-length": str(end - first),
    }
    return Response(HTTPStatus.PARTIAL_CONTENT, headers, body[first:end])


def _same(response: Response, request_headers: Mapping[str, str]) -> bool:
    """Whether the viewer's other parts, if it has any, are of this version (If-Range)."""
    expected = request_headers.get("if-range")
    return expected is None or expected in (
        response.headers.get("etag"),
        response.headers.get("last-modified"),
    )
