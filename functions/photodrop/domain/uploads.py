"""Beginning an upload: the pending record, and the grant to send the file straight to S3."""

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

from aws_lambda_powertools.metrics import MetricUnit

from photodrop import file_types, keys
from photodrop.aws import signing
from photodrop.aws.signing import SignedPost, SignedUrl
from photodrop.aws.tables import (
    PHOTO_ROW,
    Event,
    IdempotencyRecord,
    Photo,
    Student,
    checksum_key,
    list_key,
    student_scope,
)
from photodrop.clock import epoch_seconds, now_iso
from photodrop.config import settings
from photodrop.domain import limits, membership, permissions
from photodrop.domain.callers import Caller
from photodrop.errors import (
    AlreadyUploadedError,
    ContentRejectedError,
    FileTooLargeError,
    IdempotencyKeyReusedError,
    LimitExceededError,
    NotPendingError,
    RequestError,
    StudentNotFoundError,
)
from photodrop.observability import logger, metrics
from photodrop.status import Status

TRANSFER_SECONDS = 3600
"""How long a transfer may take. S3 checks that a grant has not expired only when it begins."""

MAX_PENDING_PICTURES = 10
"""How many uploads of one student's picture may be pending. Nobody is charged for their bytes."""

PARTS_CHECK_SECONDS = 3600
"""How often the parts that S3 has of a pending upload are compared with what is charged for it."""

MAX_SINGLE_BYTES = 5 * 1024**3
"""Amazon S3's limit for one PUT or POST request. Larger files need a multipart upload."""


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """A file that somebody wants to upload.

    `size_bytes` is None if the client does not announce it.
    """

    file_name: str
    content_type: str
    size_bytes: int | None
    method: Literal["PUT", "POST", "MULTIPART"]
    title: str | None = None
    description: str | None = None
    tags: list[str] = field(default_factory=list)
    checksum_sha256: str | None = None
    part_checksums: bool = False
    """Whether each part of a multipart upload is sent with its SHA-256."""
    part_size_bytes: int | None = None
    """The size of each part of a multipart upload but the last, if the client announces it."""


def find_existing(
    caller: Caller, request: UploadRequest, *, event: Event | None = None
) -> Photo | None:
    """Return the caller's completed photo of this very file in the same scope, or None.

    It is found by the file's SHA-256, if the client announces it.
    """
    if request.checksum_sha256 is None:
        return None
    event_id = event.event_id if event else None
    partition = checksum_key(caller.user_id, event_id, request.checksum_sha256)
    for found in Photo.by_checksum.query(partition, limit=1):
        try:
            photo = Photo.get(found.photo_id, PHOTO_ROW)
        except Photo.DoesNotExist:  # the index is a little behind
            return None
        _count("UploadsSpared")
        return photo
    return None


def begin_unless_uploaded(
    caller: Caller,
    request: UploadRequest,
    *,
    event: Event | None,
    idempotency_key: str | None,
    correlation_id: str,
) -> Photo:
    """Record a pending photo as `begin` does.

    Raises AlreadyUploadedError if the caller has uploaded this very file, and the errors of
    `begin`.
    """
    if existing := find_existing(caller, request, event=event):
        raise AlreadyUploadedError(existing.photo_id)
    return begin(
        caller,
        request,
        event=event,
        idempotency_key=idempotency_key,
        correlation_id=correlation_id,
    )


def begin(
    caller: Caller,
    request: UploadRequest,
    *,
    event: Event | None = None,
    idempotency_key: str | None,
    correlation_id: str,
) -> Photo:
    """Record a pending photo, charged to the caller's limits.

    If the caller has used the `idempotency_key` before, return the photo of that first request. The
    caller must belong to the `event`: `membership` checks that. Raises FileTooLargeError,
    LimitExceededError, IdempotencyKeyReusedError.
    """
    try:
        _require_accepted_size(request)
        photo = _pending_photo(caller, request, event, correlation_id)
        record = None
        if idempotency_key:
            digest = hashlib.sha256(f"{photo.event_id or ''}{json.dumps(asdict(request))}".encode())
            record = IdempotencyRecord.of(caller.user_id, idempotency_key, digest.hexdigest())
        photo = _create_or_find(caller, photo, record)
    except RequestError:
        _count("GrantsRefused")
        raise
    _count_granted(photo)
    return photo


def begin_picture(
    caller: Caller, student: Student, size_bytes: int | None, *, correlation_id: str
) -> Photo:
    """Record the next version of a student's picture as a pending photo, which has no owner.

    It takes one token of the caller's rate limit. If `size_bytes` is None, the size is checked when
    the file has landed. Raises FileTooLargeError, LimitExceededError, and StudentNotFoundError when
    the student is deleted in the meantime.
    """
    try:
        photo = _begin_picture(caller, student, size_bytes, correlation_id)
    except RequestError:
        _count("GrantsRefused")
        raise
    _count_granted(photo)
    return photo


def find_pending(caller: Caller, key: str) -> Photo:
    """Return the caller's pending photo whose file is uploaded to `key`.

    Raises UploadNotFoundError, NotPendingError, and EventNotFoundError if the caller no longer
    belongs to its event.
    """
    photo = permissions.find_upload(caller, key)
    require_pending(photo)
    membership.require(caller, photo.event_id)
    return photo


def require_pending(photo: Photo) -> None:
    """Raise NotPendingError unless the photo is pending."""
    if photo.status != Status.PENDING:
        raise NotPendingError(f"The upload is over: the photo is {photo.status}.")


def max_bytes(content_type: str, method: str) -> int:
    """Return the largest size of a file of this type that is uploaded by this method."""
    config = settings()
    most = config.max_video_bytes if file_types.is_video(content_type) else config.max_image_bytes
    return most if method == "MULTIPART" else min(most, MAX_SINGLE_BYTES)


def max_bytes_of(photo: Photo) -> int:
    """Return how many bytes may land for a photo: the announced size, or what is charged for it."""
    if photo.student_id:
        return settings().max_picture_bytes
    if photo.charged_bytes is not None:
        return int(photo.charged_bytes)
    return max_bytes(photo.content_type, photo.upload_method)


def deadline(photo: Photo) -> int:
    """Return when a pending upload expires, in epoch seconds."""
    if photo.upload_method == "MULTIPART":
        life_seconds = settings().abandoned_upload_days * 24 * 3600
    else:
        life_seconds = settings().upload_ttl_seconds + TRANSFER_SECONDS
    return int(datetime.fromisoformat(photo.created_at).timestamp()) + life_seconds


def next_check_at(photo: Photo) -> int:
    """Return when ExpireUploads has to check a pending upload next, in epoch seconds."""
    if photo.upload_method != "MULTIPART":
        return deadline(photo)
    return min(deadline(photo), epoch_seconds() + PARTS_CHECK_SECONDS)


def grant(photo: Photo) -> SignedUrl | SignedPost | None:
    """Sign the request that sends a pending photo's file. None if the photo is not pending.

    The signature of a PUT covers the type, `If-None-Match: *`, and length and SHA-256 if they were
    announced. The policy of a POST form fixes the key, the type and the length, or the largest
    length if none was announced. S3 cannot restrict a form to one use, so a second file that is
    sent with it is erased when it lands.
    """
    if photo.status != Status.PENDING:
        return None
    return grant_post(photo) if photo.upload_method == "POST" else grant_put(photo)


def grant_post(photo: Photo, *, fields: dict[str, str] | None = None) -> SignedPost:
    """Sign the form that sends a file, as `grant` describes it, with further `fields`."""
    fixed = {"Content-Type": photo.content_type} | (fields or {})
    if photo.checksum_sha256:
        fixed["x-amz-checksum-sha256"] = photo.checksum_sha256
    # Without an announced size, even an empty file is let through: verifying it tells its owner why
    # it is refused.
    length_range = (0, max_bytes_of(photo))
    if photo.size_bytes is not None:
        length_range = (int(photo.size_bytes), int(photo.size_bytes))
    return signing.presign_post(
        settings().uploads_bucket,
        photo.key,
        ttl_seconds=settings().upload_ttl_seconds,
        fields=fixed,
        length_range=length_range,
    )


def grant_put(photo: Photo) -> SignedUrl:
    """Sign the PUT that sends a file, as `grant` describes it."""
    headers = {"Content-Type": photo.content_type, "If-None-Match": "*"}
    if photo.checksum_sha256:
        headers["x-amz-checksum-sha256"] = photo.checksum_sha256
    if photo.size_bytes is not None:
        headers["Content-Length"] = str(int(photo.size_bytes))
    return signing.presign_url(
        "PUT",
        settings().uploads_bucket,
        photo.key,
        ttl_seconds=settings().upload_ttl_seconds,
        headers=headers,
    )


def verify_size(photo: Photo, size_bytes: int) -> None:
    """Compare the size of a file that landed with the announced one; if there is none, charge it.

    Raises ContentRejectedError, and Photo.DoesNotExist for a photo that was deleted.
    """
    if photo.size_bytes is not None:
        if size_bytes != photo.size_bytes:
            raise ContentRejectedError(
                "SizeMismatch",
                f"{photo.size_bytes} bytes were announced, and {size_bytes} arrived.",
            )
        return
    most = max_bytes_of(photo)
    if size_bytes > most:
        raise ContentRejectedError(
            "FileTooLarge",
            f"At most {most} bytes are accepted of a file whose size was not announced, and "
            f"{size_bytes} arrived.",
        )
    photo.set_size(size_bytes)


def _require_accepted_size(request: UploadRequest) -> None:
    most = max_bytes(request.content_type, request.method)
    if request.size_bytes is not None and request.size_bytes > most:
        hint = " Send larger files in parts." if most == MAX_SINGLE_BYTES else ""
        raise FileTooLargeError(f"sizeBytes: at most {most} bytes are accepted.{hint}")


def _pending_photo(
    caller: Caller, request: UploadRequest, event: Event | None, correlation_id: str
) -> Photo:
    event_id = event.event_id if event else None
    photo_id, created_at = str(uuid.uuid4()), now_iso()
    charged_bytes = request.size_bytes
    if charged_bytes is None:  # reserve the most that may land until the size is known
        largest_bytes = max_bytes(request.content_type, request.method)
        charged_bytes = min(largest_bytes, settings().max_unannounced_bytes)
    return Photo(
        photo_id,
        owner_id=caller.user_id,
        event_id=event_id,
        key=keys.original(caller.user_id, event_id, photo_id, request.content_type),
        file_name=request.file_name,
        title=request.title,
        description=request.description,
        tags=request.tags,
        content_type=request.content_type,
        size_bytes=request.size_bytes,
        charged_bytes=charged_bytes,
        checksum_sha256=request.checksum_sha256,
        upload_method=request.method,
        part_checksums=request.part_checksums or None,
        part_bytes=request.part_size_bytes,
        correlation_id=correlation_id,
        created_at=created_at,
        updated_at=created_at,
    )


def _create_or_find(caller: Caller, photo: Photo, record: IdempotencyRecord | None) -> Photo:
    """Write a pending photo, or return the one that its Idempotency-Key began before."""
    deleted_photo_id = None
    while not limits.charge_and_create(
        photo,
        caller.user_id,
        due_at=next_check_at(photo),
        request=record,
        deleted_photo_id=deleted_photo_id,
    ):
        found = record.find() if record else None
        first_id = found.begun_photo_id if found else None
        try:
            if record and found and first_id:
                first = Photo.get(first_id, PHOTO_ROW, consistent_read=True)
                if (found.request_hash or first.request_hash) == record.request_hash:
                    return first
                raise IdempotencyKeyReusedError(
                    "This Idempotency-Key was used with another request. Use a new one."
                )
        except Photo.DoesNotExist:
            deleted_photo_id = first_id  # the key may be used for another photo now
    return photo


def _begin_picture(
    caller: Caller, student: Student, size_bytes: int | None, correlation_id: str
) -> Photo:
    largest_bytes = settings().max_picture_bytes
    if size_bytes is not None and size_bytes > largest_bytes:
        raise FileTooLargeError(
            f"sizeBytes: at most {largest_bytes} bytes are accepted for pictures."
        )
    pending = list_key(student_scope(student.student_id), status=Status.PENDING)
    if Photo.by_owner_status.count(pending, limit=MAX_PENDING_PICTURES) >= MAX_PENDING_PICTURES:
        raise LimitExceededError(
            f"{MAX_PENDING_PICTURES} uploads of this student's picture are pending already.",
            retry_after_seconds=settings().upload_ttl_seconds,
        )
    version = student.next_upload()
    if version is None:
        raise StudentNotFoundError
    created_at = now_iso()
    photo = Photo(
        keys.picture_id(student.student_id, version),
        student_id=student.student_id,
        picture_version=version,
        key=keys.picture(student.student_id, version),
        file_name="picture.jpg",
        content_type="image/jpeg",
        size_bytes=size_bytes,
        upload_method="PUT",
        correlation_id=correlation_id,
        created_at=created_at,
        updated_at=created_at,
    )
    limits.charge_and_create(photo, caller.user_id, due_at=deadline(photo))
    return photo


def _count_granted(photo: Photo) -> None:
    _count("GrantsIssued")
    size_bytes = None if photo.size_bytes is None else int(photo.size_bytes)
    logger.info("Upload granted", photo_id=photo.photo_id, size_bytes=size_bytes)


def _count(metric: str) -> None:
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=1)
