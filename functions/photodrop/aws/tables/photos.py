"""The records of photos, and of each photo a copy for each of its tags."""

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
    """Why a photo was not created. Nothing was written then."""

    REPEATED = auto()
    """The Idempotency-Key belongs to another photo."""
    OVER_LIMIT = auto()
    """The condition of the charge did not hold."""


class PhotoList(GlobalSecondaryIndex["Photo"]):
    """Base of the four lists of photos: each holds all that a list shows, in order of creation."""

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
    """Completed photos by place and SHA-256: finds a file that is sent again."""

    class Meta:
        index_name = "byChecksum"
        projection = KeysOnlyProjection()

    checksum_list = UnicodeAttribute(hash_key=True, attr_name="checksumList")


class ByDue(GlobalSecondaryIndex["Photo"]):
    """Unfinished photos, by when ExpireUploads has to check them."""

    class Meta:
        index_name = "byDue"
        projection = KeysOnlyProjection()

    due_list = UnicodeAttribute(hash_key=True, attr_name="dueList")
    due_at = NumberAttribute(range_key=True, attr_name="dueAt")


class Photo(Model):
    """One photo, from its grant on.

    It is the row "photo", and for each of its tags a copy, "tag#...", which the lists by that tag
    are made of. All rows change together, by `create`, `change`, `settle_size`, `release` and
    `delete_rows` alone. `domain/lifecycle.py` says which status may follow which.
    """

    class Meta:
        table_name = settings().photos_table
        region = settings().region

    photo_id = UnicodeAttribute(hash_key=True, attr_name="photoId")
    row = UnicodeAttribute(range_key=True, default=PHOTO_ROW)
    revision = NumberAttribute(default=0)
    """Counts the changes: a change made of what was read is refused if another came between."""

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
    """Epoch seconds at which ExpireUploads has to check it, where something may have been lost."""
    attempts = NumberAttribute(default=0)
    """How often ExpireUploads has sent the message of an unfinished photo again."""
    tries = NumberAttribute(default=0)
    """How often a message for it was delivered again, because the try before did not succeed."""
    is_retryable = BooleanAttribute(attr_name="isRetryable", null=True)
    """Set on a photo that failed through no fault of its file: its original is kept and charged."""

    owner_id = UnicodeAttribute(attr_name="ownerId", null=True)
    """None for a student's picture."""
    event_id = UnicodeAttribute(attr_name="eventId", null=True)
    student_id = UnicodeAttribute(attr_name="studentId", null=True)
    picture_version = NumberAttribute(attr_name="pictureVersion", null=True)
    """Of a student's picture: the number of this version, counted from 1."""
    key = UnicodeAttribute()
    version_id = UnicodeAttribute(attr_name="versionId", null=True)
    """The version of `key` that was verified: no other is ever shown."""
    etag = UnicodeAttribute(null=True)
    storage_class = UnicodeAttribute(attr_name="storageClass", default="STANDARD")
    restore = Restore(null=True)

    file_name = UnicodeAttribute(attr_name="fileName")
    title = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    tags = ListAttribute[str](default=list)
    content_type = UnicodeAttribute(attr_name="contentType")
    size_bytes = NumberAttribute(attr_name="sizeBytes", null=True)
    """None until the file has landed, where its size was not announced."""
    charged_bytes = NumberAttribute(attr_name="chargedBytes", null=True)
    """What its owner is charged with until its bytes are gone: the announced size, or what was
    reserved for an unknown one. None for a student's picture, and after it was given back."""
    part_bytes = NumberAttribute(attr_name="partBytes", null=True)
    """Of a multipart upload: how large the client said that each part but the last is."""
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
    """Of a video: FFmpeg's name of its video codec."""
    thumb_hash = UnicodeAttribute(attr_name="thumbHash", null=True)
    thumbnails = ListAttribute(of=ThumbnailSize, default=list)
    thumbnails_missing = Failure(attr_name="thumbnailsMissing", null=True)
    """Why a completed video has no thumbnails."""

    request_hash = UnicodeAttribute(attr_name="requestHash", null=True)
    """SHA-256 of the request that an Idempotency-Key came with."""
    upload_method = UnicodeAttribute(attr_name="uploadMethod")
    part_checksums = BooleanAttribute(attr_name="partChecksums", null=True)
    """Of a multipart upload: whether each part comes with its SHA-256."""
    correlation_id = UnicodeAttribute(attr_name="correlationId")
    created_at = UnicodeAttribute(attr_name="createdAt")
    updated_at = UnicodeAttribute(attr_name="updatedAt")
    remove_at = NumberAttribute(attr_name="removeAt", null=True)
    """Epoch seconds at which DynamoDB drops the record: set while pending and once failed."""

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
        gone_photo_id: str | None = None,
    ) -> NotCreated | None:
        """Write a new, pending photo with what it costs and its Idempotency-Key, or write nothing.

        `due_at` is when its upload should have come, in epoch seconds. `request` must not name
        another photo yet, except `gone_photo_id`. Returns why it was refused.
        """
        self.status = Status.PENDING
        self.list_order = f"{self.created_at}#{self.photo_id}"
        self.due_at = due_at
        self._set_lists(None)
        copies = [self._copy(tag) for tag in self.tags]

        def write() -> None:
            with TransactWrite(connection=CONNECTION) as transaction:
                transaction.save(self, Photo.photo_id.does_not_exist())
                for copy in copies:
                    transaction.save(copy)
                if request:
                    request.begun_photo_id = self.photo_id
                    transaction.save(request, request.is_free(gone_photo_id))
                if charge:
                    row, actions, condition = charge
                    transaction.update(row, actions, condition)

        # PynamoDB orders a transaction: puts, then updates.
        refused = failed_conditions(write)
        if 0 in refused:
            raise AssertionError("The id of a new photo is taken.")
        if request and 1 + len(copies) in refused:
            return NotCreated.REPEATED
        return NotCreated.OVER_LIMIT if refused else None

    def change(self, **changes: Any) -> bool:
        """Set attributes, `tags` among them, in all rows.

        Returns False when another change came between; then this record is as the table has it.
        Raises Photo.DoesNotExist for a photo that was deleted.
        """
        as_read = Photo.revision == self.revision
        old_tags = list(self.tags)
        if changes.get("status") == Status.FAILED:
            self.charged_bytes = self._held_bytes()
        for name, value in changes.items():
            setattr(self, name, value)
        self.revision += 1
        self.updated_at = now_iso()
        if self._write(as_read, old_tags):
            return True
        self.reload()
        return False

    def settle_size(self, size_bytes: int) -> None:
        """Set the size of a file that none was announced of, and charge its owner with just that.

        Done twice it is done once; one that failed in the meantime is not charged. Raises
        Photo.DoesNotExist for a photo that was deleted.
        """
        while self.size_bytes is None and self.status != Status.FAILED:
            as_read = Photo.revision == self.revision
            usage = self._charge_again(size_bytes)
            self.size_bytes = size_bytes
            self.revision += 1
            self.updated_at = now_iso()
            if self._write(as_read, list(self.tags), usage=usage):
                return
            self.reload()

    def release(self) -> None:
        """Give a failed photo back to its owner's limits, once its bytes are gone.

        Done twice it is done once. Does nothing for one whose file is kept. Raises
        Photo.DoesNotExist for a photo that was deleted.
        """
        while not self.is_retryable and (usage := self._refund()):
            as_read = Photo.revision == self.revision
            self.revision += 1
            self.updated_at = now_iso()
            if self._write(as_read, list(self.tags), usage=usage):
                return
            self.reload()

    def delete_rows(self) -> None:
        """Remove the photo from all lists, and give it back to its owner's limits.

        A tombstone stays for a while, so that deleting again is known to be a repetition. Raises
        Photo.DoesNotExist when it is gone already.
        """

        def write() -> None:
            with TransactWrite(connection=CONNECTION) as transaction:
                transaction.delete(self, Photo.revision == self.revision)
                for tag in self.tags:
                    transaction.delete(Photo(self.photo_id, row_of(tag)))
                transaction.save(
                    Tombstone(self.photo_id, owner_id=self.owner_id, event_id=self.event_id)
                )
                for row, actions, condition in refund:
                    transaction.update(row, actions, condition)

        refund = self._refund()
        while not write_if(write):
            self.reload()
            refund = self._refund()

    def reload(self) -> None:
        """Read this record again. Raises Photo.DoesNotExist for a photo that was deleted."""
        latest = Photo.get(self.photo_id, PHOTO_ROW, consistent_read=True)
        self.attribute_values = latest.attribute_values

    def _write(
        self, as_read: Condition, old_tags: list[str], *, usage: "Sequence[UsageUpdate]" = ()
    ) -> bool:
        self._set_lists(None)
        if not (self.tags or old_tags or usage):
            return write_if(lambda: self.save(as_read))

        def write() -> None:
            with TransactWrite(connection=CONNECTION) as transaction:
                transaction.save(self, as_read)
                for tag in self.tags:
                    transaction.save(self._copy(tag))
                for tag in set(old_tags) - set(self.tags):
                    transaction.delete(Photo(self.photo_id, row_of(tag)))
                for row, actions, condition in usage:
                    transaction.update(row, actions, condition)

        return write_if(write)

    def _copy(self, tag: str) -> "Photo":
        copy = Photo(**self.attribute_values)
        copy.row = row_of(tag)
        copy.due_at = copy.checksum_list = None
        copy._set_lists(tag)
        return copy

    def _set_lists(self, tag: str | None) -> None:
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
            scope = event_scope(self.event_id)
            self.event_list = list_key(scope, tag=tag)
            self.event_status_list = list_key(scope, tag=tag, status=self.status)
        if self.student_id:
            scope = student_scope(self.student_id)
            self.owner_list = list_key(scope)
            self.owner_status_list = list_key(scope, status=self.status)

    def _charge_again(self, size_bytes: int) -> "list[UsageUpdate]":
        """Charge the owner with so many bytes instead of those that were reserved."""
        held_bytes = self._held_bytes()
        if held_bytes is None:
            return []
        self.charged_bytes = size_bytes
        return [(Usage(self.owner_id), [Usage.held_bytes.add(size_bytes - held_bytes)], None)]

    def _refund(self) -> "list[UsageUpdate]":
        """Give back to the owner what this photo is charged with."""
        held_bytes = self._held_bytes()
        if held_bytes is None:
            return []
        self.charged_bytes = None
        actions: list[Action] = [Usage.held_bytes.add(-held_bytes), Usage.held_photos.add(-1)]
        return [(Usage(self.owner_id), actions, None)]

    def _held_bytes(self) -> int | None:
        """Return what the owner is charged with for this photo; None where it is nothing."""
        if self.charged_bytes is not None:
            return int(self.charged_bytes)
        if self.owner_id is None or self.status == Status.FAILED:
            return None
        return int(self.size_bytes or 0)  # a record of before there was `charged_bytes`
