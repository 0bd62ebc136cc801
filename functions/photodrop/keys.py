"""The keys of objects in the buckets. They are ASCII, and contain nothing that a user wrote."""

import re

from photodrop import file_types

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ORIGINAL = re.compile(r"uploads/(?:event|user)_[^/]+/(?P<photo_id>[0-9a-f-]{36})\.[a-z0-9]+")
_PICTURE = re.compile(r"students/(?P<photo_id>[0-9a-f-]{36}_[0-9]+)\.jpg")


MAX_ID_LENGTH = 64


def is_id(text: str) -> bool:
    """Tell whether a text can be the id of a photo, an event or a student.

    Other texts are never looked up: DynamoDB refuses some of them as keys.
    """
    return _ID.fullmatch(text) is not None


def is_photo_id(text: str) -> bool:
    """Tell whether a text can be the id of a photo or of a version of a student's picture."""
    name, _, version = text.partition("_")
    return is_id(name) and (not version or version.isdecimal()) and len(text) <= MAX_ID_LENGTH


def original(owner_id: str, event_id: str | None, photo_id: str, content_type: str) -> str:
    """Return the key of a photo's original, in the uploads bucket."""
    scope = f"event_{event_id}" if event_id else f"user_{owner_id}"
    return f"uploads/{scope}/{photo_id}.{file_types.EXTENSIONS[content_type]}"


def originals(scope: str) -> str:
    """Return the prefix of the keys of all originals of a user or an event.

    `scope` is made by `user_scope` or `event_scope`.
    """
    return f"uploads/{scope}/"


def picture(student_id: str, version: int) -> str:
    """Return the key of one version of a student's picture, in the uploads bucket."""
    return f"students/{picture_id(student_id, version)}.jpg"


def picture_id(student_id: str, version: int) -> str:
    """Return the id of the photo that one version of a student's picture is."""
    return f"{student_id}_{version}"


def pictures(student_id: str) -> str:
    """Return the prefix of the keys of all versions of a student's picture."""
    return f"students/{student_id}_"


def is_reserved(key: str) -> bool:
    """Tell whether a key is in the namespace of originals. Clients may not choose such a key."""
    return key.startswith(("uploads/", "students/"))


def photo_id(original_key: str) -> str | None:
    """Return the id of the photo whose original has this key, or None for any other key."""
    match = _ORIGINAL.fullmatch(original_key) or _PICTURE.fullmatch(original_key)
    return match["photo_id"] if match else None


def thumbnail(original_key: str, resolution: int | str, extension: str = "webp") -> str:
    """Return the key of an original's thumbnail, in the thumbnails bucket.

    `resolution` is its longest side, or the box that it fits into: 640 or "640x480".
    """
    return f"{thumbnails(original_key)}{resolution}.{extension}"


def thumbnails(original_key: str) -> str:
    """Return the prefix of the keys of all thumbnails of an original."""
    return f"{original_key.rpartition('.')[0]}/"
