"""Leases of thumbnails on demand: who is making one."""

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from photodrop.aws.tables.connection import write_if
from photodrop.aws.tables.photo_attributes import Failure
from photodrop.clock import epoch_seconds, in_days
from photodrop.config import settings


class ThumbnailLease(Model):
    """The right to make one thumbnail: the row "thumbnail#640x480.avif" of its photo.

    Whoever acquires it makes the thumbnail, and all others wait until it is stored. If it is not
    stored by `expires_at`, somebody else may acquire the lease. DynamoDB removes the row after a
    day.
    """

    class Meta:
        table_name = settings().photos_table

    photo_id = UnicodeAttribute(hash_key=True, attr_name="photoId")
    row = UnicodeAttribute(range_key=True)
    expires_at = NumberAttribute(attr_name="lapsesAt")
    """Epoch seconds."""
    is_queued = BooleanAttribute(attr_name="isQueued")
    """Whether the thumbnails queue makes the thumbnail, instead of the request with the lease."""
    failure = Failure(null=True)
    """Why this thumbnail can never be made. Usually None."""
    remove_at = NumberAttribute(attr_name="removeAt", default=lambda: in_days(1))

    @classmethod
    def find(cls, photo_id: str, name: str) -> "ThumbnailLease | None":
        """Return the lease of the thumbnail `name`, such as "640x480.avif", or None."""
        try:
            return cls.get(photo_id, f"thumbnail#{name}", consistent_read=True)
        except cls.DoesNotExist:
            return None

    @classmethod
    def acquire(
        cls,
        photo_id: str,
        name: str,
        expired: "ThumbnailLease | None",
        *,
        seconds: int,
        is_queued: bool,
    ) -> bool:
        """Acquire a lease for this many seconds. It replaces an `expired` one if there is one.

        Returns False when somebody else acquired it first.
        """
        lease = cls(photo_id, f"thumbnail#{name}")
        lease.expires_at, lease.is_queued = epoch_seconds() + seconds, is_queued
        is_free = (
            cls.expires_at == expired.expires_at
            if expired
            else ThumbnailLease.expires_at.does_not_exist()
        )
        return write_if(lambda: lease.save(is_free))

    @classmethod
    def release(cls, photo_id: str, name: str, failure: Failure | None = None) -> None:
        """Let others acquire the lease at once, or record why the thumbnail cannot be made."""
        row = f"thumbnail#{name}"
        cls(photo_id, row, expires_at=0, is_queued=False, failure=failure).save()
