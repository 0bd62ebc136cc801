"""Photos that make no progress: lost events, lost messages, and uploads that never came."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from aws_lambda_powertools.metrics import MetricUnit

from photodrop.aws import messages, storage
from photodrop.aws.tables import DUE_SHARDS, PHOTO_ROW, Photo, due_key, retryable_key
from photodrop.domain import lifecycle, multipart, uploads
from photodrop.domain.lifecycle import STUCK_SECONDS
from photodrop.errors import (
    ContentRejectedError,
    NotRetryableError,
    NotUploadedError,
    PhotoNotFoundError,
    PhotosLeftError,
)
from photodrop.observability import logger, metrics
from photodrop.status import Status

MAX_TRIES = 12
"""How often a photo is tried again before it fails. Each message brings at most four such tries,
as its queue delivers it five times, so these are three messages of three different hours."""

LONGEST_WAIT_SECONDS = 6 * 3600
"""The longest wait before the message of a stuck photo is sent again. The wait doubles, beginning
with STUCK_SECONDS, so a message that waits in its queue for a day is joined by seven others."""


def process_again(photo: Photo) -> None:
    """Process what S3 holds for a photo whose event may have been lost.

    Does nothing for one that has gone on. Raises NotUploadedError when S3 holds nothing.
    """
    if photo.status in (Status.COMPLETED, Status.FAILED):
        return
    landed = storage.find_original(photo.key, photo.version_id)
    if landed is None:
        raise NotUploadedError("S3 has no such file. Upload it first.")
    messages.send_object_created(landed)


def retry(photo: Photo) -> None:
    """Process a photo again that failed through no fault of its file.

    Does nothing for one that has not failed.

    Raises NotRetryableError, and PhotoNotFoundError when the photo is deleted in the meantime.
    """
    try:
        retried = lifecycle.retry(
            photo, Status.UPLOADED, due_at=lifecycle.stuck_at(), attempts=0, tries=0
        )
        if photo.status == Status.FAILED:
            raise NotRetryableError
        if retried:
            logger.info("Photo is tried again", photo_id=photo.photo_id)
        if photo.status in (Status.UPLOADED, Status.PROCESSING):
            with suppress(NotUploadedError):  # the file is gone: ExpireUploads ends the photo
                process_again(photo)
    except Photo.DoesNotExist:
        raise PhotoNotFoundError from None


def retry_failed(limit: int) -> tuple[list[Photo], bool]:
    """Process up to `limit` photos again that failed through no fault of their files.

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


def check_due(time_is_left: Callable[[], bool]) -> None:
    """Check every photo that is due, oldest first, while `time_is_left`.

    A pending photo whose upload never came fails. The message of a photo that is stuck is sent
    again, at growing intervals, because the first one may still wait in its queue. After MAX_TRIES
    tries the photo fails, and can be retried. What is not reached is due at the next call. An
    error of one photo does not stop the others; in the end it raises PhotosLeftError.
    """
    left = 0
    for photo_id in _due():
        if not time_is_left():
            logger.warning("More photos are due than there was time for")
            break
        logger.append_keys(photo_id=photo_id)
        try:
            _check(Photo.get(photo_id, PHOTO_ROW, consistent_read=True))
        except Photo.DoesNotExist:
            logger.info("Photo was deleted")
        except Exception:
            logger.exception("This photo is checked again at the next run")
            left += 1
    if left:
        metrics.add_metric(name="PhotosLeft", unit=MetricUnit.Count, value=left)
        raise PhotosLeftError(f"{left} photos could not be checked. The log has each error.")


def _due() -> Iterator[str]:
    now = int(time.time())
    for shard in range(DUE_SHARDS):
        for partition in (due_key(shard), retryable_key(shard)):
            for found in Photo.by_due.query(partition, Photo.due_at <= now):
                yield found.photo_id


def _check(photo: Photo) -> None:
    logger.set_correlation_id(photo.correlation_id)
    if photo.due_at is None or photo.due_at > time.time():
        return  # the index is a little late
    if photo.status == Status.FAILED:
        lifecycle.close_failed(photo)
        return
    landed = storage.find_original(photo.key, photo.version_id)
    if landed is None:
        _expire(photo)
    elif photo.tries >= MAX_TRIES:
        lifecycle.fail_retryable(photo)
    else:
        messages.send_object_created(landed)
        wait_seconds = min(LONGEST_WAIT_SECONDS, STUCK_SECONDS * 2 ** int(photo.attempts))
        photo.change(attempts=photo.attempts + 1, due_at=int(time.time()) + wait_seconds)
        metrics.add_metric(name="PhotosAskedForAgain", unit=MetricUnit.Count, value=1)


def _expire(photo: Photo) -> None:
    """Fail a photo of which S3 has no file, once none can come any longer."""
    if photo.status != Status.PENDING:
        lifecycle.fail(photo, ContentRejectedError("UploadRemoved", "The file was removed again."))
    elif photo.upload_method != "MULTIPART" or uploads.deadline(photo) <= time.time():
        lifecycle.fail(photo, ContentRejectedError("UploadExpired", "The file never came."))
    elif multipart.is_too_large(photo):
        why = "More was sent in parts than was announced."
        lifecycle.fail(photo, ContentRejectedError("FileTooLarge", why))
    else:  # it was checked early, to see how much of it S3 has
        photo.change(due_at=uploads.next_check_at(photo))
