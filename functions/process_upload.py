"""S3's events, by way of the uploads queue: verifies what landed, follows what becomes of it."""

from typing import Any
from urllib.parse import unquote_plus

from photodrop import archive, changes, queues, verification
from photodrop.verification import LandedObject


def process_message(message: dict[str, Any]) -> None:
    """Take in every event that one message tells of. S3's test message tells of none."""
    for record in message.get("Records", []):
        landed = landed_object(record)
        match record.get("eventName", "ObjectCreated").partition(":")[0]:
            case "ObjectCreated":
                verification.verify(landed)
            case "LifecycleExpiration":
                changes.forget_expired(landed.key)
            case "LifecycleTransition" | "ObjectRestore":
                archive.refresh(landed.key)


def landed_object(record: dict[str, Any]) -> LandedObject:
    """Read one record of an S3 event. Keys in events are URL-encoded, with + for a space."""
    item = record["s3"]["object"]
    return LandedObject(
        key=unquote_plus(item["key"]),
        version_id=item.get("versionId"),
        etag=item.get("eTag", ""),
        size_bytes=item.get("size", 0),  # a delete marker has none
    )


handler = queues.handler(process_message)
