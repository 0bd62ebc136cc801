"""S3 ObjectCreated, by way of the uploads queue: verifies what landed."""

from typing import Any
from urllib.parse import unquote_plus

from photodrop import queues, verification
from photodrop.verification import LandedObject


def process_message(message: dict[str, Any]) -> None:
    """Verify every object that one message tells of. S3's test message tells of none."""
    for record in message.get("Records", []):
        verification.verify(landed_object(record))


def landed_object(record: dict[str, Any]) -> LandedObject:
    """Read one record of an S3 event. Keys in events are URL-encoded, with + for a space."""
    item = record["s3"]["object"]
    return LandedObject(
        key=unquote_plus(item["key"]),
        version_id=item.get("versionId"),
        etag=item["eTag"],
        size_bytes=item["size"],
    )


handler = queues.handler(process_message)
