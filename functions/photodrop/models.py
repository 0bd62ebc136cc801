"""The tables. `template.yaml` creates them; attribute names are those of the API."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pynamodb.attributes import (
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.exceptions import TransactWriteError, UpdateError
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from photodrop.config import settings
from photodrop.status import Status


def now_iso() -> str:
    """Return this moment as ISO 8601 in UTC, with milliseconds: sorts as text."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Failure(MapAttribute[str, str]):
    """Why a photo failed."""

    code = UnicodeAttribute()
    message = UnicodeAttribute()


class ThumbnailSize(MapAttribute[str, int]):
    """One thumbnail that exists. `size` is the step of the ladder: the box it was fitted into."""

    size = NumberAttribute()
    width = NumberAttribute()
    height = NumberAttribute()


class ByOwner(GlobalSecondaryIndex["Photo"]):
    """A user's photos in order of creation."""

    class Meta:
        index_name = "byOwner"
        projection = AllProjection()

    owner_list = UnicodeAttribute(hash_key=True, attr_name="ownerList")
    list_order = UnicodeAttribute(range_key=True, attr_name="listOrder")


class Photo(Model):
    """One photo, from its grant on. `status` changes by `advance` only."""

    class Meta:
        table_name = settings().photos_table
        region = settings().region

    photo_id = UnicodeAttribute(hash_key=True, attr_name="photoId")
    row = UnicodeAttribute(range_key=True, default="photo")
    owner_list = UnicodeAttribute(attr_name="ownerList")
    list_order = UnicodeAttribute(attr_name="listOrder")
    by_owner = ByOwner()

    owner_id = UnicodeAttribute(attr_name="ownerId")
    event_id = UnicodeAttribute(attr_name="eventId", null=True)
    key = UnicodeAttribute()
    version_id = UnicodeAttribute(attr_name="versionId", null=True)
    """The version of `key` that was verified: no other is ever shown."""
    etag = UnicodeAttribute(null=True)

    file_name = UnicodeAttribute(attr_name="fileName")
    title = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    tags = ListAttribute[str](default=list)
    content_type = UnicodeAttribute(attr_name="contentType")
    size_bytes = NumberAttribute(attr_name="sizeBytes")
    checksum_sha256 = UnicodeAttribute(attr_name="checksumSha256", null=True)

    status = UnicodeAttribute()
    failure = Failure(null=True)
    width = NumberAttribute(null=True)
    height = NumberAttribute(null=True)
    orientation = NumberAttribute(null=True)
    animated = BooleanAttribute(null=True)
    taken_at = UnicodeAttribute(attr_name="takenAt", null=True)
    thumb_hash = UnicodeAttribute(attr_name="thumbHash", null=True)
    thumbnails = ListAttribute(of=ThumbnailSize, default=list)

    request_hash = UnicodeAttribute(attr_name="requestHash", null=True)
    """SHA-256 of the request that an Idempotency-Key came with."""
    upload_method = UnicodeAttribute(attr_name="uploadMethod")
    correlation_id = UnicodeAttribute(attr_name="correlationId")
    created_at = UnicodeAttribute(attr_name="createdAt")
    updated_at = UnicodeAttribute(attr_name="updatedAt")
    remove_at = NumberAttribute(attr_name="removeAt", null=True)
    """Epoch seconds at which DynamoDB drops the record: set while pending and once failed."""

    def advance(self, to: Status, changes: Sequence[Action], *, refund: bool = False) -> bool:
        """Step to another status, unless somebody else has taken the photo on in the meantime.

        A conditional write on the status that this record was read with: however often, late or
        out of order events arrive, each step is taken once. Returns False when it was taken
        already. With `refund`, the owner's usage is given the photo back in the same transaction.
        """
        condition = Photo.status == self.status
        actions = [Photo.status.set(to), Photo.updated_at.set(now_iso()), *changes]
        try:
            if refund:
                with TransactWrite(connection=CONNECTION) as transaction:
                    transaction.update(self, actions, condition)
                    transaction.update(
                        Usage(self.owner_id),
                        [Usage.held_bytes.add(-self.size_bytes), Usage.held_photos.add(-1)],
                    )
                self.refresh(consistent_read=True)
            else:
                self.update(actions, condition)
        except (UpdateError, TransactWriteError) as error:
            if _is_taken(error):
                return False
            raise
        return True


def _is_taken(error: UpdateError | TransactWriteError) -> bool:
    """Tell whether the condition on the photo (the first of a transaction's items) did not hold."""
    if isinstance(error, TransactWriteError):
        first = error.cancellation_reasons[0] if error.cancellation_reasons else None
        return first is not None and first.code == "ConditionalCheckFailed"
    return error.cause_response_code == "ConditionalCheckFailedException"


class Usage(Model):
    """What one user holds, and their token bucket for upload grants."""

    class Meta:
        table_name = settings().usage_table
        region = settings().region

    user_id = UnicodeAttribute(hash_key=True, attr_name="userId")
    held_bytes = NumberAttribute(attr_name="heldBytes", default=0)
    held_photos = NumberAttribute(attr_name="heldPhotos", default=0)
    full_at = NumberAttribute(attr_name="fullAt", default=0)
    """Epoch microseconds at which the token bucket is full again."""


# PynamoDB makes a client for each model, at its first request. One serves all, and is made here,
# while the function starts: a client takes a fifth of a second of CPU, and Lambda gives a starting
# function a whole processor.
CONNECTION = Photo._get_connection().connection
CONNECTION.add_meta_table(Usage._get_connection().get_meta_table())
Usage._get_connection().connection = CONNECTION
CONNECTION.client  # noqa: B018 - a property that makes it
