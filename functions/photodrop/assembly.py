"""Multipart uploads, as far as S3 has to be asked: begun, listed, completed, cancelled."""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from photodrop import failures, membership, multipart, storage, uploads
from photodrop.access import Caller
from photodrop.config import settings
from photodrop.errors import (
    FileTooLargeError,
    NotPendingError,
    PartMissingError,
    PartTooSmallError,
    RequestError,
    SizeMismatchError,
    UploadConflictError,
    UploadNotFoundError,
)
from photodrop.failures import STUCK_SECONDS
from photodrop.models import Photo
from photodrop.status import Status
from photodrop.storage import Part


def create(photo: Photo, *, may_be_begun: bool) -> str:
    """Begin the multipart upload of a pending photo and return its id.

    `may_be_begun`: the same request may have come before; then the upload is found that it began.
    Raises NotPendingError.
    """
    multipart.require_pending(photo)
    if may_be_begun and (begun := storage.find_multiparts(photo.key)):
        return begun[-1]
    return storage.create_multipart(
        photo.key, photo.content_type, part_checksums=bool(photo.part_checksums)
    )


def list_parts(photo: Photo, upload_id: str) -> list[Part]:
    """Return all parts that S3 has. Raises UploadNotFoundError."""
    try:
        return storage.list_parts(photo.key, upload_id)
    except storage.UploadGoneError:
        raise UploadNotFoundError from None


def is_too_large(photo: Photo) -> bool:
    """Tell whether S3 has more in parts of a pending upload than is charged for it.

    Parts whose client did not say how it divides the file are signed without their length, and a
    client may begin an upload of the same file more than once.
    """
    stored = 0
    for upload_id in storage.find_multiparts(photo.key):
        with suppress(storage.UploadGoneError):  # a moment ago
            stored += sum(part.size_bytes for part in storage.list_parts(photo.key, upload_id))
    return stored > uploads.largest_of(photo)


def complete(caller: Caller, key: str, upload_id: str, named: Sequence[tuple[int, str]]) -> Photo:
    """Make the file of the parts that the client names by number and ETag.

    Done twice it is done once. Raises UploadNotFoundError, NotPendingError, PartMissingError,
    PartTooSmallError, SizeMismatchError, FileTooLargeError, UploadConflictError, and
    EventNotFoundError when the caller belongs to its event no more.
    """
    photo = multipart.find(caller, key)
    try:
        if photo.status == Status.PENDING:
            membership.require(caller, photo.event_id)
            _complete(photo, upload_id, named)
    except Photo.DoesNotExist:  # it was deleted in the meantime; its file goes when its event comes
        raise UploadNotFoundError from None
    if photo.status == Status.FAILED:  # it may have been cancelled in the meantime
        multipart.require_pending(photo)
    return photo


def require_complete(photo: Photo, upload_id: str) -> int:
    """Check all parts that S3 has, for a client that completes the upload itself.

    Returns their sum in bytes. Raises as `complete` does.
    """
    parts = list_parts(photo, upload_id)
    if not parts:
        raise PartMissingError("S3 has no part of this upload.")
    due_at = int(time.time()) + settings().part_ttl_seconds + STUCK_SECONDS
    try:
        _check(photo, parts)
        multipart.require_pending(photo)
        # From now on the event may come. Should it be lost, ExpireUploads looks again soon.
        while not photo.change(due_at=due_at):
            multipart.require_pending(photo)
    except Photo.DoesNotExist:
        raise UploadNotFoundError from None
    return sum(part.size_bytes for part in parts)


def cancel(photo: Photo) -> None:
    """End an upload, remove its parts, and free what was charged. Cancelling twice is once.

    Raises NotPendingError when the file is complete, and UploadNotFoundError when the photo is
    deleted in the meantime.
    """
    try:
        failures.cancel(photo, "The client cancelled the upload.")
    except Photo.DoesNotExist:
        raise UploadNotFoundError from None


def _complete(photo: Photo, upload_id: str, named: Sequence[tuple[int, str]]) -> None:
    try:
        parts = _chosen(storage.list_parts(photo.key, upload_id), named)
        _check(photo, parts)
        version_id, etag = storage.complete_multipart(photo.key, upload_id, parts)
    except (storage.UploadGoneError, storage.ObjectThereError, storage.ConflictError) as error:
        # The same call may have come before, or at the same moment.
        landed = storage.find_original(photo.key, None)
        if landed is None:
            raise _why_not_there(photo, error) from None
        version_id, etag = landed["versionId"], landed["eTag"]
    # S3's event says the same. Should it be lost, ExpireUploads looks again soon.
    photo.advance(
        Status.UPLOADED,
        version_id=version_id,
        etag=etag,
        due_at=int(time.time()) + STUCK_SECONDS,
    )


def _why_not_there(photo: Photo, error: Exception) -> RequestError:
    photo.reload()
    if photo.status != Status.PENDING:
        return NotPendingError(f"The upload is over: the photo is {photo.status}.")
    if isinstance(error, storage.ConflictError):
        return UploadConflictError()
    return UploadNotFoundError()


def _chosen(stored: Iterable[Part], named: Sequence[tuple[int, str]]) -> list[Part]:
    by_number = {part.number: part for part in stored}
    chosen = {}
    for number, etag in named:
        part = by_number.get(number)
        if part is None or part.etag != etag.strip('"'):
            raise PartMissingError(f"S3 has no part {number} with this ETag. Send it again.")
        chosen[number] = part
    return [chosen[number] for number in sorted(chosen)]


def _check(photo: Photo, parts: Sequence[Part]) -> None:
    """Check the parts' sizes, each and together, and charge for what was not announced."""
    for part in parts[:-1]:
        if part.size_bytes < multipart.MIN_PART_BYTES:
            raise PartTooSmallError(
                f"Part {part.number} has {part.size_bytes} bytes; all but the last need at least "
                f"{multipart.MIN_PART_BYTES}."
            )
    total = sum(part.size_bytes for part in parts)
    if photo.size_bytes is None:
        most = uploads.largest_of(photo)
        if total > most:
            raise FileTooLargeError(
                f"At most {most} bytes are accepted of a file whose size was not announced, and "
                f"the parts have {total}."
            )
        photo.settle_size(total)
        if photo.status == Status.FAILED:  # cancelled in the meantime
            multipart.require_pending(photo)
    if photo.size_bytes != total:
        raise SizeMismatchError(
            f"{int(photo.size_bytes)} bytes were announced, and the parts have {total}."
        )
