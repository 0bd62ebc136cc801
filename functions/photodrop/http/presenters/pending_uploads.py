"""Pending uploads, as their owners see them."""

from photodrop.clock import epoch_timestamp
from photodrop.domain import multipart_signing, uploads
from photodrop.domain.paging import Page
from photodrop.domain.pending_uploads import PendingUpload
from photodrop.http.schemas.uploads import UnfinishedUpload, UploadPage


def present_page(page: Page[PendingUpload]) -> UploadPage:
    """Return one page of a list."""
    return UploadPage(items=[_unfinished(one) for one in page.items], next_cursor=page.next_cursor)


def _unfinished(upload: PendingUpload) -> UnfinishedUpload:
    photo, parts = upload.photo, upload.parts
    in_parts = photo.upload_method == "MULTIPART"
    return UnfinishedUpload(
        photo_id=photo.photo_id,
        key=photo.key,
        upload_id=upload.upload_id,
        event_id=photo.event_id,
        file_name=photo.file_name,
        title=photo.title,
        description=photo.description,
        tags=list(photo.tags),
        content_type=photo.content_type,
        size_bytes=None if photo.size_bytes is None else int(photo.size_bytes),
        checksumSha256=photo.checksum_sha256,
        part_size_bytes=multipart_signing.part_size_of(photo) if in_parts else None,
        uploaded_parts=len(parts),
        uploaded_bytes=sum(part.size_bytes for part in parts),
        created_at=photo.created_at,
        expires_at=epoch_timestamp(uploads.deadline(photo)),
    )
