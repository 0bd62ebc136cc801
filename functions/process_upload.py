"""The uploads queue, which carries S3's events: verifies each file that landed.

Later events say that a file was archived, restored or expired; the photo's record follows them.
"""

from typing import Any

from photodrop import keys, queue_handler
from photodrop.aws import s3_events
from photodrop.aws.s3_events import Kind
from photodrop.domain import archive, lifecycle, photo_deletion, verification


def process_message(message: Any) -> None:
    """Handle every event that one message holds. S3's test message holds none."""
    for kind, file in s3_events.read(message):
        match kind:
            case Kind.CREATED:
                verification.verify(file)
            case Kind.EXPIRED:
                photo_deletion.delete_expired(file.key)
            case Kind.MOVED:
                archive.refresh_record(file.key)


def count_try(message: Any) -> None:
    """Count that an earlier try to process these files did not succeed."""
    for kind, file in s3_events.read(message):
        if kind is Kind.CREATED and (photo_id := keys.photo_id(file.key)):
            lifecycle.count_try(photo_id)


handler = queue_handler.handler(process_message, count_try=count_try)
