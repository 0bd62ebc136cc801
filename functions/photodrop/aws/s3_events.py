"""S3's event notifications, in each format in which they reach the uploads queue.

By default (`template.yaml`), S3 sends them to the queue itself. Where others need the events of the
bucket too, they come through an SNS topic (with or without raw message delivery) or EventBridge.
The formats are those of "Event message structure" and "EventBridge event message structure" in the
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
    """One version of an object in the uploads bucket. A delete marker has a size of 0."""

    key: str
    version_id: str | None
    etag: str
    size_bytes: int


class Kind(Enum):
    """What happened to an object."""

    CREATED = auto()
    EXPIRED = auto()
    """The bucket's lifecycle has put a delete marker over it."""
    MOVED = auto()
    """Its storage class or its restore state may have changed."""


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
"""S3 sends this once when a bucket's notifications are set up. It names no object."""


def read(message: Any) -> list[tuple[Kind, StoredObject]]:
    """Parse a message: return what happened, and to which object, for each event in it.

    Raises UnknownMessageError for any other message, so that it ends in the dead-letter queue,
    which has an alarm.
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
    """Parse a record of S3's own format, in which keys are URL-encoded, with + for a space."""
    item = record["s3"]["object"]
    kind = _KINDS[record.get("eventName", "ObjectCreated").partition(":")[0]]
    return kind, StoredObject(
        key=unquote_plus(item["key"]),
        version_id=item.get("versionId"),
        etag=item.get("eTag", ""),
        size_bytes=item.get("size", 0),
    )


def _from_eventbridge(event: dict[str, Any]) -> tuple[Kind, StoredObject]:
    """Parse an event of EventBridge, which has other field names and plain keys."""
    item = event["detail"]["object"]
    return _EVENTBRIDGE_KINDS[event["detail-type"]], StoredObject(
        key=item["key"],
        version_id=item.get("version-id"),
        etag=item.get("etag", ""),
        size_bytes=item.get("size", 0),
    )
