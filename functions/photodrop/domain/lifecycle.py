"""A photo's life: its statuses and the transitions between them.

::

    pending ──> uploaded ──> processing ──> completed
       │            │             │
       └────────────┴─────────────┴───────> failed ──> uploaded or processing, when retried

Each transition is one conditional write, which names the statuses that it may start from. So each
is made only once, however often, how late and in which order events and calls arrive. If an upload
is cancelled and completed at the same moment, one of the two wins: either the file is kept and
cancelling is refused, or the photo fails and its file is erased.

A photo that fails is first marked as failed, and then its file is erased. If this is cut off in
between, the next delivery of the message finishes it, or ExpireUploads: it checks every failed
photo once more when no file can land for it any longer. So it does with a completed photo that was
sent in parts, because a client may have begun several multipart uploads of the same file.
"""

from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from photodrop.aws import storage
from photodrop.aws.tables import PHOTO_ROW, Failure, Photo
from photodrop.clock import epoch_seconds, in_days
from photodrop.config import settings
from photodrop.domain import photo_deletion, uploads
from photodrop.errors import ContentRejectedError, NotPendingError
from photodrop.observability import logger, metrics
from photodrop.status import Status

MAY_FOLLOW: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        Status.PENDING: frozenset(),
        Status.UPLOADED: frozenset({Status.PENDING}),
        Status.PROCESSING: frozenset({Status.UPLOADED}),
        Status.COMPLETED: frozenset({Status.PROCESSING}),
        Status.FAILED: frozenset({Status.PENDING, Status.UPLOADED, Status.PROCESSING}),
    }
)
"""The statuses that each status may follow. Only `retry` leads back, from failed."""

STUCK_SECONDS = 900
"""A photo without any progress for so long counts as stuck: its message may be lost."""

FAILED_DAYS = 30
"""For how long the record of a failed photo is kept, so that its owner can see why it failed."""


def advance(photo: Photo, to: Status, **changes: Any) -> bool:
    """Take a photo to its next status, unless somebody else has done so in the meantime.

    Returns False if somebody else has; `photo` is then what the table has now. `changes` are
    further attributes to set. A photo fails only from the status that `photo` had when this was
    called: an upload that landed in the meantime must not fail as expired. The owner stays charged
    until `release`. Raises Photo.DoesNotExist for a photo that was deleted.
    """
    allowed_from = MAY_FOLLOW[to]
    if to == Status.FAILED:
        allowed_from &= {Status(photo.status)}
    if to != Status.COMPLETED:
        changes |= {"attempts": 0, "tries": 0}  # they are counted for each status
    while photo.status in allowed_from:
        if to == Status.COMPLETED:
            changes["due_at"] = _due_when_completed(photo)
        if photo.change(status=to, **changes):
            return True
    return False


def retry(photo: Photo, to: Status, **changes: Any) -> bool:
    """Take a photo back to the status `to` if it failed through no fault of its file.

    Returns False for any other photo. Raises Photo.DoesNotExist for a photo that was deleted.
    """
    while photo.status == Status.FAILED and photo.is_retryable:
        if photo.change(status=to, failure=None, is_retryable=None, **changes):
            return True
    return False


def retry_or_erase(photo: Photo, to: Status) -> None:
    """Handle a message for a photo that has failed.

    If it failed through no fault of its file, it is taken back to the status `to`. Otherwise what
    is left of its file is erased. Raises Photo.DoesNotExist for a photo that was deleted.
    """
    if retry(photo, to, due_at=stuck_at()):
        logger.info("Photo is retried")
    elif photo.status == Status.FAILED:
        erase_failed(photo)  # an earlier delivery may have been cut off before it did


def fail(photo: Photo, refusal: ContentRejectedError) -> None:
    """Fail a photo because of its file: record why, erase the file, and release its charge.

    Does nothing if the photo's status has changed in the meantime. Raises Photo.DoesNotExist for a
    photo that was deleted.
    """
    if _fail(photo, refusal, remove_at=in_days(FAILED_DAYS), due_at=_last_arrival_at(photo)):
        erase_failed(photo)


def fail_removed(photo: Photo) -> None:
    """Fail a photo whose file is no longer in the bucket. See `fail`."""
    fail(photo, ContentRejectedError("UploadRemoved", "The file was removed again."))


def fail_retryable(photo: Photo) -> None:
    """Fail a photo that was tried too often, through no fault of its file. The file is kept.

    `retry` can take it back for FAILED_DAYS. After that it is deleted.
    """
    refusal = ContentRejectedError(
        "ProcessingFailed", "We could not process this photo. It is kept, to be tried again."
    )
    _fail(photo, refusal, is_retryable=True, due_at=in_days(FAILED_DAYS))


def cancel(photo: Photo, message: str) -> None:
    """Fail a pending photo because its client cancels the upload, and remove its parts.

    Can be repeated. Raises NotPendingError if the file has arrived, and Photo.DoesNotExist for a
    photo that was deleted. A file that lands later is erased when its event comes.
    """
    if photo.status == Status.PENDING:
        refusal = ContentRejectedError("UploadCancelled", message)
        _fail(photo, refusal, remove_at=in_days(FAILED_DAYS), due_at=_last_arrival_at(photo))
    if photo.status != Status.FAILED:
        raise NotPendingError(f"The file has arrived: the photo is {photo.status}.")
    abort_parts(photo)  # a repeated call aborts again: parts may have landed since the first one
    photo.release()


def erase_failed(photo: Photo) -> None:
    """Erase what is left of a failed photo's file, then release its charge. Can be repeated."""
    if photo.upload_method == "MULTIPART" and photo.etag is None:
        storage.abort_multiparts(photo.key)
    storage.erase_original(photo.key)
    photo.release()


def clean_up_completed(photo: Photo) -> None:
    """Abort what is left of multipart uploads, once no part can be sent any longer."""
    abort_parts(photo)
    photo.change(due_at=None)


def abort_parts(photo: Photo) -> None:
    """Abort every multipart upload to a photo's key, if it is sent in parts."""
    if photo.upload_method == "MULTIPART":
        storage.abort_multiparts(photo.key)


def clean_up_failed(photo: Photo) -> None:
    """Clean up a failed photo for which no file can land any longer.

    A file that landed late is erased, and thumbnails that are left. A photo that could be retried,
    and was not, is deleted.
    """
    if not photo.is_retryable:
        abort_parts(photo)
        erase_failed(photo)
        storage.erase_thumbnails(photo.key)  # whoever made them may have been cut off
        photo.change(due_at=None)
    elif photo.change(status=Status.FAILED, is_retryable=None, remove_at=in_days(1)):
        # Now nobody can retry it. If deleting it is cut off, the next run erases its file.
        photo_deletion.delete(photo)


def count_try(photo_id: str) -> None:
    """Count that a message for this photo was delivered again: an earlier try did not succeed.

    Does nothing for a photo that is completed, failed or deleted.
    """
    with suppress(Photo.DoesNotExist):
        photo = Photo.get(photo_id, PHOTO_ROW, consistent_read=True)
        while photo.status not in (Status.COMPLETED, Status.FAILED):
            if photo.change(tries=photo.tries + 1):
                return


def stuck_at() -> int:
    """Return when a photo whose message is sent now counts as stuck, in epoch seconds."""
    return epoch_seconds() + STUCK_SECONDS


def _fail(photo: Photo, refusal: ContentRejectedError, **changes: Any) -> bool:
    """Fail a photo. Returns False if its status has changed in the meantime."""
    failure = Failure(code=refusal.code, message=refusal.message)
    if not advance(photo, Status.FAILED, failure=failure, **changes):
        return False
    metrics.add_metric(name="PhotosFailed", unit=MetricUnit.Count, value=1)
    logger.warning("Photo failed", failure_code=refusal.code)
    return True


def _due_when_completed(photo: Photo) -> int | None:
    """Return when ExpireUploads has to check a completed photo, in epoch seconds, or None."""
    if photo.is_deleting:
        return int(photo.due_at)
    return _last_arrival_at(photo) if photo.upload_method == "MULTIPART" else None


def _last_arrival_at(photo: Photo) -> int:
    """Return until when a file can still land by what was signed, in epoch seconds."""
    if photo.upload_method == "MULTIPART":
        return epoch_seconds() + settings().part_ttl_seconds + uploads.TRANSFER_SECONDS
    return max(stuck_at(), uploads.deadline(photo))
