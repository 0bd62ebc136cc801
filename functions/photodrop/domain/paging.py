"""Pages of lists, and the cursors between them.

A cursor holds only the position at which a page ended. The list itself is named by the request. So
a forged cursor can only start at another position of a list that the caller may see.
"""

import base64
import binascii
import heapq
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from photodrop.errors import FieldError, InvalidRequestError

LIST_ORDER = re.compile(r"[0-9TZ:.-]{24}#[0-9a-f-]{36}")
"""The positions in lists that are ordered by creation: `createdAt#id`."""


@dataclass(frozen=True, slots=True)
class Page[Item]:
    """Some items of a list. `next_cursor` is None on the last page."""

    items: list[Item]
    next_cursor: str | None


def read_page[Item](
    found: Iterable[Item], limit: int, position: Callable[[Item], str]
) -> Page[Item]:
    """Return the first `limit` items as a page. `position` returns the position of an item.

    One more item is read, to know whether there is a next page. So a Query should ask for `limit +
    1` items.
    """
    items = list(islice(found, limit + 1))
    page = items[:limit]
    next_cursor = encode(position(page[-1])) if len(items) > limit else None
    return Page(page, next_cursor)


def query_newest(
    index: Any, partitions: Sequence[str], list_order: Any, *, limit: int, cursor: str | None
) -> Page[Any]:
    """Return one page of a list that is ordered by creation, newest first.

    One Query if the list stands in one partition of the index. Otherwise one for each, of which the
    newest items are taken. `list_order` is the model's attribute of that name. Raises
    InvalidRequestError for a cursor that no list returned.
    """
    older = list_order < decode(cursor) if cursor else None
    found = heapq.merge(
        *(
            index.query(
                partition,
                older,
                scan_index_forward=False,
                limit=limit + 1,
                page_size=_page_size(limit + 1, len(partitions)),
            )
            for partition in partitions
        ),
        key=_position,
        reverse=True,
    )
    # An item that was moved to another partition a moment ago may still be in both.
    items = (next(same) for _, same in groupby(found, key=_position))
    return read_page(items, limit, _position)


def _page_size(count: int, partitions: int) -> int:
    """Return how many items to read at once, for `count` items that are spread over partitions.

    Seldom one partition holds more of them than this; it is then read once more.
    """
    if partitions == 1:
        return count
    expected = count / partitions
    return min(count, math.ceil(expected + 2 * math.sqrt(expected)))


def _position(item: Any) -> str:
    return str(item.list_order)


def encode(position: str) -> str:
    """Return the cursor of a position."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode(cursor: str, pattern: re.Pattern[str] = LIST_ORDER) -> str:
    """Return the position of a cursor, which must match `pattern`.

    Raises InvalidRequestError for a cursor that no list returned.
    """
    try:
        position = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        position = ""
    if not pattern.fullmatch(position):
        raise InvalidRequestError([FieldError("cursor", "must be one that a list gave out")])
    return position
