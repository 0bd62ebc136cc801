"""Multipart uploads: files of up to S3's limits, in parts that can be sent again.

S3 keeps what there is to know of an upload under way: its id, and its parts. The photo's record,
pending from the first call, says whose it is. So an upload goes on from any device, and nothing
has to be kept in step.

Limits are those of "Amazon S3 multipart upload limits" in the Amazon S3 user guide.
"""

import time
from collections.abc import Iterable, Sequence

from photodrop import keys, limits, storage, uploads
from photodrop.access import Caller
from photodrop.config import settings
from photodrop.errors import (
    AlreadyUploadedError,
    ContentRejectedError,
    FieldError,
    FileTooLargeError,
    InvalidRequestError,
    NotPendingError,
    PartMissingError,
    PartTooSmallError,
    SizeMismatchError,
    UploadNotFoundError,
)
from photodrop.models import PHOTO_ROW, Event, Photo
from photodrop.signing import SignedUrl, object_url, presign_url
from photodrop.status import Status
from photodrop.storage import Part
from photodrop.verification import STUCK_SECONDS, end

MAX_PARTS = 10_000
MIN_PART_BYTES = 5 * 1024**2
"""Of every part but the last."""
USUAL_PART_BYTES = 8 * 1024**2
"""Small enough to send again over a phone's connection, large enough to keep requests few."""
MIB = 1024**2


def part_size(size_bytes: int | None) -> int:
    """Return how large the parts of a file should be: whole MiB, and never more than 10,000."""
    needed = -(-(size_bytes or 0) // MAX_PARTS)
    return max(USUAL_PART_BYTES, -(-needed // MIB) * MIB)


def part_count(size_bytes: int) -> int:
    """Return in how many parts of `part_size` a file goes."""
    return -(-size_bytes // part_size(size_bytes))


def begin(
    caller: Caller,
    wish: uploads.Wish,
    *,
    event: Event | None,
    idempotency_key: str | None,
    correlation_id: str,
) -> Photo:
    """Record a pending photo as `uploads.begin` does.

    Raises AlreadyUploadedError too, where the very file is there.
    """
    if same := uploads.find_same(caller, wish, event=event):
        raise AlreadyUploadedError(same.photo_id)
    return uploads.begin(
        caller,
        wish,
        event=event,
        idempotency_key=idempotency_key,
        correlation_id=correlation_id,
    )


def create(photo: Photo) -> str:
    """Begin the multipart upload of a pending photo, or find it begun, and return its id.

    Raises NotPendingError.
    """
    _require_pending(photo)
    begun = storage.find_multiparts(photo.key)
    if begun:  # the same Idempotency-Key came before
        return begun[-1]
    return storage.create_multipart(
        photo.key, photo.content_type, part_checksums=bool(photo.part_checksums)
    )


def sign_create(photo: Photo) -> SignedUrl:
    """Sign the request by which the client itself begins a pending photo's multipart upload."""
    headers = {"Content-Type": photo.content_type}
    if photo.part_checksums:
        headers["x-amz-checksum-algorithm"] = "SHA256"
    return _sign(photo, "POST", {"uploads": ""}, headers=headers)


def find(caller: Caller, key: str) -> Photo:
    """Return the caller's photo whose multipart upload goes to `key`.

    Raises UploadNotFoundError for all others, whether they exist or not.
    """
    photo_id = keys.photo_id(key)
    try:
        photo = Photo.get(photo_id, PHOTO_ROW, consistent_read=True) if photo_id else None
    except Photo.DoesNotExist:
        photo = None
    if photo is None or photo.owner_id != caller.user_id or photo.key != key:
        raise UploadNotFoundError
    return photo


def find_pending(caller: Caller, key: str) -> Photo:
    """Return as `find` does, where parts may still come. Raises NotPendingError too."""
    photo = find(caller, key)
    _require_pending(photo)
    return photo


def sign_part(
    photo: Photo,
    upload_id: str,
    number: int,
    *,
    checksum_sha256: str | None = None,
    ttl_seconds: int | None = None,
) -> SignedUrl:
    """Sign the PUT of one part. It may be signed and sent again at any time.

    `checksum_sha256` is base64. Raises InvalidRequestError when it is missing in an upload that was
    begun with such, or given in one that was not: S3 would refuse the part.
    """
    if bool(photo.part_checksums) != bool(checksum_sha256):
        wrong = "is required" if photo.part_checksums else "is not possible"
        reason = f"{wrong}: metadata.partChecksums decides when the upload begins"
        raise InvalidRequestError([FieldError("checksumSha256", reason)])
    return _sign(
        photo,
        "PUT",
        {"partNumber": str(number), "uploadId": upload_id},
        headers={"x-amz-checksum-sha256": checksum_sha256} if checksum_sha256 else {},
        ttl_seconds=ttl_seconds,
    )


def list_parts(photo: Photo, upload_id: str) -> list[Part]:
    """Return all parts that S3 has. Raises UploadNotFoundError."""
    try:
        return storage.list_parts(photo.key, upload_id)
    except storage.UploadGoneError:
        raise UploadNotFoundError from None


def sign_list(photo: Photo, upload_id: str) -> SignedUrl:
    """Sign the request by which the client itself asks S3 for the parts."""
    return _sign(photo, "GET", {"uploadId": upload_id})


def complete(caller: Caller, key: str, upload_id: str, named: Sequence[tuple[int, str]]) -> Photo:
    """Make the file of the parts that the client names by number and ETag.

    Done twice it is done once. Raises UploadNotFoundError, NotPendingError, PartMissingError,
    PartTooSmallError, SizeMismatchError, FileTooLargeError, LimitExceededError.
    """
    photo = find(caller, key)
    if photo.status == Status.FAILED:
        _require_pending(photo)
    if photo.status != Status.PENDING:
        return photo
    try:
        parts = _chosen(storage.list_parts(key, upload_id), named)
        _check(photo, parts)
        version_id, etag = storage.complete_multipart(key, upload_id, parts)
    except (storage.UploadGoneError, storage.ObjectThereError):
        landed = storage.find_original(key, None)
        if landed is None:
            raise UploadNotFoundError from None
        version_id, etag = landed["versionId"], landed["eTag"]
    # S3's event says the same. Should it be lost, ExpireUploads looks again soon.
    photo.advance(
        Status.UPLOADED,
        version_id=version_id,
        etag=etag,
        due_at=int(time.time()) + STUCK_SECONDS,
    )
    return photo


def sign_complete(photo: Photo, upload_id: str) -> SignedUrl:
    """Sign the request by which the client itself makes the file of all parts that S3 has.

    Their sum is signed with it. Raises as `complete` does.
    """
    parts = list_parts(photo, upload_id)
    if not parts:
        raise PartMissingError("S3 has no part of this upload.")
    _check(photo, parts)
    # From now on the event may come. Should it be lost, ExpireUploads looks again soon.
    photo.change(due_at=int(time.time()) + settings().part_ttl_seconds + STUCK_SECONDS)
    total = sum(part.size_bytes for part in parts)
    headers = {"If-None-Match": "*", "x-amz-mp-object-size": str(total)}
    return _sign(photo, "POST", {"uploadId": upload_id}, headers=headers)


def cancel(caller: Caller, key: str, *, parts_too: bool = True) -> None:
    """End an upload, remove its parts, and free what was charged. Cancelling twice is once.

    `parts_too` False: the client removes them. Raises UploadNotFoundError, and NotPendingError
    when the file is complete.
    """
    photo = find(caller, key)
    if photo.status != Status.FAILED:
        _require_pending(photo)
    if parts_too:  # again, if need be: parts that were on their way may have come since
        storage.abort_multiparts(key)
    if photo.status != Status.FAILED:
        end(photo, ContentRejectedError("UploadCancelled", "The client cancelled the upload."))


def sign_cancel(photo: Photo, upload_id: str) -> SignedUrl:
    """Sign the request by which the client itself removes the parts."""
    return _sign(photo, "DELETE", {"uploadId": upload_id})


def location(photo: Photo) -> str:
    """Return the plain address of a photo's object, which only a signature opens."""
    return object_url(settings().uploads_bucket, photo.key)


def _sign(
    photo: Photo,
    method: str,
    query: dict[str, str],
    *,
    headers: dict[str, str] | None = None,
    ttl_seconds: int | None = None,
) -> SignedUrl:
    longest = settings().part_ttl_seconds
    return presign_url(
        method,
        settings().uploads_bucket,
        photo.key,
        ttl_seconds=min(ttl_seconds or longest, longest),
        headers=headers,
        query=query,
    )


def _require_pending(photo: Photo) -> None:
    if photo.status != Status.PENDING:
        raise NotPendingError(f"The upload is over: the photo is {photo.status}.")


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
        if part.size_bytes < MIN_PART_BYTES:
            raise PartTooSmallError(
                f"Part {part.number} has {part.size_bytes} bytes; all but the last need at least "
                f"{MIN_PART_BYTES}."
            )
    total = sum(part.size_bytes for part in parts)
    if photo.size_bytes is None:
        most = uploads.largest(photo.content_type, photo.upload_method)
        if total > most:
            raise FileTooLargeError(
                f"At most {most} bytes are accepted, and the parts have {total}."
            )
        limits.settle(photo, total)
    if photo.size_bytes != total:
        raise SizeMismatchError(
            f"{int(photo.size_bytes)} bytes were announced, and the parts have {total}."
        )
