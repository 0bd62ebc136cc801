"""Tombstones: what is kept of deleted photos."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from photodrop.clock import in_days
from photodrop.config import settings

TOMBSTONE_ROW = "deleted"
TOMBSTONE_DAYS = 7


class Tombstone(Model):
    """What is kept of a deleted photo for TOMBSTONE_DAYS: who may know that it was deleted.

    A message for the photo that comes later finds in it what may be left of the photo.
    """

    class Meta:
        table_name = settings().photos_table

    photo_id = UnicodeAttribute(hash_key=True, attr_name="photoId")
    row = UnicodeAttribute(range_key=True, default=TOMBSTONE_ROW)
    owner_id = UnicodeAttribute(attr_name="ownerId", null=True)
    key = UnicodeAttribute(null=True)
    """The key of its original. Tombstones of early versions do not have it."""
    event_id = UnicodeAttribute(attr_name="eventId", null=True)
    remove_at = NumberAttribute(attr_name="removeAt", default=lambda: in_days(TOMBSTONE_DAYS))
