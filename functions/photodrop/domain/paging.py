"""Pages of lists, and the cursors between them.

A cursor holds only the position at which a page ended. The list itself is named by the request. So
a forged cursor can only start at another position of a list that the caller may see.
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
    index: Any,
    hash_key: str,
    partition: str,
    *,
    limit: int,
    cursor: str | None,
    keys_of: Callable[[str], dict[str, Any]],
) -> Page[Any]:
    """Return one page of a list that is ordered by creation, newest first, by one Query.

    DynamoDB continues after an item that is named by its keys in the index and in the table.
    `hash_key` is the name of the index's hash key; `keys_of` returns the table's keys of the item
    with a given id. Raises InvalidRequestError for a cursor that no list returned.
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
