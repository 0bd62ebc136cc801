"""What users hold, and their rate limits."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from photodrop.config import settings


class Usage(Model):
    """What one user holds, and their token bucket for upload grants."""

    class Meta:
        table_name = settings().usage_table

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    held_bytes = NumberAttribute(attr_name="heldBytes", default=0)
    held_photos = NumberAttribute(attr_name="heldPhotos", default=0)
    full_at = NumberAttribute(attr_name="fullAt", default=0)
    """Epoch microseconds at which the token bucket is full again."""
