"""Where a page of a list ended: opaque to clients, and harmless when forged.

Only the position is in a cursor. What it is a position in comes from the request, so a forged one
can do no more than start elsewhere in a list that the caller may see.
"""

import base64
import binascii
import re

from photodrop.errors import FieldError, InvalidRequestError

LIST_ORDER = re.compile(r"[0-9TZ:.-]{24}#[0-9a-f-]{36}")
"""Positions in the lists that are ordered by creation: `createdAt#id`."""


def encode(position: str) -> str:
    """Return the cursor of a position."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode(cursor: str, pattern: re.Pattern[str] = LIST_ORDER) -> str:
    """Return the position of a cursor; all of it matches `pattern`.

    Raises InvalidRequestError for a cursor that no list gave out.
    """
    try:
        position = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        position = ""
    if not pattern.fullmatch(position):
        raise InvalidRequestError([FieldError("cursor", "must be one that a list gave out")])
    return position
