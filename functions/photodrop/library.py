"""Finding photos, and describing them to those who may see them."""

import re
from collections.abc import Iterable
from typing import Any, Literal
from urllib.parse import quote

from photodrop import archive, cursors, keys, membership, signing
from photodrop.access import Caller
from photodrop.config import settings
from photodrop.errors import ForbiddenError, PhotoNotFoundError, PhotoNotReadyError
from photodrop.models import (
    PHOTO_ROW,
    TOMBSTONE_ROW,
    Photo,
    ThumbnailSize,
    Tombstone,
    list_key,
    row_of,
)
from photodrop.schemas import (
    ExistingPhoto,
    FailureReason,
    PhotoDetails,
    PhotoPage,
    RestoredPhoto,
    RestoreState,
    ThumbnailLink,
    ThumbnailsMissing,
    ViewUrl,
)
from photodrop.signing import KEPT_FOR_GOOD, timestamp
from photodrop.status import Status

_LISTS = {
    ("user", False): (Photo.by_owner, "ownerList"),
    ("user", True): (Photo.by_owner_status, "ownerStatusList"),
    ("event", False): (Photo.by_event, "eventList"),
    ("event", True): (Photo.by_event_status, "eventStatusList"),
}
"""The index and its hash key, by the kind of place and whether a status is asked for."""


def find(caller: Caller, photo_id: str) -> Photo:
    """Return a photo that the caller may see: their own, of an event of theirs, or any for staff.

    Raises PhotoNotFoundError for all others, whether they exist or not.
    """
    if not keys.is_id(photo_id):
        raise PhotoNotFoundError
    try:
        photo = Photo.get(photo_id, PHOTO_ROW)
    except Photo.DoesNotExist:
        raise PhotoNotFoundError from None
    if photo.owner_id is None:
        raise PhotoNotFoundError
    if photo.owner_id == caller.user_id or caller.is_staff or _role(caller, photo.event_id):
        return photo
    raise PhotoNotFoundError


def find_own(caller: Caller, photo_id: str) -> Photo:
    """Return a photo of the caller's.

    Raises PhotoNotFoundError, or ForbiddenError for one that they may only see.
    """
    photo = find(caller, photo_id)
    if photo.owner_id != caller.user_id:
        raise ForbiddenError("Only its owner may change a photo.")
    return photo


def find_to_restore(caller: Caller, photo_id: str) -> Photo:
    """Return a photo that the caller may restore, which costs money: their own, or any for staff.

    Raises PhotoNotFoundError, or ForbiddenError for one that they may only see.
    """
    photo = find(caller, photo_id)
    if photo.owner_id != caller.user_id and not caller.is_staff:
        raise ForbiddenError("Only its owner or staff may restore a photo.")
    return photo


def find_to_retry(caller: Caller, photo_id: str) -> Photo:
    """Return any photo, a student's picture too, to staff.

    Raises PhotoNotFoundError, or ForbiddenError for others who may see it.
    """
    if not caller.is_staff:
        find(caller, photo_id)
        require_staff(caller)
    if not keys.is_photo_id(photo_id):
        raise PhotoNotFoundError
    try:
        return Photo.get(photo_id, PHOTO_ROW, consistent_read=True)
    except Photo.DoesNotExist:
        raise PhotoNotFoundError from None


def require_staff(caller: Caller) -> None:
    """Raise ForbiddenError unless the caller is of the staff."""
    if not caller.is_staff:
        raise ForbiddenError("Only staff may do this.")


def find_to_delete(caller: Caller, photo_id: str) -> Photo | None:
    """Return a photo that the caller may delete, or None when it was deleted before.

    They own it, or organize its event. Raises PhotoNotFoundError, or ForbiddenError for one that
    they may only see.
    """
    try:
        photo = find(caller, photo_id)
    except PhotoNotFoundError:
        if not keys.is_id(photo_id):
            raise
        try:
            tombstone = Tombstone.get(photo_id, TOMBSTONE_ROW)
        except Tombstone.DoesNotExist:
            tombstone = None
        if tombstone is None or not _may_delete(caller, tombstone):
            raise
        return None
    if not _may_delete(caller, photo):
        raise ForbiddenError("Only its owner or the organizer of its event may delete a photo.")
    return photo


def list_photos(
    place: str,
    *,
    tag: str | None = None,
    status: Status | None = None,
    limit: int,
    cursor: str | None,
) -> PhotoPage:
    """Return one page of the photos of a place (see `models`), newest first, as viewers see them.

    Raises InvalidRequestError for a cursor that no list gave out.
    """
    photos, next_cursor = page_of(place, tag=tag, status=status, limit=limit, cursor=cursor)
    return PhotoPage(items=[describe(photo) for photo in photos], next_cursor=next_cursor)


def page_of(
    place: str,
    *,
    tag: str | None = None,
    status: Status | None = None,
    limit: int,
    cursor: str | None,
) -> tuple[list[Photo], str | None]:
    """Return one page of the photos of a place (see `models`), newest first, and the next cursor.

    One Query on the list made for this filter, which reads just what it returns. Raises
    InvalidRequestError for a cursor that no list gave out.
    """
    index, hash_key = _LISTS[place.partition("_")[0], status is not None]
    partition = list_key(place, tag=tag, status=status)
    start = None
    if cursor:
        order = cursors.decode(cursor)
        start = {
            hash_key: {"S": partition},
            "listOrder": {"S": order},
            "photoId": {"S": order.partition("#")[2]},
            "row": {"S": row_of(tag)},
        }
    # One more than asked for: it tells whether there is a next page.
    found = list(
        index.query(partition, scan_index_forward=False, limit=limit + 1, last_evaluated_key=start)
    )
    page = found[:limit]
    more = len(found) > limit
    return page, cursors.encode(page[-1].list_order) if more else None


def describe(photo: Photo) -> PhotoDetails:
    """Return what a viewer of the photo sees, with its thumbnails signed."""
    return PhotoDetails(**_details(photo))


def describe_existing(photo: Photo) -> ExistingPhoto:
    """Return what the client is told that wants to upload this very file again."""
    return ExistingPhoto(**_details(photo), key=photo.key)


def describe_restored(photo: Photo) -> RestoredPhoto:
    """Return what the client is told that has asked for a restore."""
    return RestoredPhoto(
        photo_id=photo.photo_id,
        storage_class=photo.storage_class,
        restore=_restore_state(photo),
    )


def _details(photo: Photo) -> dict[str, Any]:
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
        "failure": failure(photo),
        "width": _whole(photo.width),
        "height": _whole(photo.height),
        "taken_at": photo.taken_at,
        "duration_seconds": photo.duration_seconds,
        "codec": photo.codec,
        "thumb_hash": photo.thumb_hash,
        "thumbnails": signed_thumbnails(photo.key, photo.thumbnails),
        "thumbnails_missing": _thumbnails_missing(photo),
        "storage_class": photo.storage_class,
        "restore": _restore_state(photo),
        "created_at": photo.created_at,
        "updated_at": photo.updated_at,
    }


def view_url(photo: Photo, disposition: str) -> ViewUrl:
    """Sign a GET of the verified version of an original; `disposition` is inline or attachment.

    Raises PhotoNotReadyError unless the photo is completed, and PhotoArchivedError for one that
    has to be restored first.
    """
    if photo.status != Status.COMPLETED:
        raise PhotoNotReadyError(f"The photo cannot be viewed: it is {photo.status}.")
    archive.require_readable(photo)
    return sign_original(
        photo.key,
        photo.version_id,
        content_type=photo.content_type,
        disposition=content_disposition(disposition, photo.file_name),
    )


def sign_original(
    key: str, version_id: str | None, *, content_type: str, disposition: str
) -> ViewUrl:
    """Sign a GET of one version of an original; `disposition` is a whole Content-Disposition.

    S3 answers with our headers, whatever its uploader has sent along: those are not signed.
    """
    query = {
        "response-cache-control": KEPT_FOR_GOOD,
        "response-content-disposition": disposition,
        "response-content-type": content_type,
    }
    if version_id:
        query["versionId"] = version_id
    signed = signing.presign_url(
        "GET",
        settings().uploads_bucket,
        key,
        ttl_seconds=settings().view_ttl_seconds,
        query=query,
    )
    return ViewUrl(url=signed.url, expires_at=timestamp(signed.expires_at))


def content_disposition(disposition: str, file_name: str) -> str:
    """Return a Content-Disposition (RFC 6266): the exact name, and one in ASCII for old clients."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", file_name)
    return f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


def _role(caller: Caller, event_id: str | None) -> membership.Membership | None:
    return membership.find_all(caller, [event_id]).get(event_id) if event_id else None


def _may_delete(caller: Caller, photo: Photo | Tombstone) -> bool:
    if photo.owner_id == caller.user_id:
        return True
    role = _role(caller, photo.event_id)
    return role is not None and role.is_organizer


def signed_thumbnails(key: str, thumbnails: Iterable[ThumbnailSize]) -> list[ThumbnailLink]:
    """Sign a GET of each thumbnail of the original at `key`."""
    links = []
    for thumbnail in thumbnails:
        signed = signing.presign_url(
            "GET",
            settings().thumbnails_bucket,
            keys.thumbnail(key, int(thumbnail.size)),
            ttl_seconds=settings().view_ttl_seconds,
        )
        links.append(
            ThumbnailLink(
                size=int(thumbnail.size),
                width=int(thumbnail.width),
                height=int(thumbnail.height),
                content_type="image/webp",
                url=signed.url,
                expires_at=timestamp(signed.expires_at),
            )
        )
    return links


def failure(photo: Photo) -> FailureReason | None:
    """Return why a photo failed; None for one that did not."""
    if photo.failure is None:
        return None
    return FailureReason(code=photo.failure.code, message=photo.failure.message)


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


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
