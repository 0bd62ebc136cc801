"""Photos without progress: lost events and messages, uploads that never came, and retries."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from aws_lambda_powertools.metrics import MetricUnit

from photodrop.aws import messages, storage
from photodrop.aws.tables import DUE_SHARDS, PHOTO_ROW, Photo, due_key, retryable_key
from photodrop.domain import lifecycle, multipart, photo_deletion, uploads
from photodrop.domain.lifecycle import STUCK_SECONDS
from photodrop.errors import (
    ContentRejectedError,
    NotRetryableError,
    NotUploadedError,
    PhotoNotFoundError,
    PhotosNotCheckedError,
)
from photodrop.observability import logger, metrics
from photodrop.status import Status

MAX_TRIES = 12
"""How many tries a photo has before it fails. A queue delivers a message five times, of which the
last four count as tries, so these are three messages, sent in three different hours."""

LONGEST_WAIT_SECONDS = 6 * 3600
"""The longest wait before the message of a stuck photo is sent again. The wait begins with
STUCK_SECONDS and doubles, so that only seven messages are added in a day."""


def resend_event(photo: Photo) -> None:
    """Send S3's event of a photo's file to the uploads queue again: it may have been lost.

    Does nothing for a photo that is completed or failed. Raises NotUploadedError if S3 has no file.
    """
    if photo.status in (Status.COMPLETED, Status.FAILED):
        return
    stored = storage.find_original(photo.key, photo.version_id)
    if stored is None:
        raise NotUploadedError("S3 has no such file. Upload it first.")
    messages.send_object_created(stored)


def retry(photo: Photo) -> None:
    """Retry a photo that failed through no fault of its file.

    Does nothing for a photo that has not failed.

    Raises NotRetryableError, and PhotoNotFoundError when the photo is deleted in the meantime.
    """
    try:
        retried = lifecycle.retry(
            photo, Status.UPLOADED, due_at=lifecycle.stuck_at(), attempts=0, tries=0
        )
        if photo.status == Status.FAILED:
            raise NotRetryableError
        if retried:
            logger.info("Photo is retried", photo_id=photo.photo_id)
        if photo.status in (Status.UPLOADED, Status.PROCESSING):
            with suppress(NotUploadedError):  # the file is gone: ExpireUploads fails the photo
                resend_event(photo)
    except Photo.DoesNotExist:
        raise PhotoNotFoundError from None


def retry_failed(limit: int) -> tuple[list[Photo], bool]:
    """Retry up to `limit` photos that failed through no fault of their files.

    Returns them, and whether there are more.
    """
    retried: list[Photo] = []
    for shard in range(DUE_SHARDS):
        for found in Photo.by_due.query(retryable_key(shard), limit=limit - len(retried) + 1):
            if len(retried) == limit:
                return retried, True
            with suppress(Photo.DoesNotExist, PhotoNotFoundError, NotRetryableError):
                photo = Photo.get(found.photo_id, PHOTO_ROW, consistent_read=True)
                if photo.status == Status.FAILED:  # otherwise the index is a little behind
                    retry(photo)
                    retried.append(photo)
    return retried, False


def check_due(time_is_left: Callable[[], bool]) -> None:
    """Check every photo that is due, oldest first, while `time_is_left`.

    A pending photo whose upload never came fails. The message of a stuck photo is sent again, at
    growing intervals, because the first one may still wait in its queue. After MAX_TRIES tries the
    photo fails, and can be retried. Photos for which there is no time stay due. An error of one
    photo does not stop the others; PhotosNotCheckedError is raised at the end.
    """
    not_checked = 0
    for photo_id in _due():
        if not time_is_left():
            logger.warning("More photos are due than there was time for")
            break
        logger.append_keys(photo_id=photo_id)
        try:
            check(Photo.get(photo_id, PHOTO_ROW, consistent_read=True))
        except Photo.DoesNotExist:
            logger.info("Photo was deleted")
        except Exception:
            logger.exception("This photo is checked again at the next run")
            not_checked += 1
    if not_checked:
        metrics.add_metric(name="PhotosLeft", unit=MetricUnit.Count, value=not_checked)
        raise PhotosNotCheckedError(
            f"{not_checked} photos could not be checked. The log has each error."
        )


def check(photo: Photo) -> None:
    """Check a photo, unless it is not due: see `check_due`."""
    logger.set_correlation_id(photo.correlation_id)
    if photo.due_at is None or photo.due_at > time.time():
        return  # the index is a little behind
    if photo.is_deleting:
        photo_deletion.delete(photo)  # whoever began it was cut off
        return
    if photo.status == Status.FAILED:
        lifecycle.clean_up_failed(photo)
        return
    if photo.status == Status.COMPLETED:
        lifecycle.clean_up_completed(photo)
        return
    stored = storage.find_original(photo.key, photo.version_id)
    if stored is None:
        _expire(photo)
    elif photo.tries >= MAX_TRIES:
        lifecycle.fail_retryable(photo)
    else:
        messages.send_object_created(stored)
        wait_seconds = min(LONGEST_WAIT_SECONDS, STUCK_SECONDS * 2 ** int(photo.attempts))
        photo.change(attempts=photo.attempts + 1, due_at=int(time.time()) + wait_seconds)
        metrics.add_metric(name="PhotosAskedForAgain", unit=MetricUnit.Count, value=1)


def _due() -> Iterator[str]:
    now = int(time.time())
    for shard in range(DUE_SHARDS):
        for partition in (due_key(shard), retryable_key(shard)):
            for found in Photo.by_due.query(partition, Photo.due_at <= now):
                yield found.photo_id


def _expire(photo: Photo) -> None:
    """Fail a photo of which S3 has no file, unless one can still come."""
    if photo.status != Status.PENDING:
        lifecycle.fail_removed(photo)
    elif photo.upload_method != "MULTIPART" or uploads.deadline(photo) <= time.time():
        lifecycle.fail(photo, ContentRejectedError("UploadExpired", "The file never came."))
    elif multipart.is_too_large(photo):
        why = "More was sent in parts than was announced."
        lifecycle.fail(photo, ContentRejectedError("FileTooLarge", why))
    else:  # its parts were only compared with what is charged
        photo.change(due_at=uploads.next_check_at(photo))
