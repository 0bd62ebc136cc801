"""The DynamoDB client of all tables, and conditional writes."""

import random
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from botocore.model import Shape
from botocore.parsers import JSONParser, ResponseParserFactory
from pynamodb.connection import Connection
from pynamodb.exceptions import PutError, TransactWriteError, UpdateError, VerboseClientError
from pynamodb.models import Model

from photodrop.config import settings
from photodrop.errors import BusyError

CONFLICT_ATTEMPTS = 10
_THROTTLED = {"ProvisionedThroughputExceededException", "ThrottlingException"}
"""Errors that botocore has retried already, ten times."""
_PASSING = {"TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"}
"""Why a transaction was cancelled that may succeed when it is sent again."""
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.025, 1.0
"""The wait before the second attempt, and the longest. Ten attempts wait 2.8 s on average."""


class RetryingConnection(Connection):
    """A connection that retries what conflicts with a transaction, and throttled transactions.

    DynamoDB lets no request wait for a transaction. It refuses plain writes with
    TransactionConflictException, and other transactions with the reason TransactionConflict.
    Transactions that it throttles are cancelled, too. botocore retries none of them, but all else
    that is throttled.
    """

    def dispatch(self, operation_name: str, operation_kwargs: dict[str, Any]) -> Any:
        """Send one request. Raises BusyError if no attempt gets through."""
        for attempt in range(CONFLICT_ATTEMPTS):
            if attempt:
                # "Full jitter": random waits, so that the same requests do not conflict again.
                longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
                time.sleep(random.uniform(0, longest))  # noqa: S311 - not used as a secret
            try:
                return super().dispatch(operation_name, operation_kwargs)
            except ClientError as error:
                if error.response["Error"]["Code"] in _THROTTLED:
                    raise BusyError from error
                if not _is_conflict(error):
                    raise
        raise BusyError


def _is_conflict(error: ClientError) -> bool:
    """Tell whether a request was refused only because of others at the same moment."""
    code = error.response["Error"]["Code"]
    if code != "TransactionCanceledException":
        return code in {"TransactionConflictException", "TransactionInProgressException"}
    reasons = error.cancellation_reasons if isinstance(error, VerboseClientError) else []
    codes = {reason.code for reason in reasons if reason}
    # After a failed condition, the caller has to read the item again, and decides what to do.
    return bool(codes & _PASSING) and "ConditionalCheckFailed" not in codes


class ItemParser(JSONParser):
    """Parses answers, but keeps the values of items as they came: `{"S": "text"}`.

    That is what botocore makes of them too, but value by value: it takes a third of the time of a
    page of photos. Only binary values would have to be decoded, and no table has any.
    """

    def _handle_structure(self, shape: Shape, value: Any) -> Any:
        if shape.name == "AttributeValue":
            return value
        return super()._handle_structure(shape, value)  # type: ignore[misc] # the types lack it


class ItemParserFactory(ResponseParserFactory):
    """Gives a new client its parser."""

    def create_parser(self, protocol_name: str) -> Any:
        """Return the parser of a protocol: that of DynamoDB and SQS is "json"."""
        if protocol_name == "json":
            return ItemParser()
        return super().create_parser(protocol_name)


# PynamoDB makes a client for each model at its first request, which takes a fifth of a second of
# CPU. All models share this one. It is made while the function starts, because Lambda gives a
# starting function a whole processor.
CONNECTION = RetryingConnection(region=settings().region)
CONNECTION.session.register_component("response_parser_factory", ItemParserFactory())
CONNECTION.client  # noqa: B018 - this property makes the client


def failed_conditions(write: Callable[[], object]) -> list[int]:
    """Write a transaction. Returns the positions of the items whose conditions failed."""
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
    """Write an item or a transaction. Returns False, with nothing written, if a condition fails."""
    try:
        return not failed_conditions(write)
    except (PutError, UpdateError) as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise


def share_connection(*models: type[Model]) -> None:
    """Let the models of one table use CONNECTION. The first must be the one with the indexes."""
    table = models[0]._get_connection()
    CONNECTION.add_meta_table(table.get_meta_table())
    table.connection = CONNECTION
    for model in models[1:]:
        model._connection = table
