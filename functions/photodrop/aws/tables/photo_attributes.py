"""What some attributes of photos are made of."""

from pynamodb.attributes import MapAttribute, NumberAttribute, UnicodeAttribute


class Failure(MapAttribute[str, str]):
    """Why a photo failed, or has no thumbnails."""

    code = UnicodeAttribute()
    message = UnicodeAttribute()


class Restore(MapAttribute[str, str]):
    """The restoring of an archived original: "ongoing", or "completed" until `expires_at`."""

    status = UnicodeAttribute()
    expires_at = UnicodeAttribute(attr_name="expiresAt", null=True)


class ThumbnailSize(MapAttribute[str, int]):
    """One thumbnail that exists. `size` is the side in pixels of the square it was fitted into."""

    size = NumberAttribute()
    width = NumberAttribute()
    height = NumberAttribute()
