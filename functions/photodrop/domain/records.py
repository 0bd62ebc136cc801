"""The records that the domain returns: what the levels above may know of the tables and of S3."""

from photodrop.aws.signing import SignedPost, SignedUrl
from photodrop.aws.tables import (
    Attendee,
    Event,
    Failure,
    Photo,
    Student,
    ThumbnailSize,
    event_scope,
    user_scope,
)

__all__ = [
    "Attendee", "Event", "Failure", "Photo", "SignedPost", "SignedUrl", "Student",
    "ThumbnailSize", "event_scope", "user_scope",
]  # fmt: skip
