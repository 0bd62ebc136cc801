"""The uploads of a user that are not over, with what S3 has of each."""

from concurrent.futures import ThreadPoolExecutor

from photodrop import library, multipart, storage, uploads
from photodrop.access import Caller
from photodrop.models import Photo, user_place
from photodrop.schemas import UnfinishedUpload, UploadPage
from photodrop.signing import epoch_timestamp
from photodrop.status import Status

THREADS = 16
"""S3 is asked twice for each upload, and answers in some 20 ms."""


def list_uploads(caller: Caller, *, limit: int, cursor: str | None) -> UploadPage:
    """Return one page of the caller's pending uploads, newest first.

    Raises InvalidRequestError for a cursor that no list gave out.
    """
    photos, next_cursor = library.page_of(
        user_place(caller.user_id), status=Status.PENDING, limit=limit, cursor=cursor
    )
    with ThreadPoolExecutor(THREADS) as threads:
        items = list(threads.map(_describe, photos))
    return UploadPage(items=items, next_cursor=next_cursor)


def _describe(photo: Photo) -> UnfinishedUpload:
    in_parts = photo.upload_method == "MULTIPART"
    upload_id, parts = _parts_of(photo.key) if in_parts else (None, [])
    size = None if photo.size_bytes is None else int(photo.size_bytes)
    return UnfinishedUpload(
        photo_id=photo.photo_id,
        key=photo.key,
        upload_id=upload_id,
        event_id=photo.event_id,
        file_name=photo.file_name,
        title=photo.title,
        description=photo.description,
        tags=list(photo.tags),
        content_type=photo.content_type,
        size_bytes=size,
        checksumSha256=photo.checksum_sha256,
        part_size_bytes=multipart.part_size_of(photo) if in_parts else None,
        uploaded_parts=len(parts),
        uploaded_bytes=sum(part.size_bytes for part in parts),
        created_at=photo.created_at,
        expires_at=epoch_timestamp(uploads.deadline(photo)),
    )


def _parts_of(key: str) -> tuple[str | None, list[storage.Part]]:
    """Return the upload that has come furthest: a client that lost an answer began another."""
    furthest: tuple[str | None, list[storage.Part]] = (None, [])
    for upload_id in storage.find_multiparts(key):
        try:
            parts = storage.list_parts(key, upload_id)
        except storage.UploadGoneError:  # a moment ago
            continue
        if furthest[0] is None or len(parts) >= len(furthest[1]):
            furthest = (upload_id, parts)
    return furthest
