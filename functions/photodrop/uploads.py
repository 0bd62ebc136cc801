"""Beginning an upload: the pending record, and the grant to send the file straight to S3."""

import hashlib
import json
import time
import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

from photodrop import file_types, keys, limits, signing
from photodrop.access import Caller
from photodrop.config import settings
from photodrop.errors import (
    AlreadyUploadedError,
    FileTooLargeError,
    IdempotencyKeyReusedError,
    LimitExceededError,
    StudentNotFoundError,
)
from photodrop.models import (
    PHOTO_ROW,
    Event,
    Photo,
    Student,
    UploadRequest,
    checksum_key,
    list_key,
    now_iso,
    student_place,
)
from photodrop.signing import SignedPost, SignedUrl
from photodrop.status import Status

TRANSFER_SECONDS = 3600
"""S3 checks a grant when a transfer begins; this is how long it may then take."""

MAX_PENDING_PICTURES = 10
"""Of one student: each may become a file that nobody's limits are charged with."""

PARTS_LOOK_SECONDS = 3600
"""How often the parts that S3 has of a pending upload are compared with what is charged for it."""

MAX_SINGLE_BYTES = 5 * 1024**3
"""Amazon S3's limit for one PUT or POST request; beyond it, files come in parts."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A file that somebody wants to upload. `size_bytes` None: it is known once it has landed."""

    file_name: str
    content_type: str
    size_bytes: int | None
    method: Literal["PUT", "POST", "MULTIPART"]
    title: str | None = None
    description: str | None = None
    tags: list[str] = field(default_factory=list)
    checksum_sha256: str | None = None
    part_checksums: bool = False
    """Of a multipart upload: each part comes with its SHA-256."""
    part_size_bytes: int | None = None
    """Of a multipart upload: how large each part but the last is, where the client says so."""


def begin(
    caller: Caller,
    wish: Wish,
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
    most = largest(wish.content_type, wish.method)
    if wish.size_bytes is not None and wish.size_bytes > most:
        hint = " Send larger files in parts." if most == MAX_SINGLE_BYTES else ""
        raise FileTooLargeError(f"sizeBytes: at most {most} bytes are accepted.{hint}")

    photo_id, created_at = str(uuid.uuid4()), now_iso()
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
        charged_bytes=(
            wish.size_bytes
            if wish.size_bytes is not None
            else min(most, settings().max_unannounced_bytes)
        ),
        checksum_sha256=wish.checksum_sha256,
        upload_method=wish.method,
        part_checksums=wish.part_checksums or None,
        part_bytes=wish.part_size_bytes,
        request_hash=hashlib.sha256(
            f"{event_id or ''}{json.dumps(asdict(wish))}".encode()
        ).hexdigest(),
        correlation_id=correlation_id,
        created_at=created_at,
        updated_at=created_at,
    )
    request = UploadRequest.of(caller.user_id, idempotency_key) if idempotency_key else None
    gone_photo_id = None
    while not limits.create(
        photo,
        caller.user_id,
        due_at=next_look_at(photo),
        request=request,
        gone_photo_id=gone_photo_id,
    ):
        first_id = request.find_photo_id() if request else None
        try:
            if first_id:
                return _same_request(Photo.get(first_id, PHOTO_ROW, consistent_read=True), photo)
        except Photo.DoesNotExist:
            gone_photo_id = first_id  # it was deleted: the key may stand for another one
    return photo


def _same_request(first: Photo, photo: Photo) -> Photo:
    if first.request_hash != photo.request_hash:
        raise IdempotencyKeyReusedError(
            "This Idempotency-Key was used with another request. Use a new one."
        )
    return first


def begin_new(
    caller: Caller,
    wish: Wish,
    *,
    event: Event | None,
    idempotency_key: str | None,
    correlation_id: str,
) -> Photo:
    """Record a pending photo as `begin` does.

    Raises AlreadyUploadedError too, where the very file is there.
    """
    if same := find_same(caller, wish, event=event):
        raise AlreadyUploadedError(same.photo_id)
    return begin(
        caller,
        wish,
        event=event,
        idempotency_key=idempotency_key,
        correlation_id=correlation_id,
    )


def largest(content_type: str, method: str) -> int:
    """Return how many bytes a file of this type may have that comes in this way."""
    config = settings()
    most = config.max_video_bytes if file_types.is_video(content_type) else config.max_image_bytes
    return most if method == "MULTIPART" else min(most, MAX_SINGLE_BYTES)


def largest_of(photo: Photo) -> int:
    """Return how many bytes may land for a photo: those that were announced, or are reserved."""
    if photo.student_id:
        return settings().max_picture_bytes
    if photo.charged_bytes is not None:
        return int(photo.charged_bytes)
    return largest(photo.content_type, photo.upload_method)


def deadline(photo: Photo) -> int:
    """Return until when an upload must have come, in epoch seconds."""
    if photo.upload_method == "MULTIPART":
        life_seconds = settings().abandoned_upload_days * 24 * 3600
    else:
        life_seconds = settings().upload_ttl_seconds + TRANSFER_SECONDS
    return int(datetime.fromisoformat(photo.created_at).timestamp()) + life_seconds


def next_look_at(photo: Photo) -> int:
    """Return when somebody has to look after a pending upload next, in epoch seconds."""
    if photo.upload_method != "MULTIPART":
        return deadline(photo)
    return min(deadline(photo), int(time.time()) + PARTS_LOOK_SECONDS)


def find_same(caller: Caller, wish: Wish, *, event: Event | None = None) -> Photo | None:
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


def begin_picture(
    caller: Caller, student: Student, size_bytes: int | None, *, correlation_id: str
) -> Photo:
    """Record the next version of a student's picture as a pending photo, of nobody's.

    It costs one of the caller's grants. `size_bytes` None: only the limit is checked, when the file
    has landed. Raises FileTooLargeError, LimitExceededError, and StudentNotFoundError when the
    student is deleted in the meantime.
    """
    largest = settings().max_picture_bytes
    if size_bytes is not None and size_bytes > largest:
        raise FileTooLargeError(f"sizeBytes: at most {largest} bytes are accepted for pictures.")
    pending = list_key(student_place(student.student_id), status=Status.PENDING)
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
    limits.create(photo, caller.user_id, due_at=deadline(photo))
    return photo


def grant(photo: Photo) -> SignedUrl | SignedPost | None:
    """Sign what the client needs to send a pending photo's file, once; None when it is not pending.

    By PUT, type, `If-None-Match: *`, and length and SHA-256 where they were announced are signed.
    By POST the policy fixes the key, the type and the exact length, or the largest that is
    reserved; S3 knows no write-once forms, so a second file that comes this way is removed when it
    lands.
    """
    if photo.status != Status.PENDING:
        return None
    return grant_post(photo) if photo.upload_method == "POST" else grant_put(photo)


def grant_post(photo: Photo, *, fields: dict[str, str] | None = None) -> SignedPost:
    """Sign the form that may send a file, with further `fields`: see `grant`."""
    fixed = {"Content-Type": photo.content_type} | (fields or {})
    if photo.checksum_sha256:
        fixed["x-amz-checksum-sha256"] = photo.checksum_sha256
    # Of an unknown length even an empty file may come: its owner is told what is wrong with it.
    length_range = (0, largest_of(photo))
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
    """Sign the PUT that may send a file, once: see `grant`."""
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
