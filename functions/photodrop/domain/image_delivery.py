"""Pictures for CloudFront that the thumbnails bucket does not have yet."""

from dataclasses import dataclass

from photodrop import keys, variants
from photodrop.aws import storage
from photodrop.aws.tables import PHOTO_ROW, Photo
from photodrop.domain import thumbnails_on_demand
from photodrop.errors import PhotoNotFoundError
from photodrop.variants import Variant

STANDS_IN = "public, max-age=2"
"""The Cache-Control of a picture that stands in for one that is being made."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture, and for how long it may be kept."""

    data: bytes
    content_type: str
    cache_control: str


def find_or_make(key: str) -> Picture:
    """Return the picture with this key in the thumbnails bucket, which is made if it can be.

    CloudFront has checked that the link admits to it. What takes long is made by the queue, and
    meanwhile the standard thumbnail that is nearest in size stands in.

    Raises PhotoNotFoundError if it is no key of a thumbnail of a photo, and the errors of
    `thumbnails_on_demand.ensure`.
    """
    prefix, _, name = key.rpartition("/")
    variant, photo_id = variants.parse(name), prefix.rpartition("/")[2]
    if variant is None or not keys.is_photo_id(photo_id):
        raise PhotoNotFoundError
    try:
        photo = Photo.get(photo_id, PHOTO_ROW)
    except Photo.DoesNotExist:
        raise PhotoNotFoundError from None
    if keys.thumbnails(photo.key) != f"{prefix}/":
        raise PhotoNotFoundError
    if thumbnails_on_demand.ensure(photo, variant):
        return _read(photo, variant, storage.CACHE_THUMBNAILS)
    wanted = max(variant.box)
    nearest = min(photo.thumbnails, key=lambda made: abs(int(made.size) - wanted))
    return _read(photo, Variant(str(int(nearest.size))), STANDS_IN)


def _read(photo: Photo, variant: Variant, cache_control: str) -> Picture:
    try:
        data = storage.read_thumbnail(f"{keys.thumbnails(photo.key)}{variant.name}")
    except storage.ObjectGoneError:  # the photo was deleted in the meantime
        raise PhotoNotFoundError from None
    return Picture(data, variant.content_type, cache_control)
