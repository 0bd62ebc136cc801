"""A photo's life: its statuses, the steps between them, and how it ends.

::

    pending ──> uploaded ──> processing ──> completed
       │            │             │
       └────────────┴─────────────┴───────> failed ──> uploaded or processing, when retried

Each step is one conditional write, from a status that may precede it. So however often, late or out
of order events and calls arrive, each step is taken once. Of an upload that is cancelled and
completed at the same moment one wins: the file is kept and the cancelling is refused, or the photo
has failed and its file is erased. The record is always written first and the file erased second.
Whatever is cut off in between is done by the next delivery of the message, or by ExpireUploads:
a failed photo is due once more when nothing can land any longer.
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
from photodrop.domain import photos, uploads
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
"""A photo that has made no step for so long is processed again: its message was lost."""

FAILED_DAYS = 30
"""For how long an owner can see that a photo failed, and why."""


def advance(photo: Photo, to: Status, **changes: Any) -> bool:
    """Take a photo to its next status, unless somebody else has taken it on in the meantime.

    Returns False when the step was taken already; then the record is as the table has it.
    `changes` are further attributes. A photo fails only from the status that this record has: who
    finds that an upload never came does not end one that came in the meantime. The owner stays
    charged until `release`. Raises Photo.DoesNotExist for a photo that was deleted.
    """
    before = MAY_FOLLOW[to]
    if to == Status.FAILED:
        before &= {Status(photo.status)}
    if to == Status.COMPLETED:
        changes["due_at"] = None
    else:
        changes |= {"attempts": 0, "tries": 0}  # they are counted anew for the next step
    while photo.status in before:
        if photo.change(status=to, **changes):
            return True
    return False


def retry(photo: Photo, to: Status, **changes: Any) -> bool:
    """Take a photo that failed through no fault of its file back to the status `to`.

    Returns False for any other. Raises Photo.DoesNotExist for a photo that was deleted.
    """
    while photo.status == Status.FAILED and photo.is_retryable:
        if photo.change(status=to, failure=None, is_retryable=None, **changes):
            return True
    return False


def resume(photo: Photo, to: Status) -> None:
    """Go on with a failed photo for which a message has come.

    If it failed through no fault of its file it is taken back to the status `to`. Of any other,
    what is left of its file is erased. Raises Photo.DoesNotExist for a photo that was deleted.
    """
    if retry(photo, to, due_at=stuck_at()):
        logger.info("Photo is tried again")
    elif photo.status == Status.FAILED:
        erase_failed(photo)  # an earlier delivery may have been cut off before it did


def fail(photo: Photo, refusal: ContentRejectedError) -> None:
    """Fail a photo because of its file: its owner is told why, and the file is erased and refunded.

    Does nothing when somebody else has taken the photo on in the meantime. Raises
    Photo.DoesNotExist for a photo that was deleted.
    """
    if _fail(photo, refusal, remove_at=in_days(FAILED_DAYS), due_at=_last_landing_at(photo)):
        erase_failed(photo)


def fail_retryable(photo: Photo) -> None:
    """Fail a photo that was tried too often, through no fault of its file, which is kept.

    `retry` takes it back. After FAILED_DAYS it is deleted.
    """
    why = ContentRejectedError(
        "ProcessingFailed", "We could not process this photo. It is kept, to be tried again."
    )
    _fail(photo, why, is_retryable=True, due_at=in_days(FAILED_DAYS))


def cancel(photo: Photo, message: str) -> None:
    """Fail a pending photo because its client gave the upload up, and remove its parts.

    Cancelling twice is the same as once. Raises NotPendingError when the file has arrived, and
    Photo.DoesNotExist for a photo that was deleted. A file that lands afterwards is erased when
    its event comes.
    """
    if photo.status == Status.PENDING:
        why = ContentRejectedError("UploadCancelled", message)
        _fail(photo, why, remove_at=in_days(FAILED_DAYS), due_at=_last_landing_at(photo))
    if photo.status != Status.FAILED:
        raise NotPendingError(f"The file has arrived: the photo is {photo.status}.")
    if photo.upload_method == "MULTIPART":
        # Also the second time: parts that were on their way may have come since.
        storage.abort_multiparts(photo.key)
    photo.release()


def erase_failed(photo: Photo) -> None:
    """Erase what is left of a failed photo's file, then refund it. Twice is the same as once."""
    if photo.upload_method == "MULTIPART" and photo.etag is None:
        storage.abort_multiparts(photo.key)
    storage.erase_original(photo.key)
    photo.release()


def close_failed(photo: Photo) -> None:
    """Settle a failed photo for which nothing can land any longer.

    If it could have been retried and was not in FAILED_DAYS, it is deleted.
    """
    if not photo.is_retryable:
        erase_failed(photo)
        photo.change(due_at=None)
    elif photo.change(status=Status.FAILED, is_retryable=None, remove_at=in_days(1)):
        # From here on nobody can retry it. If the deletion is cut off, the next run erases it.
        photos.delete(photo)


def count_try(photo_id: str) -> None:
    """Note that a message for this photo is delivered again: an earlier try did not succeed.

    Does nothing for a photo that is completed, failed or deleted.
    """
    with suppress(Photo.DoesNotExist):
        photo = Photo.get(photo_id, PHOTO_ROW, consistent_read=True)
        while photo.status not in (Status.COMPLETED, Status.FAILED):
            if photo.change(tries=photo.tries + 1):
                return


def stuck_at() -> int:
    """Return when a photo counts as stuck whose message is sent now, in epoch seconds."""
    return epoch_seconds() + STUCK_SECONDS


def _fail(photo: Photo, refusal: ContentRejectedError, **changes: Any) -> bool:
    """Return False when somebody else has taken the photo on; then it is as they left it."""
    failure = Failure(code=refusal.code, message=refusal.message)
    if not advance(photo, Status.FAILED, failure=failure, **changes):
        return False
    metrics.add_metric(name="PhotosFailed", unit=MetricUnit.Count, value=1)
    logger.warning("Photo failed", failure_code=refusal.code)
    return True


def _last_landing_at(photo: Photo) -> int:
    """Return from when on nothing can land by what was signed, in epoch seconds."""
    if photo.upload_method == "MULTIPART":
        return epoch_seconds() + settings().part_ttl_seconds + uploads.TRANSFER_SECONDS
    return max(stuck_at(), uploads.deadline(photo))
