"""What the comparisons of the two buckets have in common: the records that keys belong to."""

from __future__ import annotations

from collections.abc import Iterable

from photodrop.aws import clients
from photodrop.aws.tables import PHOTO_ROW, Photo

PAGE = 1000
"""How many objects S3 lists at once."""

S3 = clients.s3()
"""One client for all comparisons: making one takes longer than a request."""


def find_photos(photo_ids: Iterable[str | None]) -> dict[str, Photo]:
    """Return those of the photos that have a record, by their ids."""
    wanted = [(photo_id, PHOTO_ROW) for photo_id in dict.fromkeys(photo_ids) if photo_id]
    found = Photo.batch_get(wanted, consistent_read=True) if wanted else []
    return {photo.photo_id: photo for photo in found}


def find_photo(photo_id: str | None) -> Photo | None:
    """Return the record of a photo, read consistently, or None."""
    return find_photos([photo_id]).get(photo_id) if photo_id else None
