"""Answers of DynamoDB to a request that meets a transaction on the same item."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse

from photodrop.aws.tables.connection import CONNECTION

_MESSAGE = "Transaction is ongoing for the item"


@contextmanager
def conflicting(
    operation: str, *, times: int, skip: int = 0, reason: str = "TransactionConflict"
) -> Iterator[list[str]]:
    """Refuse an operation `times` times, after `skip` that are let through.

    `reason` is why a transaction is cancelled. Yields the list of the operations that were refused.
    """
    refused: list[str] = []
    seen = 0

    def refuse(params: dict[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        nonlocal seen
        seen += 1
        if seen <= skip or len(refused) == times:
            return None
        refused.append(operation)
        return AWSResponse(params["url"], 400, {}, None), _body(operation, params, reason)

    event = f"before-call.dynamodb.{operation}"
    events = CONNECTION.client.meta.events
    events.register_first(event, refuse)
    try:
        yield refused
    finally:
        events.unregister(event, refuse)


def _body(operation: str, params: dict[str, Any], reason: str) -> dict[str, Any]:
    if operation != "TransactWriteItems":
        return {"Error": {"Code": "TransactionConflictException", "Message": _MESSAGE}}
    reasons = [{"Code": "None"} for _ in json.loads(params["body"])["TransactItems"]]
    reasons[-1] = {"Code": reason, "Message": _MESSAGE}
    return {
        "Error": {"Code": "TransactionCanceledException", "Message": _MESSAGE},
        "CancellationReasons": reasons,
    }
