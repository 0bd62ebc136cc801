"""One client for all tables, and what their conditional writes have in common."""

import random
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from pynamodb.connection import Connection
from pynamodb.exceptions import PutError, TransactWriteError, UpdateError, VerboseClientError
from pynamodb.models import Model

from photodrop.config import settings
from photodrop.errors import BusyError

CONFLICT_ATTEMPTS = 10
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.025, 1.0
"""Before the second attempt, and at most: 2.8 s for all ten attempts on average."""


class RetryingConnection(Connection):
    """A connection that tries again what met a transaction on the same item.

    DynamoDB lets no request wait for a transaction. It refuses plain writes with
    TransactionConflictException and other transactions with the reason TransactionConflict, and
    botocore tries neither again.
    """

    def dispatch(self, operation_name: str, operation_kwargs: dict[str, Any]) -> Any:
        """Send one request. Raises BusyError when it met transactions at every attempt."""
        for attempt in range(CONFLICT_ATTEMPTS):
            if attempt:
                # "Full jitter": those that met each other do not meet again.
                longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
                time.sleep(random.uniform(0, longest))  # noqa: S311 - nothing secret about it
            try:
                return super().dispatch(operation_name, operation_kwargs)
            except ClientError as error:
                if not _is_conflict(error):
                    raise
        raise BusyError


def _is_conflict(error: ClientError) -> bool:
    """Tell whether a request was refused for nothing but another one at the same moment."""
    code = error.response["Error"]["Code"]
    if code != "TransactionCanceledException":
        return code in {"TransactionConflictException", "TransactionInProgressException"}
    reasons = error.cancellation_reasons if isinstance(error, VerboseClientError) else []
    codes = {reason.code for reason in reasons if reason}
    # Whoever wrote the condition reads again and decides.
    return "TransactionConflict" in codes and "ConditionalCheckFailed" not in codes


# PynamoDB makes a client for each model, at its first request. One serves all, and is made here,
# while the function starts: a client takes a fifth of a second of CPU, and Lambda gives a starting
# function a whole processor.
CONNECTION = RetryingConnection(region=settings().region)
CONNECTION.client  # noqa: B018 - a property that makes it


def failed_conditions(write: Callable[[], object]) -> list[int]:
    """Write a transaction; return the positions of the items whose conditions did not hold."""
    try:
        write()
    except TransactWriteError as error:
        codes = [reason.code if reason else None for reason in error.cancellation_reasons]
        refused = [n for n, code in enumerate(codes) if code == "ConditionalCheckFailed"]
        if not refused:
            raise
        return refused
    return []


def write_if(write: Callable[[], object]) -> bool:
    """Write one item or a transaction; return False, with nothing written, if a condition fails."""
    try:
        return not failed_conditions(write)
    except (PutError, UpdateError) as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise


def share_connection(*models: type[Model]) -> None:
    """Make the models of one table, the one with its indexes first, use CONNECTION."""
    table = models[0]._get_connection()
    CONNECTION.add_meta_table(table.get_meta_table())
    table.connection = CONNECTION
    for model in models[1:]:
        model._connection = table
