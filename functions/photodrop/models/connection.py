"""One client for all tables, and what their conditional writes have in common."""

import time
from collections.abc import Callable, Container
from datetime import UTC, datetime

from pynamodb.connection import Connection
from pynamodb.exceptions import PutError, TransactWriteError, UpdateError
from pynamodb.models import Model

from photodrop.config import settings

TRANSACTION_ATTEMPTS = 5

# PynamoDB makes a client for each model, at its first request. One serves all, and is made here,
# while the function starts: a client takes a fifth of a second of CPU, and Lambda gives a starting
# function a whole processor.
CONNECTION = Connection(region=settings().region)
CONNECTION.client  # noqa: B018 - a property that makes it


def share_connection(*models: type[Model]) -> None:
    """Make the models of one table, the one with its indexes first, use CONNECTION."""
    table = models[0]._get_connection()
    CONNECTION.add_meta_table(table.get_meta_table())
    table.connection = CONNECTION
    for model in models[1:]:
        model._connection = table


def now_iso() -> str:
    """Return this moment as ISO 8601 in UTC, with milliseconds: sorts as text."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_days(days: int) -> int:
    """Return the moment so many days from now, in epoch seconds."""
    return int(time.time()) + days * 24 * 3600


def refusals_of(write: Callable[[], object]) -> list[int]:
    """Write a transaction; return which of its parts were refused by their conditions.

    One that meets another on the same item is tried again: DynamoDB lets neither wait.
    """
    for attempt in range(TRANSACTION_ATTEMPTS):
        try:
            write()
        except TransactWriteError as error:
            codes = [reason.code if reason else None for reason in error.cancellation_reasons]
            refused = [n for n, code in enumerate(codes) if code == "ConditionalCheckFailed"]
            if refused:
                return refused
            if "TransactionConflict" not in codes or attempt == TRANSACTION_ATTEMPTS - 1:
                raise
            time.sleep(0.02 * 2**attempt)
        else:
            break
    return []


def is_made(
    write: Callable[[], object], *, refusals: Container[str] = ("ConditionalCheckFailed",)
) -> bool:
    """Write; return False when its condition did not hold, or for other `refusals` as given."""
    try:
        write()
    except (PutError, UpdateError) as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    except TransactWriteError as error:
        reasons = error.cancellation_reasons
        if any(reason and reason.code in refusals for reason in reasons):
            return False
        raise
    return True
