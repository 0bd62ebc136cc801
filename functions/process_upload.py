"""S3's events, by way of the uploads queue: verifies what landed, follows what becomes of it."""

from typing import Any

from photodrop import keys, queue_handler
from photodrop.aws import s3_events
from photodrop.aws.s3_events import Kind
from photodrop.domain import archive, lifecycle, photos, verification


def process_message(message: Any) -> None:
    """Handle every event that one message holds. S3's test message holds none."""
    for kind, item in s3_events.read(message):
        match kind:
            case Kind.CREATED:
                verification.verify(item)
            case Kind.EXPIRED:
                photos.delete_expired(item.key)
            case Kind.MOVED:
                archive.record(item.key)


def count_try(message: Any) -> None:
    """Note that an earlier try of what landed did not succeed."""
    for kind, item in s3_events.read(message):
        if kind is Kind.CREATED and (photo_id := keys.photo_id(item.key)):
            lifecycle.count_try(photo_id)


handler = queue_handler.handler(process_message, count_try=count_try)
