"""Photos, as their viewers see them."""

from collections.abc import Iterable
from typing import Any, Literal

from photodrop import keys
from photodrop.clock import timestamp
from photodrop.domain import archive, links
from photodrop.domain.paging import Page
from photodrop.domain.records import Failure, Photo, SignedUrl, ThumbnailSize
from photodrop.http.schemas.photos import (
    FailureReason,
    PhotoDetails,
    PhotoPage,
    RestoredPhoto,
    RestoreState,
    RetriedPhoto,
    ThumbnailLink,
    ThumbnailsMissing,
    ViewUrl,
)
from photodrop.http.schemas.uploads import ExistingPhoto
from photodrop.status import Status


def present(photo: Photo) -> PhotoDetails:
    """Return what a viewer of the photo sees, with its thumbnails signed."""
    return PhotoDetails(**_details(photo))


def present_page(page: Page[Photo], scope: str) -> PhotoPage:
    """Return one page of the list of a scope, which its viewer may list to the end."""
    shared = keys.originals(scope)
    items = [PhotoDetails(**_details(photo, shared)) for photo in page.items]
    return PhotoPage(items=items, next_cursor=page.next_cursor)


def present_existing(photo: Photo) -> ExistingPhoto:
    """Return the answer to a client that wants to upload a file which this photo has already."""
    return ExistingPhoto(**_details(photo), key=photo.key)


def present_restored(photo: Photo) -> RestoredPhoto:
    """Return the answer to a request for a restore."""
    return RestoredPhoto(
        photo_id=photo.photo_id,
        storage_class=photo.storage_class,
        restore=_restore_state(photo),
    )


def present_retried(photo: Photo) -> RetriedPhoto:
    """Return the answer to a request for a retry."""
    return RetriedPhoto(photo_id=photo.photo_id, status=Status(photo.status))


def present_url(signed: SignedUrl) -> ViewUrl:
    """Return a signed link to an original."""
    return ViewUrl(url=signed.url, expires_at=timestamp(signed.expires_at))


def present_thumbnails(
    key: str, thumbnails: Iterable[ThumbnailSize], shared: str | None = None
) -> list[ThumbnailLink]:
    """Return a signed link to each of these thumbnails of the original at `key`.

    `shared`: see `links.sign_thumbnail`.
    """
    return [
        ThumbnailLink(
            size=int(thumbnail.size),
            width=int(thumbnail.width),
            height=int(thumbnail.height),
            content_type="image/webp",
            url=signed.url,
            expires_at=timestamp(signed.expires_at),
        )
        for thumbnail, signed in links.sign_thumbnails(key, thumbnails, shared)
    ]


def present_failure(failure: Failure | None) -> FailureReason | None:
    """Return why a photo failed, or None if it did not fail."""
    return FailureReason(code=failure.code, message=failure.message) if failure else None


def _details(photo: Photo, shared: str | None = None) -> dict[str, Any]:
    return {
        "photo_id": photo.photo_id,
        "event_id": photo.event_id,
        "owner_id": photo.owner_id,
        "file_name": photo.file_name,
        "title": photo.title,
        "description": photo.description,
        "tags": list(photo.tags),
        "content_type": photo.content_type,
        "size_bytes": int(photo.size_bytes or 0),
        "status": Status(photo.status),
        "failure": present_failure(photo.failure),
        "width": _int_or_none(photo.width),
        "height": _int_or_none(photo.height),
        "taken_at": photo.taken_at,
        "duration_seconds": photo.duration_seconds,
        "codec": photo.codec,
        "thumb_hash": photo.thumb_hash,
        "thumbnails": present_thumbnails(photo.key, photo.thumbnails, shared),
        "image_url": links.image_url(photo.key, shared) if photo.thumbnails else None,
        "thumbnails_missing": _thumbnails_missing(photo),
        "storage_class": photo.storage_class,
        "restore": _restore_state(photo),
        "created_at": photo.created_at,
        "updated_at": photo.updated_at,
    }


def _thumbnails_missing(photo: Photo) -> ThumbnailsMissing | None:
    missing = photo.thumbnails_missing
    return ThumbnailsMissing(code=missing.code, message=missing.message) if missing else None


def _restore_state(photo: Photo) -> RestoreState | None:
    restore = archive.current_restore(photo)
    if restore is None:
        return None
    status: Literal["ongoing", "completed"]
    status = "ongoing" if restore.status == "ongoing" else "completed"
    return RestoreState(status=status, expires_at=restore.expires_at)


def _int_or_none(number: float | None) -> int | None:
    return None if number is None else int(number)
