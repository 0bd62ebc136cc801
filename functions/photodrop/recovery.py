"""Photos that do not go on by themselves: lost events, uploads that never came, lost messages."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from photodrop import assembly, clients, failures, storage, uploads
from photodrop.config import settings
from photodrop.errors import (
    ContentRejectedError,
    NotRetryableError,
    NotUploadedError,
    PhotoNotFoundError,
    PhotosLeftError,
)
from photodrop.failures import STUCK_SECONDS, fail
from photodrop.models import DUE_SHARDS, PHOTO_ROW, Photo, due_key, retryable_key
from photodrop.observability import logger, metrics
from photodrop.status import Status

MAX_TRIES = 12
"""How often a photo is tried again before it fails. Each message brings at most four such tries,
as its queue delivers it five times, so these are three messages of three different hours."""

LONGEST_WAIT_SECONDS = 6 * 3600
"""The longest that a stuck photo waits to be asked for again. The wait doubles from STUCK_SECONDS
on, so a message that waits in its queue for a day is joined by seven others."""

_sqs = clients.sqs()


def look_again(photo: Photo) -> None:
    """Process what S3 holds for a photo whose event may have been lost.

    Does nothing for one that has gone on. Raises NotUploadedError when S3 holds nothing.
    """
    if photo.status in (Status.COMPLETED, Status.FAILED):
        return
    landed = storage.find_original(photo.key, photo.version_id)
    if landed is None:
        raise NotUploadedError("S3 has no such file. Upload it first.")
    _ask_for(landed)


def retry(photo: Photo) -> None:
    """Process a photo again that failed by our fault. Does nothing for one that has not failed.

    Raises NotRetryableError, and PhotoNotFoundError when the photo is deleted in the meantime.
    """
    try:
        retried = photo.retry(Status.UPLOADED, due_at=failures.stuck_at(), attempts=0, tries=0)
        if photo.status == Status.FAILED:
            raise NotRetryableError
        if retried:
            logger.info("Photo is tried again", photo_id=photo.photo_id)
        if photo.status in (Status.UPLOADED, Status.PROCESSING):
            with suppress(NotUploadedError):  # the file is gone: ExpireUploads ends the photo
                look_again(photo)
    except Photo.DoesNotExist:
        raise PhotoNotFoundError from None


def retry_failed(limit: int) -> tuple[list[Photo], bool]:
    """Process up to `limit` photos again that failed by our fault.

    Returns those, and whether there are more.
    """
    retried: list[Photo] = []
    for shard in range(DUE_SHARDS):
        for found in Photo.by_due.query(retryable_key(shard), limit=limit - len(retried) + 1):
            if len(retried) == limit:
                return retried, True
            with suppress(Photo.DoesNotExist, PhotoNotFoundError, NotRetryableError):
                photo = Photo.get(found.photo_id, PHOTO_ROW, consistent_read=True)
                if photo.status == Status.FAILED:  # else the index is a little late
                    retry(photo)
                    retried.append(photo)
    return retried, False


def expire(time_is_left: Callable[[], bool]) -> None:
    """Look after every photo that is due, oldest first, while `time_is_left`.

    A pending one whose upload never came fails. One that is stuck is asked for again, at growing
    intervals: its message may still wait. Only when it was tried MAX_TRIES times it fails, and may
    be tried again. What is not reached is due at the next call. An error of one photo does not
    stop the others; in the end it raises PhotosLeftError.
    """
    left = 0
    for photo_id in _due():
        if not time_is_left():
            logger.warning("More photos are due than there was time for")
            break
        logger.append_keys(photo_id=photo_id)
        try:
            _look_after(Photo.get(photo_id, PHOTO_ROW, consistent_read=True))
        except Photo.DoesNotExist:
            logger.info("Photo was deleted")
        except Exception:
            logger.exception("This photo is looked after at the next run")
            left += 1
    if left:
        metrics.add_metric(name="PhotosLeft", unit=MetricUnit.Count, value=left)
        raise PhotosLeftError(f"{left} photos could not be looked after. The log has each error.")


def _due() -> Iterator[str]:
    now = int(time.time())
    for shard in range(DUE_SHARDS):
        for partition in (due_key(shard), retryable_key(shard)):
            for found in Photo.by_due.query(partition, Photo.due_at <= now):
                yield found.photo_id


def _look_after(photo: Photo) -> None:
    logger.set_correlation_id(photo.correlation_id)
    if photo.due_at is None or photo.due_at > time.time():
        return  # the index is a little late
    if photo.status == Status.FAILED:
        failures.look_last(photo)
        return
    landed = storage.find_original(photo.key, photo.version_id)
    if landed is None:
        _expire(photo)
    elif photo.tries >= MAX_TRIES:
        failures.give_up(photo)
    else:
        _ask_for(landed)
        wait_seconds = min(LONGEST_WAIT_SECONDS, STUCK_SECONDS * 2 ** int(photo.attempts))
        photo.change(attempts=photo.attempts + 1, due_at=int(time.time()) + wait_seconds)
        metrics.add_metric(name="PhotosAskedForAgain", unit=MetricUnit.Count, value=1)


def _expire(photo: Photo) -> None:
    """End a photo of which S3 has no file."""
    if photo.status != Status.PENDING:
        fail(photo, ContentRejectedError("UploadRemoved", "The file was removed again."))
    elif photo.upload_method != "MULTIPART" or uploads.deadline(photo) <= time.time():
        fail(photo, ContentRejectedError("UploadExpired", "The file never came."))
    elif assembly.is_too_large(photo):
        why = "More was sent in parts than was announced."
        fail(photo, ContentRejectedError("FileTooLarge", why))
    else:  # it was only looked at early, to see how much there is of it
        photo.change(due_at=uploads.next_look_at(photo))


def _ask_for(landed: dict[str, Any]) -> None:
    """Send the event that was lost, as S3 would have sent it: one way in for all that lands."""
    _sqs.send_message(
        QueueUrl=settings().uploads_queue_url,
        MessageBody=json.dumps({"Records": [{"s3": {"object": landed}}]}),
    )
