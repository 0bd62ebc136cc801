"""The Idempotency-Keys that clients have sent."""

import hashlib

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from photodrop.clock import in_days
from photodrop.config import settings

REQUEST_ROW = "request"
REQUEST_DAYS = 30
"""For how long a repeated request is recognized."""


class IdempotencyRecord(Model):
    """The photo that the first request with a user's Idempotency-Key began.

    It is a row of the photos table, with a key that cannot be a photo's id, and is written in the
    transaction that writes the photo. After that photo was deleted, the next request with the same
    key begins a new photo, which this row then names.
    """

    class Meta:
        table_name = settings().photos_table

    request_id = UnicodeAttribute(hash_key=True, attr_name="photoId")
    row = UnicodeAttribute(range_key=True, default=REQUEST_ROW)
    request_hash = UnicodeAttribute(attr_name="requestHash", null=True)
    """SHA-256 of the request, to recognize whether a repetition is the same. Early versions kept it
    in the photo."""
    begun_photo_id = UnicodeAttribute(attr_name="begunPhotoId", null=True)
    remove_at = NumberAttribute(attr_name="removeAt", default=lambda: in_days(REQUEST_DAYS))

    @classmethod
    def of(cls, user_id: str, idempotency_key: str, request_hash: str) -> "IdempotencyRecord":
        """Return the record for a user's key and request, without reading the table."""
        digest = hashlib.sha256(f"{user_id}:{idempotency_key}".encode()).hexdigest()
        return cls(f"request#{digest}", request_hash=request_hash)

    def find(self) -> "IdempotencyRecord | None":
        """Read what the table has for this key, or None. The photo may be deleted by now."""
        try:
            return IdempotencyRecord.get(self.request_id, self.row, consistent_read=True)
        except IdempotencyRecord.DoesNotExist:
            return None

    def is_free(self, deleted_photo_id: str | None) -> Condition:
        """Return the condition that the record names no photo, or the deleted one."""
        is_free: Condition = IdempotencyRecord.begun_photo_id.does_not_exist()
        if deleted_photo_id is not None:
            is_free |= IdempotencyRecord.begun_photo_id == deleted_photo_id
        return is_free
