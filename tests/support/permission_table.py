"""The table of docs/permissions.md: which status each request answers to each caller."""

import re
from enum import StrEnum

from tests.support.template import ROOT

DOCUMENT = ROOT / "docs" / "permissions.md"


class Caller(StrEnum):
    """Who sends a request: the columns of the table. docs/permissions.md describes each."""

    NOBODY = "nobody"
    GARBAGE = "garbage"
    OTHER_POOL = "another pool"
    ACCESS_TOKEN = "access token"
    EXPIRED = "expired"
    UPLOAD_TOKEN = "upload token"
    STRANGER = "stranger"
    REMOVED = "removed attendee"
    OTHER_ORGANIZER = "other organizer"
    ATTENDEE = "attendee"
    OWNER = "owner"
    ORGANIZER = "organizer"
    STAFF = "staff"


def read() -> dict[str, dict[Caller, int]]:
    """Return the statuses by request and caller. The request is the first cell, without backticks.

    Raises ValueError for a request that is listed twice, or a row without a status for each caller.
    """
    table: dict[str, dict[Caller, int]] = {}
    callers: list[Caller] = []
    for line in DOCUMENT.read_text().splitlines():
        if not line.startswith(("| Request |", "| `")):
            continue
        first, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        if first == "Request":
            callers = [Caller(cell) for cell in cells]
            continue
        request = first.replace("`", "")
        if request in table:
            raise ValueError(f"{request} is listed twice")
        table[request] = dict(zip(callers, map(int, cells), strict=True))
    return table


def route_of(request: str) -> str:
    """Return the route of a request, as the API's description names it: `GET /photos/{photoId}`."""
    found = re.match(r"[A-Z]+ [^?, ]+", request)
    if found is None:
        raise ValueError(f"{request} begins with no method and path")
    return found[0]
