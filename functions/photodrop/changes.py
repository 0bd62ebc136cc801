"""Changing photos that are there: editing and deleting them."""

from typing import TYPE_CHECKING

from photodrop import keys, storage
from photodrop.errors import PhotoNotFoundError
from photodrop.models import PHOTO_ROW, Photo
from photodrop.observability import logger
from photodrop.status import Status

if TYPE_CHECKING:  # it loads pydantic, and queue functions start without that
    from photodrop.schemas import EditPhoto


def edit(photo: Photo, wish: "EditPhoto") -> None:
    """Change what people wrote about a photo: the fields that `wish` names, and no others.

    Raises PhotoNotFoundError when the photo is deleted in the meantime.
    """
    changes = {name: getattr(wish, name) for name in wish.model_fields_set}
    if "tags" in changes:
        changes["tags"] = changes["tags"] or []
    try:
        while not photo.change(**changes):
            pass  # another change came between: again, on what it left
    except Photo.DoesNotExist:
        raise PhotoNotFoundError from None


def delete(photo: Photo) -> None:
    """Delete a photo: its original in all versions, every thumbnail, and its record.

    The record goes last, so that whatever is cut off can be done again.
    """
    if photo.status == Status.PENDING and photo.upload_method == "MULTIPART":
        storage.abort_multiparts(photo.key)
    storage.erase_original(photo.key)
    forget(photo)


def forget(photo: Photo) -> None:
    """Remove a photo's record and its thumbnails, as for one whose original has gone."""
    storage.erase_thumbnails(photo.key)
    try:
        photo.erase()
    except Photo.DoesNotExist:
        return  # somebody else was faster
    # Who stores a thumbnail looks afterwards whether the photo is still there, and removes it if
    # not. One that was stored after the first removal, and saw the record, is caught here.
    storage.erase_thumbnails(photo.key)


def forget_expired(key: str) -> None:
    """Remove a completed photo whose original the lifecycle has expired.

    Does nothing while an original is there, so that it does not matter how late or how often S3
    tells of it. What failed or was deleted has a record, or none, of its own.
    """
    photo_id = keys.photo_id(key)
    try:
        photo = Photo.get(photo_id, PHOTO_ROW, consistent_read=True) if photo_id else None
    except Photo.DoesNotExist:
        photo = None
    if photo is None or photo.key != key or photo.status != Status.COMPLETED:
        return
    if storage.find_original(key, None) is None:
        storage.erase_original(key)  # the version that is not current any more: it is billed, too
        forget(photo)
        logger.info("Photo expired", photo_id=photo_id)
