"""Beginning an upload: the pending record, and the grant to send the file straight to S3."""

import hashlib
import time
import uuid

from pynamodb.exceptions import PynamoDBException

from photodrop import file_types, keys, limits, signing
from photodrop.access import Caller
from photodrop.config import settings
from photodrop.errors import FileTooLargeError, IdempotencyKeyReusedError, StudentNotFoundError
from photodrop.models import PHOTO_ROW, Event, Photo, Student, checksum_key, now_iso
from photodrop.schemas import InitiateUpload
from photodrop.signing import SignedPost, SignedUrl
from photodrop.status import Status

TRANSFER_SECONDS = 3600
"""S3 checks a grant when a transfer begins; this is how long it may then take."""

MAX_REQUEST_BYTES = 5 * 1024**3
"""What S3 takes in one PUT or POST ("Amazon S3 quotas" in the user guide)."""


def require_size(content_type: str, size_bytes: int) -> None:
    """Raise FileTooLargeError for a file above what is accepted of its type."""
    is_video = file_types.is_video(content_type)
    largest = settings().max_video_bytes if is_video else settings().max_image_bytes
    if size_bytes > largest:
        kind = "videos" if is_video else "images"
        raise FileTooLargeError(f"sizeBytes: at most {largest} bytes are accepted for {kind}.")


def begin(
    caller: Caller,
    wish: InitiateUpload,
    *,
    event: Event | None = None,
    idempotency_key: str | None,
    correlation_id: str,
) -> Photo:
    """Record a pending photo, charged to the caller's limits.

    With an `idempotency_key` that the caller has used before, the photo of that first request.
    `event` is one that `membership` found the caller to belong to. Raises FileTooLargeError,
    LimitExceededError, IdempotencyKeyReusedError.
    """
    event_id = event.event_id if event else None
    require_size(wish.content_type, wish.size_bytes)
    if wish.size_bytes > MAX_REQUEST_BYTES:
        raise FileTooLargeError(
            f"sizeBytes: at most {MAX_REQUEST_BYTES} bytes go in one request. "
            "Send the file in parts (multipart)."
        )

    # The same key of the same user gives the same id, so the table itself finds the repetition.
    photo_id = str(
        uuid.uuid5(uuid.NAMESPACE_URL, f"photodrop:{caller.user_id}:{idempotency_key}")
        if idempotency_key
        else uuid.uuid4()
    )
    created_at = now_iso()
    photo = Photo(
        photo_id,
        owner_id=caller.user_id,
        event_id=event_id,
        key=keys.original(caller.user_id, event_id, photo_id, wish.content_type),
        file_name=wish.file_name,
        title=wish.title,
        description=wish.description,
        tags=wish.tags,
        content_type=wish.content_type,
        size_bytes=wish.size_bytes,
        checksum_sha256=wish.checksum_sha256,
        upload_method=wish.method,
        request_hash=hashlib.sha256(
            f"{event_id or ''}{wish.model_dump_json()}".encode()
        ).hexdigest(),
        correlation_id=correlation_id,
        created_at=created_at,
        updated_at=created_at,
    )
    limits.charge(caller.user_id, wish.size_bytes)
    due_at = int(time.time()) + settings().upload_ttl_seconds + TRANSFER_SECONDS
    try:
        created = photo.create(due_at=due_at)
    except PynamoDBException:
        limits.release(caller.user_id, wish.size_bytes)
        raise
    if created:
        return photo
    limits.release(caller.user_id, wish.size_bytes)
    first = Photo.get(photo_id, PHOTO_ROW, consistent_read=True)
    if first.request_hash != photo.request_hash:
        raise IdempotencyKeyReusedError(
            "This Idempotency-Key was used with another request. Use a new one."
        )
    return first


def find_same(caller: Caller, wish: InitiateUpload, *, event: Event | None = None) -> Photo | None:
    """Return the caller's photo of the very file that they want to upload, if it is there already.

    Only where the client says what the file's SHA-256 is, and only in the same place.
    """
    if wish.checksum_sha256 is None:
        return None
    event_id = event.event_id if event else None
    partition = checksum_key(caller.user_id, event_id, wish.checksum_sha256)
    for found in Photo.by_checksum.query(partition, limit=1):
        try:
            return Photo.get(found.photo_id, PHOTO_ROW)
        except Photo.DoesNotExist:  # the index is a little late
            return None
    return None


def begin_picture(student: Student, size_bytes: int | None, *, correlation_id: str) -> Photo:
    """Record the next version of a student's picture as a pending photo, of nobody's.

    `size_bytes` None: only the limit is checked, when the file has landed. Raises
    FileTooLargeError, and StudentNotFoundError when the student is deleted in the meantime.
    """
    largest = settings().max_picture_bytes
    if size_bytes is not None and size_bytes > largest:
        raise FileTooLargeError(f"sizeBytes: at most {largest} bytes are accepted for pictures.")
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
    photo.create(due_at=int(time.time()) + settings().upload_ttl_seconds + TRANSFER_SECONDS)
    return photo


def grant(photo: Photo) -> SignedUrl | SignedPost | None:
    """Sign what the client needs to send a pending photo's file, once; None when it is not pending.

    By PUT, type, exact length, SHA-256 (when given) and `If-None-Match: *` are signed. By POST the
    policy fixes the key, the type and the exact length; S3 knows no write-once forms, so a second
    file that comes this way is removed when it lands.
    """
    if photo.status != Status.PENDING:
        return None
    bucket, ttl_seconds = settings().uploads_bucket, settings().upload_ttl_seconds
    headers = {"Content-Type": photo.content_type}
    if photo.checksum_sha256:
        headers["x-amz-checksum-sha256"] = photo.checksum_sha256
    size = int(photo.size_bytes)
    if photo.upload_method == "POST":
        return signing.presign_post(
            bucket, photo.key, ttl_seconds=ttl_seconds, fields=headers, length_range=(size, size)
        )
    return signing.presign_url(
        "PUT",
        bucket,
        photo.key,
        ttl_seconds=ttl_seconds,
        headers=headers | {"If-None-Match": "*", "Content-Length": str(size)},
    )


def grant_picture(photo: Photo) -> SignedUrl:
    """Sign what the client needs to send a picture that has just begun, once.

    As `grant` does by PUT; but the exact length is signed only where it was announced.
    """
    headers = {"Content-Type": photo.content_type, "If-None-Match": "*"}
    if photo.size_bytes is not None:
        headers["Content-Length"] = str(int(photo.size_bytes))
    return signing.presign_url(
        "PUT",
        settings().uploads_bucket,
        photo.key,
        ttl_seconds=settings().upload_ttl_seconds,
        headers=headers,
    )
