"""What a difference is, and what counts as one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol


class Kind(StrEnum):
    """The kinds of differences. docs/operations.md says what is done about each."""

    ROWS_DIFFER = "RowsDiffer"
    ROWS_WITHOUT_PHOTO = "RowsWithoutPhoto"
    DELETED_PHOTO_EXISTS = "DeletedPhotoExists"
    PHOTO_NOT_CHECKED = "PhotoNotChecked"
    CHARGE_NOT_RELEASED = "ChargeNotReleased"
    PHOTO_WITHOUT_ORIGINAL = "PhotoWithoutOriginal"
    PHOTO_WITHOUT_THUMBNAILS = "PhotoWithoutThumbnails"
    PICTURE_WITHOUT_STUDENT = "PictureWithoutStudent"
    PICTURE_NOT_SHOWN = "PictureNotShown"

    OBJECT_WITHOUT_PHOTO = "ObjectWithoutPhoto"
    OBJECT_OF_FAILED_PHOTO = "ObjectOfFailedPhoto"
    SECOND_VERSION = "SecondVersion"
    HIDDEN_ORIGINAL = "HiddenOriginal"
    UNKNOWN_OBJECT = "UnknownObject"
    THUMBNAIL_WITHOUT_PHOTO = "ThumbnailWithoutPhoto"
    MULTIPART_WITHOUT_UPLOAD = "MultipartWithoutUpload"

    USAGE_DIFFERS = "UsageDiffers"

    STUDENT_LISTS_DIFFER = "StudentListsDiffer"
    STUDENT_NOT_DELETED = "StudentNotDeleted"
    SHOWN_PICTURE_MISSING = "ShownPictureMissing"
    EMAIL_LOCK_DIFFERS = "EmailLockDiffers"

    EVENT_LISTS_DIFFER = "EventListsDiffer"
    EVENT_NOT_PURGED = "EventNotPurged"
    ATTENDEES_WITHOUT_EVENT = "AttendeesWithoutEvent"

    DEAD_LETTERS = "DeadLetters"


Repair = Callable[[], bool]
"""Repairs a difference. Returns False if it is none any more, because something has changed."""


@dataclass(frozen=True)
class Difference:
    """Two places that disagree. Neither `subject` nor `detail` holds text that a user wrote."""

    kind: Kind
    subject: str
    """The id or the key of what differs."""
    detail: str
    repair: Repair | None = field(default=None, compare=False)
    """None for what a person has to decide."""
    erases_original: bool = False
    """Whether repairing it erases bytes that may be the only copy of a photo."""


@dataclass(frozen=True)
class Rules:
    """What counts as a difference, and what may be erased."""

    grace_seconds: float
    """What was changed so recently may still be in flight, and is no difference."""
    settle_seconds: float = 5
    """How long a suspect is left alone before it is read again. Indexes are a little behind."""
    erase_after_seconds: float = 7 * 24 * 3600
    """Originals that no record names are erased only when they are older than this."""
    deletes_lost_photos: bool = False
    """Whether a completed photo is deleted if its original is gone."""

    def is_recent(self, moment: str | datetime) -> bool:
        """Tell whether something that changed at this moment may still be in flight."""
        return _parse(moment) > _ago(self.grace_seconds)

    def is_overdue(self, moment: float) -> bool:
        """Tell whether what was to happen at this moment, in epoch seconds, is really late."""
        return moment < time.time() - self.grace_seconds

    def may_erase(self, stored_at: datetime) -> bool:
        """Tell whether an original that no record names is old enough to be erased."""
        return stored_at <= _ago(self.erase_after_seconds)


@dataclass(frozen=True)
class Page:
    """What reading one page has found."""

    suspects: list[Any]
    """What has to be read again, because it seems to differ."""
    position: Any
    """Where the next page begins, as JSON can hold it. None after the last page."""
    items: int
    """How many things were compared."""


class Comparison(Protocol):
    """Something that is compared, page by page."""

    name: str

    def read_page(self, position: Any) -> Page:
        """Read and compare the page at a position. None is the first one."""

    def examine(self, suspect: Any) -> list[Difference]:
        """Read everything about a suspect again, consistently, and return what differs."""


def _ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def _parse(moment: str | datetime) -> datetime:
    return datetime.fromisoformat(moment) if isinstance(moment, str) else moment
