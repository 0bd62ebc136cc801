"""Changing photos that are there: editing and deleting them."""

from photodrop import storage
from photodrop.errors import PhotoNotFoundError
from photodrop.models import Photo
from photodrop.schemas import EditPhoto


def edit(photo: Photo, wish: EditPhoto) -> None:
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
    storage.erase_original(photo.key)
    storage.erase_thumbnails(photo.key)
    try:
        photo.erase()
    except Photo.DoesNotExist:
        return  # somebody else was faster
