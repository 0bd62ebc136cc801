"""S3's event notifications, in each shape in which they reach a queue.

S3 sends them to the queue itself, as `template.yaml` has it. Where others listen to the same
bucket, they come by way of an SNS topic (with raw message delivery or without) or of EventBridge.
The shapes are those of "Event message structure" and "EventBridge event message structure" in the
Amazon S3 user guide, and of "Parsing Amazon SNS message formats" in Amazon SNS's.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from urllib.parse import unquote_plus

from photodrop.errors import UnknownMessageError


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One version of an object in the uploads bucket. A delete marker has no bytes."""

    key: str
    version_id: str | None
    etag: str
    size_bytes: int


class Kind(Enum):
    """What became of an object."""

    CREATED = auto()
    EXPIRED = auto()
    """The lifecycle put a delete marker over it."""
    MOVED = auto()
    """Its storage class or its restore state may be another one."""


_KINDS = {
    "ObjectCreated": Kind.CREATED,
    "LifecycleExpiration": Kind.EXPIRED,
    "LifecycleTransition": Kind.MOVED,
    "ObjectRestore": Kind.MOVED,
}
_EVENTBRIDGE_KINDS = {
    "Object Created": Kind.CREATED,
    "Object Deleted": Kind.EXPIRED,
    "Object Storage Class Changed": Kind.MOVED,
    "Object Restore Initiated": Kind.MOVED,
    "Object Restore Completed": Kind.MOVED,
    "Object Restore Expired": Kind.MOVED,
}
TEST_EVENT = "s3:TestEvent"
"""Sent once when a bucket's notifications are set up: about no object."""


def read(message: Any) -> list[tuple[Kind, StoredObject]]:
    """Return everything that one message tells of.

    Raises UnknownMessageError for what is none of these, so that it ends in the dead-letter queue,
    where somebody sees it.
    """
    try:
        return list(_read(message))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnknownMessageError(f"This is no event of S3: {type(error).__name__}.") from error


def _read(message: Any) -> Iterator[tuple[Kind, StoredObject]]:
    if message.get("Type") == "Notification" and "TopicArn" in message:
        yield from _read(json.loads(message["Message"]))
    elif message.get("source") == "aws.s3":
        yield _from_eventbridge(message)
    elif message.get("Event") != TEST_EVENT:
        for record in message["Records"]:
            yield _from_s3(record)


def _from_s3(record: dict[str, Any]) -> tuple[Kind, StoredObject]:
    """Read one record. Keys are URL-encoded in it, with + for a space."""
    item = record["s3"]["object"]
    kind = _KINDS[record.get("eventName", "ObjectCreated").partition(":")[0]]
    return kind, StoredObject(
        key=unquote_plus(item["key"]),
        version_id=item.get("versionId"),
        etag=item.get("eTag", ""),
        size_bytes=item.get("size", 0),
    )


def _from_eventbridge(event: dict[str, Any]) -> tuple[Kind, StoredObject]:
    """Read one event. Its names are other ones, and the key is as it is."""
    item = event["detail"]["object"]
    return _EVENTBRIDGE_KINDS[event["detail-type"]], StoredObject(
        key=item["key"],
        version_id=item.get("version-id"),
        etag=item.get("etag", ""),
        size_bytes=item.get("size", 0),
    )
