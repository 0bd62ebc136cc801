"""Photos, their copies in the lists by tag, and what is left of them."""

import time
from collections.abc import Sequence
from enum import Enum, auto
from typing import Any
from zlib import crc32

from pynamodb.attributes import (
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from photodrop.config import settings
from photodrop.models.connection import (
    CONNECTION,
    in_days,
    is_made,
    now_iso,
    refusals_of,
    share_connection,
)
from photodrop.models.upload_requests import UploadRequest
from photodrop.models.usage import Usage
from photodrop.status import Status

UsageUpdate = tuple[Usage, list[Action], Condition | None]

PHOTO_ROW = "photo"
TOMBSTONE_ROW = "deleted"
DUE_SHARDS = 8
"""Partitions of the list of unfinished photos: one would bound how many can be begun a second."""
TOMBSTONE_DAYS = 7


def list_key(place: str, *, tag: str | None = None, status: str | None = None) -> str:
    """Return the partition of one list: of a place (a user or an event), by tag and status or not.

    A tag comes last, because it may hold any character.
    """
    return place + (f"#{status}" if status else "") + (f"#tag#{tag}" if tag else "")


def user_place(user_id: str) -> str:
    """Return the place that a user's photos are listed in."""
    return f"user_{user_id}"


def event_place(event_id: str) -> str:
    """Return the place that an event's photos are listed in."""
    return f"event_{event_id}"


def student_place(student_id: str) -> str:
    """Return the place that all versions of a student's picture are listed in."""
    return f"student_{student_id}"


def checksum_key(owner_id: str, event_id: str | None, checksum_sha256: str) -> str:
    """Return the partition of one file in one place: a user's own photos, or theirs at an event."""
    place = user_place(owner_id) + (f"#{event_place(event_id)}" if event_id else "")
    return f"{place}#{checksum_sha256}"


def due_key(shard: int) -> str:
    """Return a partition of the list of photos that somebody has to look after."""
    return f"due#{shard}"


def retryable_key(shard: int) -> str:
    """Return a partition of the list of photos that failed by our fault."""
    return f"retryable#{shard}"


def row_of(tag: str | None) -> str:
    """Return the row of a photo that the lists by a tag are made of; None: of all photos."""
    return PHOTO_ROW if tag is None else f"tag#{tag}"


_BEFORE: dict[Status, set[Status]] = {
    Status.PENDING: set(),
    Status.UPLOADED: {Status.PENDING},
    Status.PROCESSING: {Status.UPLOADED},
    Status.COMPLETED: {Status.PROCESSING},
    Status.FAILED: {Status.PENDING, Status.UPLOADED, Status.PROCESSING},
}
"""What each status may follow: whoever comes late takes no photo back. `Photo.retry` alone does."""


class NotCreated(Enum):
    """Why a photo was not created. Nothing was written then."""

    REPEATED = auto()
    """The Idempotency-Key stands for another photo."""
    OVER_LIMIT = auto()
    """The condition of the charge did not hold."""


class Failure(MapAttribute[str, str]):
    """Why a photo failed, or has no thumbnails."""

    code = UnicodeAttribute()
    message = UnicodeAttribute()


class Restore(MapAttribute[str, str]):
    """How far an archived original's restoring is: status "ongoing", or "completed" until..."""

    status = UnicodeAttribute()
    expires_at = UnicodeAttribute(attr_name="expiresAt", null=True)


class ThumbnailSize(MapAttribute[str, int]):
    """One thumbnail that exists. `size` is the step of the ladder: the box it was fitted into."""

    size = NumberAttribute()
    width = NumberAttribute()
    height = NumberAttribute()


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
    """Unfinished photos, by when somebody has to look after them."""

    class Meta:
        index_name = "byDue"
        projection = KeysOnlyProjection()

    due_list = UnicodeAttribute(hash_key=True, attr_name="dueList")
    due_at = NumberAttribute(range_key=True, attr_name="dueAt")


class Photo(Model):
    """One photo, from its grant on.

    It is the row "photo", and for each of its tags a copy, "tag#...", which the lists by that tag
    are made of. All rows change together, by `create`, `advance`, `edit` and `erase` alone.
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
    """Epoch seconds at which somebody has to look after it: that it goes on, or its file goes."""
    attempts = NumberAttribute(default=0)
    """How often an unfinished photo was asked for again."""
    tries = NumberAttribute(default=0)
    """How often a message for it was delivered again: the try before had not succeeded."""
    is_retryable = BooleanAttribute(attr_name="isRetryable", null=True)
    """Of a photo that failed by our fault: its original is kept and charged, for another try."""

    owner_id = UnicodeAttribute(attr_name="ownerId", null=True)
    """None for a student's picture."""
    event_id = UnicodeAttribute(attr_name="eventId", null=True)
    student_id = UnicodeAttribute(attr_name="studentId", null=True)
    picture_version = NumberAttribute(attr_name="pictureVersion", null=True)
    """Of a student's picture: its place among them."""
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
    """None until it has landed, where no exact size was announced."""
    charged_bytes = NumberAttribute(attr_name="chargedBytes", null=True)
    """What its owner is charged with until its bytes are gone: the announced size, or what was
    reserved for an unknown one. None for a photo of nobody's, and once it was given back."""
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
    """Of a video that is fine, but no frame of it can be shown: why."""

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

    def create(
        self,
        *,
        due_at: int,
        charge: UsageUpdate | None = None,
        request: UploadRequest | None = None,
        gone_photo_id: str | None = None,
    ) -> NotCreated | None:
        """Write a new, pending photo, with what it costs and the request that it answers, or none.

        `due_at` is when its upload should have come, in epoch seconds. `request` must not stand for
        another photo yet, but for `gone_photo_id`. Returns why it was refused.
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
        refused = refusals_of(write)
        if 0 in refused:
            raise AssertionError("The id of a new photo is taken.")
        if request and 1 + len(copies) in refused:
            return NotCreated.REPEATED
        return NotCreated.OVER_LIMIT if refused else None

    def advance(self, to: Status, **changes: Any) -> bool:
        """Step to another status, unless somebody else has taken the photo on in the meantime.

        A conditional write: however often, late or out of order events arrive, each step is taken
        once. Returns False when it was taken already; then this record is as the table has it.
        `changes` are further attributes. A photo fails only from the status that this record has:
        whoever finds that an upload never came does not end one that came in the meantime. Its
        owner stays charged until `release`. Raises Photo.DoesNotExist for one that was deleted.
        """
        before = _BEFORE[to] & {self.status} if to == Status.FAILED else _BEFORE[to]
        if to == Status.COMPLETED:
            changes["due_at"] = None
        else:
            changes |= {"attempts": 0, "tries": 0}  # of the next step
        if to == Status.COMPLETED and self.owner_id and self.checksum_sha256:
            changes["checksum_list"] = checksum_key(
                self.owner_id, self.event_id, self.checksum_sha256
            )
        while self.status in before:
            if self.change(status=to, **changes):
                return True
        return False

    def retry(self, to: Status, **changes: Any) -> bool:
        """Take a photo that failed by our fault back to the status `to`: the one way back.

        Returns False for any other. Raises Photo.DoesNotExist for one that was deleted.
        """
        while self.status == Status.FAILED and self.is_retryable:
            if self.change(status=to, failure=None, is_retryable=None, **changes):
                return True
        return False

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

    def erase(self) -> None:
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
        while not is_made(write):
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
            return is_made(lambda: self.save(as_read))

        def write() -> None:
            with TransactWrite(connection=CONNECTION) as transaction:
                transaction.save(self, as_read)
                for tag in self.tags:
                    transaction.save(self._copy(tag))
                for tag in set(old_tags) - set(self.tags):
                    transaction.delete(Photo(self.photo_id, row_of(tag)))
                for row, actions, condition in usage:
                    transaction.update(row, actions, condition)

        return is_made(write)

    def _copy(self, tag: str) -> "Photo":
        copy = Photo(**self.attribute_values)
        copy.row = row_of(tag)
        copy.due_at = copy.checksum_list = None
        copy._set_lists(tag)
        return copy

    def _set_lists(self, tag: str | None) -> None:
        shard = crc32(self.photo_id.encode()) % DUE_SHARDS
        due_list = retryable_key(shard) if self.is_retryable else due_key(shard)
        self.due_list = None if self.due_at is None else due_list
        if self.owner_id:
            place = user_place(self.owner_id)
            self.owner_list = list_key(place, tag=tag)
            self.owner_status_list = list_key(place, tag=tag, status=self.status)
        if self.event_id:
            place = event_place(self.event_id)
            self.event_list = list_key(place, tag=tag)
            self.event_status_list = list_key(place, tag=tag, status=self.status)
        if self.student_id:
            place = student_place(self.student_id)
            self.owner_list = list_key(place)
            self.owner_status_list = list_key(place, status=self.status)

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


class Tombstone(Model):
    """What is left of a deleted photo for TOMBSTONE_DAYS: who may know that it was deleted."""

    class Meta:
        table_name = settings().photos_table
        region = settings().region

    photo_id = UnicodeAttribute(hash_key=True, attr_name="photoId")
    row = UnicodeAttribute(range_key=True, default=TOMBSTONE_ROW)
    owner_id = UnicodeAttribute(attr_name="ownerId", null=True)
    event_id = UnicodeAttribute(attr_name="eventId", null=True)
    remove_at = NumberAttribute(attr_name="removeAt", default=lambda: in_days(TOMBSTONE_DAYS))


class ThumbnailClaim(Model):
    """Who makes one thumbnail that was asked for: the row "thumbnail#640x480.avif" of its photo.

    Whoever writes it first makes the thumbnail, all others wait. It is of no use once the
    thumbnail exists, and drops out after a day.
    """

    class Meta:
        table_name = settings().photos_table
        region = settings().region

    photo_id = UnicodeAttribute(hash_key=True, attr_name="photoId")
    row = UnicodeAttribute(range_key=True)
    lapses_at = NumberAttribute(attr_name="lapsesAt")
    """Epoch seconds from which on somebody else may take it."""
    is_queued = BooleanAttribute(attr_name="isQueued")
    failure = Failure(null=True)
    """Set when it cannot be made at all, however often it is tried."""
    remove_at = NumberAttribute(attr_name="removeAt", default=lambda: in_days(1))

    @classmethod
    def of(cls, photo_id: str, name: str) -> "ThumbnailClaim | None":
        """Return the claim to the thumbnail `name` ("640x480.avif"), or None."""
        try:
            return cls.get(photo_id, f"thumbnail#{name}", consistent_read=True)
        except cls.DoesNotExist:
            return None

    @classmethod
    def take(
        cls,
        photo_id: str,
        name: str,
        lapsed: "ThumbnailClaim | None",
        *,
        seconds: int,
        queued: bool,
    ) -> bool:
        """Claim a thumbnail for so many seconds, in place of a `lapsed` claim where there is one.

        Returns False when somebody else was faster.
        """
        claim = cls(photo_id, f"thumbnail#{name}")
        claim.lapses_at, claim.is_queued = int(time.time()) + seconds, queued
        as_read = (
            cls.lapses_at == lapsed.lapses_at
            if lapsed
            else ThumbnailClaim.lapses_at.does_not_exist()
        )
        return is_made(lambda: claim.save(as_read))

    @classmethod
    def end(cls, photo_id: str, name: str, failure: Failure | None = None) -> None:
        """Let others try again at once; with a `failure`, tell them that it is of no use."""
        claim = cls(photo_id, f"thumbnail#{name}", lapses_at=0, is_queued=False, failure=failure)
        claim.save()


share_connection(Photo, Tombstone, ThumbnailClaim, UploadRequest)
