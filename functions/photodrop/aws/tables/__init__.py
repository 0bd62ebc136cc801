"""The models of the DynamoDB tables. Attributes have the names of the API's fields.

`template.yaml` creates the tables. docs/architecture.md lists every access pattern with its key.
"""

from photodrop.aws.tables.connection import share_connection
from photodrop.aws.tables.events import (
    ATTENDEE_ROWS,
    EVENT_ROW,
    Attendee,
    Event,
    attendee_row,
    organizer_member,
)
from photodrop.aws.tables.idempotency_keys import IdempotencyRecord
from photodrop.aws.tables.photo_attributes import Failure, Restore, ThumbnailSize
from photodrop.aws.tables.photo_lists import (
    DUE_SHARDS,
    PHOTO_ROW,
    checksum_key,
    due_key,
    event_scope,
    list_key,
    list_keys,
    retryable_key,
    row_of,
    student_scope,
    user_scope,
)
from photodrop.aws.tables.photos import NotCreated, Photo
from photodrop.aws.tables.students import (
    ALL_STUDENTS,
    WITH_PICTURE,
    WITHOUT_PICTURE,
    EmailLock,
    ShownPicture,
    Student,
)
from photodrop.aws.tables.thumbnail_leases import ThumbnailLease
from photodrop.aws.tables.tombstones import TOMBSTONE_ROW, Tombstone
from photodrop.aws.tables.upload_tokens import UploadToken
from photodrop.aws.tables.usage import Usage

# Each call names the models of one table. The first is the one with the indexes.
share_connection(Photo, Tombstone, ThumbnailLease, IdempotencyRecord)
share_connection(Event, Attendee)
share_connection(Student, EmailLock)
share_connection(Usage)
share_connection(UploadToken)

__all__ = [
    "ALL_STUDENTS", "ATTENDEE_ROWS", "DUE_SHARDS", "EVENT_ROW", "PHOTO_ROW", "TOMBSTONE_ROW",
    "WITHOUT_PICTURE", "WITH_PICTURE", "Attendee", "EmailLock", "Event", "Failure",
    "IdempotencyRecord", "NotCreated", "Photo", "Restore", "ShownPicture", "Student",
    "ThumbnailLease", "ThumbnailSize", "Tombstone", "UploadToken", "Usage",
    "attendee_row", "checksum_key", "due_key", "event_scope", "list_key", "list_keys",
    "organizer_member", "retryable_key", "row_of", "student_scope", "user_scope",
]  # fmt: skip
