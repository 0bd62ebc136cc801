"""Multipart uploads, where the service calls S3: beginning, listing, completing and cancelling.

Requests that the client itself sends to S3 are signed in `multipart_signing`.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress

from photodrop.aws import storage
from photodrop.aws.storage import Part
from photodrop.aws.tables import Photo
from photodrop.clock import epoch_seconds
from photodrop.config import settings
from photodrop.domain import lifecycle, membership, permissions, uploads
from photodrop.domain.callers import Caller
from photodrop.domain.lifecycle import STUCK_SECONDS
from photodrop.domain.multipart_signing import MIN_PART_BYTES
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
from photodrop.status import Status


def begin(photo: Photo, *, may_be_repeated: bool) -> str:
    """Begin the multipart upload of a pending photo and return its id.

    With `may_be_repeated`, the same request may have come before. Then the upload that it began is
    returned. Raises NotPendingError.
    """
    uploads.require_pending(photo)
    if may_be_repeated and (begun := storage.list_multiparts(photo.key)):
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
    """Tell whether the parts of a pending upload in S3 are larger than what is charged for it.

    This can happen because parts are signed without their length if the client did not announce its
    part size, and because a client may begin several multipart uploads of the same file.
    """
    stored = 0
    for upload_id in storage.list_multiparts(photo.key):
        with suppress(storage.UploadGoneError):  # it ended in the meantime
            stored += sum(part.size_bytes for part in storage.list_parts(photo.key, upload_id))
    return stored > uploads.max_bytes_of(photo)


def complete(
    caller: Caller, key: str, upload_id: str, named_parts: Sequence[tuple[int, str]]
) -> Photo:
    """Join the parts that the client names by number and ETag into one file.

    Can be repeated. A file that arrived and was refused has been uploaded all the same: the photo
    says why it failed. Raises UploadNotFoundError, NotPendingError, PartMissingError,
    PartTooSmallError, SizeMismatchError, FileTooLargeError, UploadConflictError, and
    EventNotFoundError when the caller no longer belongs to its event.
    """
    photo = permissions.find_upload(caller, key)
    try:
        if photo.status == Status.PENDING:
            membership.require(caller, photo.event_id)
            _complete(photo, upload_id, named_parts)
    except Photo.DoesNotExist:  # deleted in the meantime; its file is erased when its event comes
        raise UploadNotFoundError from None
    if photo.status == Status.FAILED and photo.etag is None:  # cancelled, maybe in the meantime
        uploads.require_pending(photo)
    return photo


def require_complete(photo: Photo, upload_id: str) -> int:
    """Check all parts that S3 has, before the client itself completes the upload.

    Returns their total size in bytes. Raises the errors of `complete`.
    """
    parts = list_parts(photo, upload_id)
    if not parts:
        raise PartMissingError("S3 has no part of this upload.")
    due_at = epoch_seconds() + settings().part_ttl_seconds + STUCK_SECONDS
    try:
        _check_sizes(photo, parts)
        uploads.require_pending(photo)
        # S3's event may come from now on. If it is lost, ExpireUploads checks the photo soon.
        while not photo.change(due_at=due_at):
            uploads.require_pending(photo)
    except Photo.DoesNotExist:
        raise UploadNotFoundError from None
    return sum(part.size_bytes for part in parts)


def cancel(photo: Photo) -> None:
    """Cancel an upload: its photo fails, its parts are removed, its charge is released.

    Can be repeated. Raises NotPendingError when the file is complete, and UploadNotFoundError when
    the photo is deleted in the meantime.
    """
    try:
        lifecycle.cancel(photo, "The client cancelled the upload.")
    except Photo.DoesNotExist:
        raise UploadNotFoundError from None


def _complete(photo: Photo, upload_id: str, named_parts: Sequence[tuple[int, str]]) -> None:
    try:
        parts = _select_parts(storage.list_parts(photo.key, upload_id), named_parts)
        _check_sizes(photo, parts)
        version_id, etag = storage.complete_multipart(photo.key, upload_id, parts)
    except (storage.UploadGoneError, storage.ObjectExistsError, storage.ConflictError) as error:
        # The same request may have completed the upload before, or at the same moment.
        stored = storage.find_original(photo.key, None)
        if stored is None:
            raise _completion_error(photo, error) from None
        version_id, etag = stored["versionId"], stored["eTag"]
    # S3's event reports this too. If it is lost, ExpireUploads checks the photo soon.
    lifecycle.advance(
        photo,
        Status.UPLOADED,
        version_id=version_id,
        etag=etag,
        due_at=lifecycle.stuck_at(),
    )


def _completion_error(photo: Photo, error: Exception) -> RequestError:
    photo.reload()
    if photo.status != Status.PENDING:
        return NotPendingError(f"The upload is over: the photo is {photo.status}.")
    if isinstance(error, storage.ConflictError):
        return UploadConflictError()
    return UploadNotFoundError()


def _select_parts(stored: Iterable[Part], named_parts: Sequence[tuple[int, str]]) -> list[Part]:
    by_number = {part.number: part for part in stored}
    chosen = {}
    for number, etag in named_parts:
        part = by_number.get(number)
        if part is None or part.etag != etag.strip('"'):
            raise PartMissingError(f"S3 has no part {number} with this ETag. Send it again.")
        chosen[number] = part
    return [chosen[number] for number in sorted(chosen)]


def _check_sizes(photo: Photo, parts: Sequence[Part]) -> None:
    """Check the size of each part and their total, and charge a total that was not announced."""
    for part in parts[:-1]:
        if part.size_bytes < MIN_PART_BYTES:
            raise PartTooSmallError(
                f"Part {part.number} has {part.size_bytes} bytes; all but the last need at least "
                f"{MIN_PART_BYTES}."
            )
    total = sum(part.size_bytes for part in parts)
    if photo.size_bytes is None:
        most = uploads.max_bytes_of(photo)
        if total > most:
            raise FileTooLargeError(
                f"At most {most} bytes are accepted of a file whose size was not announced, and "
                f"the parts have {total}."
            )
        photo.set_size(total)
        if photo.status == Status.FAILED:  # cancelled in the meantime
            uploads.require_pending(photo)
    if photo.size_bytes != total:
        raise SizeMismatchError(
            f"{int(photo.size_bytes)} bytes were announced, and the parts have {total}."
        )
