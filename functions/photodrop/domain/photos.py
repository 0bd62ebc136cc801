"""Photos that are there: listing, editing and deleting them."""

from collections.abc import Mapping
from typing import Any

from photodrop.aws import storage
from photodrop.aws.tables import Photo, list_key, row_of
from photodrop.domain import paging
from photodrop.domain.paging import Page
from photodrop.errors import PhotoNotFoundError
from photodrop.observability import logger
from photodrop.status import Status

_LISTS = {
    ("user", False): (Photo.by_owner, "ownerList"),
    ("user", True): (Photo.by_owner_status, "ownerStatusList"),
    ("event", False): (Photo.by_event, "eventList"),
    ("event", True): (Photo.by_event_status, "eventStatusList"),
}
"""The index and its hash key, by the kind of scope and whether a status is asked for."""


def list_photos(
    scope: str,
    *,
    tag: str | None = None,
    status: Status | None = None,
    limit: int,
    cursor: str | None,
) -> Page[Photo]:
    """Return one page of the photos of a scope, newest first: see `user_scope`, `event_scope`.

    One Query on the list made for this filter, which reads just what it returns. Raises
    InvalidRequestError for a cursor that no list gave out.
    """
    index, hash_key = _LISTS[scope.partition("_")[0], status is not None]
    return paging.query_newest(
        index,
        hash_key,
        list_key(scope, tag=tag, status=status),
        limit=limit,
        cursor=cursor,
        keys_of=lambda photo_id: {"photoId": {"S": photo_id}, "row": {"S": row_of(tag)}},
    )


def edit(photo: Photo, changes: Mapping[str, Any]) -> None:
    """Set what people wrote about a photo: `title`, `description` and `tags`, or some of them.

    Raises PhotoNotFoundError when the photo is deleted in the meantime.
    """
    try:
        while not photo.change(**changes):
            pass  # another change was made in between: try again with what it wrote
    except Photo.DoesNotExist:
        raise PhotoNotFoundError from None


def delete(photo: Photo) -> None:
    """Delete a photo: its original in all versions, every thumbnail, and its record.

    The record goes last, so that a deletion that was cut off can be done again.
    """
    if photo.status == Status.PENDING and photo.upload_method == "MULTIPART":
        storage.abort_multiparts(photo.key)
    storage.erase_original(photo.key)
    _delete_record(photo)


def delete_expired(key: str) -> None:
    """Delete a completed photo whose original the bucket's lifecycle has expired.

    Does nothing while there is an original, so it does not matter how late or how often S3 tells
    of it, nor for a photo that is not completed.
    """
    photo = Photo.find_by_key(key)
    if photo is None or photo.status != Status.COMPLETED:
        return
    if storage.find_original(key, None) is None:
        storage.erase_original(key)  # the version below the delete marker is billed, too
        _delete_record(photo)
        logger.info("Photo expired", photo_id=photo.photo_id)


def _delete_record(photo: Photo) -> None:
    """Delete the thumbnails and the record of a photo whose original is gone."""
    storage.erase_thumbnails(photo.key)
    try:
        photo.delete_rows()
    except Photo.DoesNotExist:
        return  # another call has deleted it
    # Whoever stores a thumbnail checks afterwards that the photo is still there, and erases the
    # thumbnail if not. One that was stored after the first erasing, by somebody who still saw the
    # record, is erased here.
    storage.erase_thumbnails(photo.key)
