"""Pages of lists, and the cursors between them.

A cursor holds only the position at which a page ended. What it is a position in comes from the
request, so a forged one can do no more than start elsewhere in a list that the caller may see.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from photodrop.errors import FieldError, InvalidRequestError

LIST_ORDER = re.compile(r"[0-9TZ:.-]{24}#[0-9a-f-]{36}")
"""Positions in the lists that are ordered by creation: `createdAt#id`."""


@dataclass(frozen=True, slots=True)
class Page[Item]:
    """Some items of a list. `next_cursor` is None on the last page."""

    items: list[Item]
    next_cursor: str | None


def read_page[Item](
    found: Iterable[Item], limit: int, position: Callable[[Item], str]
) -> Page[Item]:
    """Return the first `limit` items as a page; `position` says where each stands in its list.

    One item more is read, where there is one: it tells whether there is a next page. So a Query
    should ask for `limit + 1`.
    """
    items = list(islice(found, limit + 1))
    page = items[:limit]
    next_cursor = encode(position(page[-1])) if len(items) > limit else None
    return Page(page, next_cursor)


def query_newest(
    index: Any,
    hash_key: str,
    partition: str,
    *,
    limit: int,
    cursor: str | None,
    keys_of: Callable[[str], dict[str, Any]],
) -> Page[Any]:
    """Return one page of a list that is ordered by creation, newest first: one Query.

    `hash_key` is the index's hash key, as the table has it, and `keys_of` returns the table's own
    keys of the item with an id: DynamoDB goes on from an item that is named by both. Raises
    InvalidRequestError for a cursor that no list gave out.
    """
    start = None
    if cursor:
        order = decode(cursor)
        start = {hash_key: {"S": partition}, "listOrder": {"S": order}}
        start |= keys_of(order.partition("#")[2])
    found = index.query(
        partition, scan_index_forward=False, limit=limit + 1, last_evaluated_key=start
    )
    return read_page(found, limit, lambda item: str(item.list_order))


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
