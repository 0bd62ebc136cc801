"""S3's events, by way of the uploads queue: verifies what landed, follows what becomes of it."""

from typing import Any

from photodrop import archive, changes, failures, keys, notifications, queues, verification
from photodrop.notifications import Kind


def process_message(message: Any) -> None:
    """Take in every event that one message tells of. S3's test message tells of none."""
    for kind, item in notifications.read(message):
        match kind:
            case Kind.CREATED:
                verification.verify(item)
            case Kind.EXPIRED:
                changes.forget_expired(item.key)
            case Kind.MOVED:
                archive.refresh(item.key)


def count_try(message: Any) -> None:
    """Note that an earlier try of what landed did not succeed."""
    for kind, item in notifications.read(message):
        if kind is Kind.CREATED and (photo_id := keys.photo_id(item.key)):
            failures.count_try(photo_id)


handler = queues.handler(process_message, count_try=count_try)
