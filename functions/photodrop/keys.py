"""Where objects lie in the buckets. Keys are opaque ASCII: nothing that a user wrote is in them."""

import re

from photodrop import file_types

_ORIGINAL = re.compile(r"uploads/(?:event|user)_[^/]+/(?P<photo_id>[0-9a-f-]{36})\.[a-z]+")


def original(owner_id: str, event_id: str | None, photo_id: str, content_type: str) -> str:
    """Return the key of a photo's original, in the uploads bucket."""
    place = f"event_{event_id}" if event_id else f"user_{owner_id}"
    return f"uploads/{place}/{photo_id}.{file_types.EXTENSIONS[content_type]}"


def photo_id(original_key: str) -> str | None:
    """Return the id of the photo that an original's key is of, or None when it is no such key."""
    match = _ORIGINAL.fullmatch(original_key)
    return match["photo_id"] if match else None


def thumbnail(original_key: str, resolution: int | str, extension: str = "webp") -> str:
    """Return the key of an original's thumbnail, in the thumbnails bucket.

    `resolution` is its longest side, or the box that it was fitted into: 640 or "640x480".
    """
    return f"{thumbnails(original_key)}{resolution}.{extension}"


def thumbnails(original_key: str) -> str:
    """Return what the keys of all thumbnails of an original begin with."""
    return f"{original_key.rpartition('.')[0]}/"
