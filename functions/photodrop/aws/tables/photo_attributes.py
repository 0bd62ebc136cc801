"""Attributes of photos that have several fields."""

from pynamodb.attributes import MapAttribute, NumberAttribute, UnicodeAttribute


class Failure(MapAttribute[str, str]):
    """Why a photo failed, or has no thumbnails."""

    code = UnicodeAttribute()
    message = UnicodeAttribute()


class Restore(MapAttribute[str, str]):
    """The restore of an archived original: "ongoing", or "completed" until `expires_at`."""

    status = UnicodeAttribute()
    expires_at = UnicodeAttribute(attr_name="expiresAt", null=True)


class ThumbnailSize(MapAttribute[str, int]):
    """One stored thumbnail. `size` is the setting that it was made for, in pixels."""

    size = NumberAttribute()
    width = NumberAttribute()
    height = NumberAttribute()
