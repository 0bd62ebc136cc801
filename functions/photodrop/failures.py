"""How photos fail, and what becomes of their files.

A photo fails by one conditional write, from the status in which it was found. So of an upload that
is cancelled and completed at the same moment, one wins: the file is kept and the cancelling is
refused, or the photo has failed and the file is removed. The record comes first and the file
second. Whoever is cut off in between leaves the rest to the next delivery of the message, or to
ExpireUploads, for which a failed photo is due once more when nothing can land any longer.
"""

import time

from aws_lambda_powertools.metrics import MetricUnit

from photodrop import storage, uploads
from photodrop.config import settings
from photodrop.errors import ContentRejectedError, NotPendingError
from photodrop.models import Failure, Photo, in_days
from photodrop.observability import logger, metrics
from photodrop.status import Status

STUCK_SECONDS = 900
"""A photo that has not gone on for so long is asked for again: its message was lost."""

FAILED_DAYS = 30
"""For how long an owner can see that a photo failed, and why."""


def fail(photo: Photo, refusal: ContentRejectedError) -> None:
    """End a photo for good: its owner is refunded and told why, and its file leaves sight.

    Does nothing when another has taken the photo on in the meantime. Raises Photo.DoesNotExist for
    a photo that was deleted.
    """
    if _end(photo, refusal):
        finish(photo)


def cancel(photo: Photo, message: str, *, parts_too: bool = True) -> None:
    """End a pending upload at its client's word, and remove its parts. Doing it twice is once.

    `parts_too` False: the client removes them. Raises NotPendingError when the file has arrived,
    and Photo.DoesNotExist for a photo that was deleted. A file that lands afterwards is removed
    when its event comes.
    """
    if photo.status == Status.PENDING:
        _end(photo, ContentRejectedError("UploadCancelled", message))
    if photo.status != Status.FAILED:
        raise NotPendingError(f"The file has arrived: the photo is {photo.status}.")
    if parts_too and photo.upload_method == "MULTIPART":
        # Again, if need be: parts that were on their way may have come since.
        storage.abort_multiparts(photo.key)


def finish(photo: Photo) -> None:
    """Take what is left of a failed photo's file out of sight. Doing it twice is once."""
    if photo.upload_method == "MULTIPART" and photo.etag is None:
        storage.abort_multiparts(photo.key)
    if storage.find_original(photo.key, None) is not None:
        storage.hide_original(photo.key)


def look_last(photo: Photo) -> None:
    """Finish a failed photo for which nothing can land any longer."""
    finish(photo)
    photo.change(due_at=None)


def _end(photo: Photo, refusal: ContentRejectedError) -> bool:
    """Return False when another has taken the photo on; then it is as they left it."""
    if not photo.advance(
        Status.FAILED,
        failure=Failure(code=refusal.code, message=refusal.message),
        remove_at=in_days(FAILED_DAYS),
        due_at=_last_look_at(photo),
    ):
        return False
    metrics.add_metric(name="PhotosFailed", unit=MetricUnit.Count, value=1)
    logger.warning("Photo failed", failure_code=refusal.code)
    return True


def _last_look_at(photo: Photo) -> int:
    """Return the moment from which on nothing can land by what was signed, in epoch seconds."""
    now = int(time.time())
    if photo.upload_method == "MULTIPART":
        return now + settings().part_ttl_seconds + uploads.TRANSFER_SECONDS
    return max(now + STUCK_SECONDS, uploads.deadline(photo))
