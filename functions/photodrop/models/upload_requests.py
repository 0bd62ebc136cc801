"""Requests that came with an Idempotency-Key."""

import hashlib

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from photodrop.config import settings
from photodrop.models.connection import in_days

REQUEST_ROW = "request"
REQUEST_DAYS = 30
"""For how long a repetition is known as one, at least: DynamoDB removes rows a little late."""


class UploadRequest(Model):
    """The photo that a user's Idempotency-Key stands for.

    It stands among the photos, under a key that no photo's id is like, and is written in one
    transaction with the photo. It outlives the photo: then the next request with this key gets
    another photo, with an id of its own, and takes this row over.
    """

    class Meta:
        table_name = settings().photos_table
        region = settings().region

    request_id = UnicodeAttribute(hash_key=True, attr_name="photoId")
    row = UnicodeAttribute(range_key=True, default=REQUEST_ROW)
    begun_photo_id = UnicodeAttribute(attr_name="begunPhotoId", null=True)
    remove_at = NumberAttribute(attr_name="removeAt", default=lambda: in_days(REQUEST_DAYS))

    @classmethod
    def of(cls, user_id: str, idempotency_key: str) -> "UploadRequest":
        """Return the row of a user's key, not yet read."""
        digest = hashlib.sha256(f"{user_id}:{idempotency_key}".encode()).hexdigest()
        return cls(f"request#{digest}")

    def find_photo_id(self) -> str | None:
        """Return the id of the photo that the key stands for, which may be gone by now."""
        try:
            found = UploadRequest.get(self.request_id, self.row, consistent_read=True)
        except UploadRequest.DoesNotExist:
            return None
        return found.begun_photo_id

    def is_free(self, gone_photo_id: str | None) -> Condition:
        """Return the condition that the key stands for no photo, or still for one that is gone."""
        is_free: Condition = UploadRequest.begun_photo_id.does_not_exist()
        if gone_photo_id is not None:
            is_free |= UploadRequest.begun_photo_id == gone_photo_id
        return is_free
