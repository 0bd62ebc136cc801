"""The Idempotency-Keys that clients have sent."""

import hashlib

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from photodrop.clock import in_days
from photodrop.config import settings

REQUEST_ROW = "request"
REQUEST_DAYS = 30
"""For at least so long a repeated request is recognized: DynamoDB removes rows a little late."""


class IdempotencyRecord(Model):
    """The photo that was granted to the first request with a user's Idempotency-Key.

    It is a row of the photos table, under a key that no photo's id equals, and is written in one
    transaction with the photo. When the photo was deleted, the next request with this key gets a
    new photo, and this row then names that one.
    """

    class Meta:
        table_name = settings().photos_table
        region = settings().region

    request_id = UnicodeAttribute(hash_key=True, attr_name="photoId")
    row = UnicodeAttribute(range_key=True, default=REQUEST_ROW)
    begun_photo_id = UnicodeAttribute(attr_name="begunPhotoId", null=True)
    remove_at = NumberAttribute(attr_name="removeAt", default=lambda: in_days(REQUEST_DAYS))

    @classmethod
    def of(cls, user_id: str, idempotency_key: str) -> "IdempotencyRecord":
        """Return the record of a user's key, without reading it."""
        digest = hashlib.sha256(f"{user_id}:{idempotency_key}".encode()).hexdigest()
        return cls(f"request#{digest}")

    def find_photo_id(self) -> str | None:
        """Return the id of the photo that was granted, which may be deleted by now, or None."""
        try:
            found = IdempotencyRecord.get(self.request_id, self.row, consistent_read=True)
        except IdempotencyRecord.DoesNotExist:
            return None
        return found.begun_photo_id

    def is_free(self, gone_photo_id: str | None) -> Condition:
        """Return the condition that the record names no photo, or still the deleted one."""
        is_free: Condition = IdempotencyRecord.begun_photo_id.does_not_exist()
        if gone_photo_id is not None:
            is_free |= IdempotencyRecord.begun_photo_id == gone_photo_id
        return is_free
