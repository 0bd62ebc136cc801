"""How photos fail, and what becomes of their files.

A photo fails by one conditional write, from the status in which it was found. So of an upload that
is cancelled and completed at the same moment, one wins: the file is kept and the cancelling is
refused, or the photo has failed and the file is removed. The record comes first and the file
second. Whoever is cut off in between leaves the rest to the next delivery of the message, or to
ExpireUploads, for which a failed photo is due once more when nothing can land any longer.
"""

import time
from contextlib import suppress
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from photodrop import changes, storage, uploads
from photodrop.config import settings
from photodrop.errors import ContentRejectedError, NotPendingError
from photodrop.models import PHOTO_ROW, Failure, Photo, in_days
from photodrop.observability import logger, metrics
from photodrop.status import Status

STUCK_SECONDS = 900
"""A photo that has not gone on for so long is asked for again: its message was lost."""

FAILED_DAYS = 30
"""For how long an owner can see that a photo failed, and why."""


def fail(photo: Photo, refusal: ContentRejectedError) -> None:
    """End a photo for good: its owner is told why, its file is erased, and then refunded.

    Does nothing when another has taken the photo on in the meantime. Raises Photo.DoesNotExist for
    a photo that was deleted.
    """
    if _end(photo, refusal):
        finish(photo)


def cancel(photo: Photo, message: str) -> None:
    """End a pending upload at its client's word, and remove its parts. Doing it twice is once.

    Raises NotPendingError when the file has arrived, and Photo.DoesNotExist for a photo that was
    deleted. A file that lands afterwards is erased when its event comes.
    """
    if photo.status == Status.PENDING:
        _end(photo, ContentRejectedError("UploadCancelled", message))
    if photo.status != Status.FAILED:
        raise NotPendingError(f"The file has arrived: the photo is {photo.status}.")
    if photo.upload_method == "MULTIPART":
        # Again, if need be: parts that were on their way may have come since.
        storage.abort_multiparts(photo.key)
    photo.release()


def count_try(photo_id: str) -> None:
    """Note that a message for this photo is delivered again: an earlier try did not succeed.

    Does nothing for one that is not under way.
    """
    with suppress(Photo.DoesNotExist):
        photo = Photo.get(photo_id, PHOTO_ROW, consistent_read=True)
        while photo.status not in (Status.COMPLETED, Status.FAILED):
            if photo.change(tries=photo.tries + 1):
                return


def give_up(photo: Photo) -> None:
    """End a photo that was tried too often, by our fault: its file is kept, for another try."""
    why = ContentRejectedError(
        "ProcessingFailed", "We could not process this photo. It is kept, to be tried again."
    )
    _end(photo, why, is_retryable=True, due_at=in_days(FAILED_DAYS))


def resume(photo: Photo, to: Status) -> None:
    """Go on with a failed photo for which a message has come.

    One that failed by our fault is taken back to the status `to`. For any other it is done what is
    left to do. Raises Photo.DoesNotExist for a photo that was deleted.
    """
    if photo.retry(to, due_at=stuck_at()):
        logger.info("Photo is tried again")
    elif photo.status == Status.FAILED:
        finish(photo)  # an earlier delivery may have been cut off before it could


def finish(photo: Photo) -> None:
    """Erase what is left of a failed photo's file, and refund it then. Doing it twice is once."""
    if photo.upload_method == "MULTIPART" and photo.etag is None:
        storage.abort_multiparts(photo.key)
    storage.erase_original(photo.key)
    photo.release()


def look_last(photo: Photo) -> None:
    """Finish a failed photo for which nothing can land any longer.

    One that failed by our fault, and was not tried again in FAILED_DAYS, is erased whole.
    """
    if not photo.is_retryable:
        finish(photo)
        photo.change(due_at=None)
    elif photo.change(status=Status.FAILED, is_retryable=None, remove_at=in_days(1)):
        changes.delete(photo)  # from here on nobody can retry it; should this be cut off, see above


def stuck_at() -> int:
    """Return when a photo that is asked for now has to be asked for again, in epoch seconds."""
    return int(time.time()) + STUCK_SECONDS


def _end(photo: Photo, refusal: ContentRejectedError, **kept: Any) -> bool:
    """Return False when another has taken the photo on; then it is as they left it."""
    what_is_left = kept or {"remove_at": in_days(FAILED_DAYS), "due_at": _last_look_at(photo)}
    if not photo.advance(
        Status.FAILED,
        failure=Failure(code=refusal.code, message=refusal.message),
        **what_is_left,
    ):
        return False
    metrics.add_metric(name="PhotosFailed", unit=MetricUnit.Count, value=1)
    logger.warning("Photo failed", failure_code=refusal.code)
    return True


def _last_look_at(photo: Photo) -> int:
    """Return the moment from which on nothing can land by what was signed, in epoch seconds."""
    if photo.upload_method == "MULTIPART":
        return int(time.time()) + settings().part_ttl_seconds + uploads.TRANSFER_SECONDS
    return max(stuck_at(), uploads.deadline(photo))
