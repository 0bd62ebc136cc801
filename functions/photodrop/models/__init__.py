"""The tables. `template.yaml` creates them; attribute names are those of the API."""

from photodrop.models.connection import in_days, now_iso
from photodrop.models.events import (
    ATTENDEE_ROWS,
    EVENT_ROW,
    Attendee,
    Event,
    attendee_row,
    organizer_member,
)
from photodrop.models.photos import (
    DUE_SHARDS,
    PHOTO_ROW,
    TOMBSTONE_ROW,
    Failure,
    NotCreated,
    Photo,
    Restore,
    ThumbnailClaim,
    ThumbnailSize,
    Tombstone,
    checksum_key,
    due_key,
    event_place,
    list_key,
    retryable_key,
    row_of,
    student_place,
    user_place,
)
from photodrop.models.students import (
    ALL_STUDENTS,
    WITH_PICTURE,
    WITHOUT_PICTURE,
    EmailLock,
    ShownPicture,
    Student,
)
from photodrop.models.upload_requests import UploadRequest
from photodrop.models.upload_tokens import UploadToken
from photodrop.models.usage import Usage

__all__ = [
    "ALL_STUDENTS", "ATTENDEE_ROWS", "DUE_SHARDS", "EVENT_ROW", "PHOTO_ROW", "TOMBSTONE_ROW",
    "WITHOUT_PICTURE", "WITH_PICTURE", "Attendee", "EmailLock", "Event", "Failure", "NotCreated",
    "Photo", "Restore", "ShownPicture", "Student", "ThumbnailClaim", "ThumbnailSize", "Tombstone",
    "UploadRequest", "UploadToken", "Usage",
    "attendee_row", "checksum_key", "due_key", "event_place", "in_days", "list_key", "now_iso",
    "organizer_member", "retryable_key", "row_of", "student_place", "user_place",
]  # fmt: skip
