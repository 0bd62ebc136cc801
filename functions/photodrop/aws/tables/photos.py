"""The records of photos, each with a copy for each of its tags."""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Any
from zlib import crc32

from pynamodb.attributes import BooleanAttribute, ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from photodrop import keys
from photodrop.aws.tables.connection import CONNECTION, failed_conditions, write_if
from photodrop.aws.tables.idempotency_keys import IdempotencyRecord
from photodrop.aws.tables.photo_attributes import Failure, Restore, ThumbnailSize
from photodrop.aws.tables.photo_lists import (
    DUE_SHARDS,
    PHOTO_ROW,
    checksum_key,
    due_key,
    event_scope,
    list_key,
    retryable_key,
    row_of,
    shard_of,
    student_scope,
    user_scope,
)
from photodrop.aws.tables.tombstones import Tombstone
from photodrop.aws.tables.usage import Usage
from photodrop.clock import now_iso
from photodrop.config import settings
from photodrop.status import Status

UsageUpdate = tuple[Usage, list[Action], Condition | None]


class NotCreated(Enum):
    """Why a photo was not created. Nothing was written."""

    REPEATED = auto()
    """The Idempotency-Key belongs to another photo."""
    OVER_LIMIT = auto()
    """The condition of the charge failed."""


class PhotoList(GlobalSecondaryIndex["Photo"]):
    """Base of the four lists of photos. Each holds whole records, in order of creation."""

    list_order = UnicodeAttribute(range_key=True, attr_name="listOrder")


class ByOwner(PhotoList):
    """A user's photos, all or of one tag."""

    class Meta:
        index_name = "byOwner"
        projection = AllProjection()

    owner_list = UnicodeAttribute(hash_key=True, attr_name="ownerList")


class ByOwnerStatus(PhotoList):
    """A user's photos of one status, all or of one tag."""

    class Meta:
        index_name = "byOwnerStatus"
        projection = AllProjection()

    owner_status_list = UnicodeAttribute(hash_key=True, attr_name="ownerStatusList")


class ByEvent(PhotoList):
    """An event's photos, all or of one tag."""

    class Meta:
        index_name = "byEvent"
        projection = AllProjection()

    event_list = UnicodeAttribute(hash_key=True, attr_name="eventList")


class ByEventStatus(PhotoList):
    """An event's photos of one status, all or of one tag."""

    class Meta:
        index_name = "byEventStatus"
        projection = AllProjection()

    event_status_list = UnicodeAttribute(hash_key=True, attr_name="eventStatusList")


class ByChecksum(GlobalSecondaryIndex["Photo"]):
    """Completed photos by scope and SHA-256, to find a file that was uploaded before."""

    class Meta:
        index_name = "byChecksum"
        projection = KeysOnlyProjection()

    checksum_list = UnicodeAttribute(hash_key=True, attr_name="checksumList")


class ByDue(GlobalSecondaryIndex["Photo"]):
    """Photos that ExpireUploads has to check, by the time of the next check."""

    class Meta:
        index_name = "byDue"
        projection = KeysOnlyProjection()

    due_list = UnicodeAttribute(hash_key=True, attr_name="dueList")
    due_at = NumberAttribute(range_key=True, attr_name="dueAt")


class Photo(Model):
    """One photo, from the beginning of its upload.

    It is the row "photo", and a copy "tag#..." for each of its tags, for the lists by that tag.
    Only `create`, `change`, `set_size`, `release` and `delete_rows` write them, always all rows in
    one transaction. `domain/lifecycle.py` says which status may follow which.
    """

    class Meta:
        table_name = settings().photos_table

    photo_id = UnicodeAttribute(hash_key=True, attr_name="photoId")
    row = UnicodeAttribute(range_key=True, default=PHOTO_ROW)
    revision = NumberAttribute(default=0)
    """Counts the changes. A change is refused unless it was made from the latest revision."""

    by_owner, by_owner_status = ByOwner(), ByOwnerStatus()
    by_event, by_event_status = ByEvent(), ByEventStatus()
    by_checksum, by_due = ByChecksum(), ByDue()
    list_order = UnicodeAttribute(attr_name="listOrder", null=True)
    owner_list = UnicodeAttribute(attr_name="ownerList", null=True)
    owner_status_list = UnicodeAttribute(attr_name="ownerStatusList", null=True)
    event_list = UnicodeAttribute(attr_name="eventList", null=True)
    event_status_list = UnicodeAttribute(attr_name="eventStatusList", null=True)
    checksum_list = UnicodeAttribute(attr_name="checksumList", null=True)
    due_list = UnicodeAttribute(attr_name="dueList", null=True)
    due_at = NumberAttribute(attr_name="dueAt", null=True)
    """When ExpireUploads has to check it next, in epoch seconds. None if it is finished."""
    attempts = NumberAttribute(default=0)
    """How often ExpireUploads has sent the message of an unfinished photo again."""
    tries = NumberAttribute(default=0)
    """How often a message for it was delivered again, because the try before did not succeed. Both
    numbers are counted for each status."""
    is_retryable = BooleanAttribute(attr_name="isRetryable", null=True)
    """Set if it failed through no fault of its file. Then its original is kept, and charged."""

    is_deleting = BooleanAttribute(attr_name="isDeleting", null=True)
    """Set while it is being deleted. If that is cut off, ExpireUploads finishes it."""

    owner_id = UnicodeAttribute(attr_name="ownerId", null=True)
    """None for a student's picture."""
    event_id = UnicodeAttribute(attr_name="eventId", null=True)
    student_id = UnicodeAttribute(attr_name="studentId", null=True)
    picture_version = NumberAttribute(attr_name="pictureVersion", null=True)
    """The number of this version of a student's picture, counted from 1."""
    key = UnicodeAttribute()
    version_id = UnicodeAttribute(attr_name="versionId", null=True)
    """The object version that was verified. No other one is ever shown."""
    etag = UnicodeAttribute(null=True)
    storage_class = UnicodeAttribute(attr_name="storageClass", default="STANDARD")
    restore = Restore(null=True)

    file_name = UnicodeAttribute(attr_name="fileName")
    title = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    tags = ListAttribute[str](default=list)
    content_type = UnicodeAttribute(attr_name="contentType")
    size_bytes = NumberAttribute(attr_name="sizeBytes", null=True)
    """None until the file has landed, if its size was not announced."""
    charged_bytes = NumberAttribute(attr_name="chargedBytes", null=True)
    """What its owner is charged until its bytes are erased: the announced size, or what is reserved
    if none was announced. None for a student's picture, and after it was released."""
    part_bytes = NumberAttribute(attr_name="partBytes", null=True)
    """The size of each part of a multipart upload but the last, if the client announced it."""
    checksum_sha256 = UnicodeAttribute(attr_name="checksumSha256", null=True)

    status = UnicodeAttribute()
    failure = Failure(null=True)
    width = NumberAttribute(null=True)
    height = NumberAttribute(null=True)
    orientation = NumberAttribute(null=True)
    animated = BooleanAttribute(null=True)
    taken_at = UnicodeAttribute(attr_name="takenAt", null=True)
    duration_seconds = NumberAttribute(attr_name="durationSeconds", null=True)
    codec = UnicodeAttribute(null=True)
    """FFmpeg's name of a video's codec."""
    thumb_hash = UnicodeAttribute(attr_name="thumbHash", null=True)
    thumbnails = ListAttribute(of=ThumbnailSize, default=list)
    thumbnails_missing = Failure(attr_name="thumbnailsMissing", null=True)
    """Why a completed video has no thumbnails."""

    request_hash = UnicodeAttribute(attr_name="requestHash", null=True)
    """See IdempotencyRecord, which has it now. Only photos of early versions have it here."""
    upload_method = UnicodeAttribute(attr_name="uploadMethod")
    part_checksums = BooleanAttribute(attr_name="partChecksums", null=True)
    """Whether each part of a multipart upload is sent with its SHA-256."""
    correlation_id = UnicodeAttribute(attr_name="correlationId")
    created_at = UnicodeAttribute(attr_name="createdAt")
    updated_at = UnicodeAttribute(attr_name="updatedAt")
    remove_at = NumberAttribute(attr_name="removeAt", null=True)
    """When DynamoDB removes the record, in epoch seconds. Set once it failed for good."""

    @classmethod
    def find_by_key(cls, key: str) -> "Photo | None":
        """Return the photo whose original is at `key` of the uploads bucket, or None."""
        photo_id = keys.photo_id(key)
        try:
            photo = cls.get(photo_id, PHOTO_ROW, consistent_read=True) if photo_id else None
        except cls.DoesNotExist:
            return None
        return photo if photo is not None and photo.key == key else None

    def create(
        self,
        *,
        due_at: int,
        charge: UsageUpdate | None = None,
        request: IdempotencyRecord | None = None,
        deleted_photo_id: str | None = None,
    ) -> NotCreated | None:
        """Write a new, pending photo, its charge and its Idempotency-Key in one transaction.

        `due_at` is when ExpireUploads checks it first, in epoch seconds. `request` must not name
        another photo than `deleted_photo_id`. Returns why nothing was written, or None.
        """
        self.status = Status.PENDING
        self.due_at = due_at
        _, *copies = self.rows()

        def write() -> None:
            with TransactWrite(connection=CONNECTION) as transaction:
                transaction.save(self, Photo.photo_id.does_not_exist())
                for copy in copies:
                    transaction.save(copy)
                if request:
                    request.begun_photo_id = self.photo_id
                    transaction.save(request, request.is_free(deleted_photo_id))
                if charge:
                    row, actions, condition = charge
                    transaction.update(row, actions, condition)

        # PynamoDB writes puts before updates: first the photo, then its copies, then the request.
        refused = failed_conditions(write)
        if 0 in refused:
            raise AssertionError("The id of a new photo is taken.")
        if request and 1 + len(copies) in refused:
            return NotCreated.REPEATED
        return NotCreated.OVER_LIMIT if refused else None

    def change(self, **changes: Any) -> bool:
        """Set attributes, also `tags`, in all rows.

        Returns False if somebody else has changed the photo since it was read; this record is then
        what the table has now. Raises Photo.DoesNotExist for a photo that was deleted.
        """
        old_tags = list(self.tags)
        if changes.get("status") == Status.FAILED:
            self.charged_bytes = self.held_bytes()
        for name, value in changes.items():
            setattr(self, name, value)
        return self._write(old_tags)

    def set_size(self, size_bytes: int) -> None:
        """Set the size of a file whose size was not announced, and charge its owner just that.

        Can be repeated. Does nothing for a photo that failed in the meantime. Raises
        Photo.DoesNotExist for a photo that was deleted.
        """
        while self.size_bytes is None and self.status != Status.FAILED:
            usage = self._charge_updates(size_bytes)
            self.size_bytes = size_bytes
            if self._write(list(self.tags), usage=usage):
                return

    def release(self) -> None:
        """Release the charge of a failed photo to its owner's limits, once its bytes are erased.

        Can be repeated. Does nothing for a photo whose file is kept. Raises Photo.DoesNotExist for
        a photo that was deleted.
        """
        while not self.is_retryable and (usage := self._release_updates()):
            if self._write(list(self.tags), usage=usage):
                return

    def delete_rows(self) -> None:
        """Delete all rows of the photo, and release its charge to its owner's limits.

        A tombstone is kept for some days, so that deleting it again is recognized. Raises
        Photo.DoesNotExist if it was deleted already.
        """

        def write() -> None:
            with TransactWrite(connection=CONNECTION) as transaction:
                transaction.delete(self, Photo.revision == self.revision)
                for tag in self.tags:
                    transaction.delete(Photo(self.photo_id, row_of(tag)))
                transaction.save(tombstone)
                for row, actions, condition in released:
                    transaction.update(row, actions, condition)

        tombstone = Tombstone(
            self.photo_id, owner_id=self.owner_id, event_id=self.event_id, key=self.key
        )
        released = self._release_updates()
        while not write_if(write):
            self.reload()
            released = self._release_updates()

    def reload(self) -> None:
        """Read this record again. Raises Photo.DoesNotExist for a photo that was deleted."""
        latest = Photo.get(self.photo_id, PHOTO_ROW, consistent_read=True)
        self.attribute_values = latest.attribute_values

    def rows(self) -> "list[Photo]":
        """Set the lists of this record anew. Returns it and its copies: all rows of the photo."""
        self._set_lists(None)
        return [self, *(self._copy(tag) for tag in self.tags)]

    def held_bytes(self) -> int | None:
        """Return how many bytes the owner is charged for this photo, or None for no charge."""
        if self.charged_bytes is not None:
            return int(self.charged_bytes)
        if self.owner_id is None or self.status == Status.FAILED:
            return None
        return int(self.size_bytes or 0)  # records of early versions have no `charged_bytes`

    def _write(self, old_tags: list[str], *, usage: "Sequence[UsageUpdate]" = ()) -> bool:
        """Write all rows, unless somebody else has changed the photo since it was read.

        Returns False in that case; this record is then what the table has now. Raises
        Photo.DoesNotExist for a photo that was deleted.
        """
        is_unchanged = Photo.revision == self.revision
        self.revision += 1
        self.updated_at = now_iso()
        _, *copies = self.rows()

        def write() -> None:
            with TransactWrite(connection=CONNECTION) as transaction:
                transaction.save(self, is_unchanged)
                for copy in copies:
                    transaction.save(copy)
                for tag in set(old_tags) - set(self.tags):
                    transaction.delete(Photo(self.photo_id, row_of(tag)))
                for row, actions, condition in usage:
                    transaction.update(row, actions, condition)

        if self.tags or old_tags or usage:
            is_written = write_if(write)
        else:  # one row needs no transaction, which costs twice as much
            is_written = write_if(lambda: self.save(is_unchanged))
        if not is_written:
            self.reload()
        return is_written

    def _copy(self, tag: str) -> "Photo":
        copy = Photo(**self.attribute_values)
        copy.row = row_of(tag)
        copy.due_at = copy.checksum_list = None
        copy._set_lists(tag)
        return copy

    def _set_lists(self, tag: str | None) -> None:
        self.list_order = f"{self.created_at}#{self.photo_id}"
        is_found_by_checksum = self.status == Status.COMPLETED and tag is None
        if is_found_by_checksum and self.owner_id and self.checksum_sha256:
            self.checksum_list = checksum_key(self.owner_id, self.event_id, self.checksum_sha256)
        shard = crc32(self.photo_id.encode()) % DUE_SHARDS
        due_list = retryable_key(shard) if self.is_retryable else due_key(shard)
        self.due_list = None if self.due_at is None else due_list
        if self.owner_id:
            scope = user_scope(self.owner_id)
            self.owner_list = list_key(scope, tag=tag)
            self.owner_status_list = list_key(scope, tag=tag, status=self.status)
        if self.event_id:
            scope, shard = event_scope(self.event_id), shard_of(self.photo_id)
            self.event_list = list_key(scope, tag=tag, shard=shard)
            self.event_status_list = list_key(scope, tag=tag, status=self.status, shard=shard)
        if self.student_id:
            scope = student_scope(self.student_id)
            self.owner_list = list_key(scope)
            self.owner_status_list = list_key(scope, status=self.status)

    def _charge_updates(self, size_bytes: int) -> "list[UsageUpdate]":
        """Return the update that changes the charge of this photo to this size."""
        held_bytes = self.held_bytes()
        if held_bytes is None:
            return []
        self.charged_bytes = size_bytes
        return [(Usage(self.owner_id), [Usage.held_bytes.add(size_bytes - held_bytes)], None)]

    def _release_updates(self) -> "list[UsageUpdate]":
        """Return the update that releases the charge of this photo."""
        held_bytes = self.held_bytes()
        if held_bytes is None:
            return []
        self.charged_bytes = None
        actions: list[Action] = [Usage.held_bytes.add(-held_bytes), Usage.held_photos.add(-1)]
        return [(Usage(self.owner_id), actions, None)]
