"""Parameters that several routes take."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Header, Query

from photodrop.http.fields import Cursor, IdempotencyKey

DEFAULT_LIMIT = 50
Limit = Annotated[int, Query(ge=1, le=100)]
"""How many items a page of a list has at most."""

PageCursor = Annotated[Cursor | None, Query()]
"""Where a page begins: the `nextCursor` of the page before."""

IdempotencyKeyHeader = Annotated[IdempotencyKey | None, Header(alias="Idempotency-Key")]
"""Repeating a request with the same key begins no second upload."""
