"""The lists of photos: names of partitions of the photos table and its indexes."""

PHOTO_ROW = "photo"
DUE_SHARDS = 8
"""The number of partitions of the list of due photos. A single one would limit how many uploads can
begin in a second."""


def list_key(scope: str, *, tag: str | None = None, status: str | None = None) -> str:
    """Return the partition of a list: all photos of a scope, or those with a tag or a status.

    A scope is a user, an event or a student. The tag is last, because it may hold any character.
    """
    return scope + (f"#{status}" if status else "") + (f"#tag#{tag}" if tag else "")


def user_scope(user_id: str) -> str:
    """Return the scope of a user's own photos."""
    return f"user_{user_id}"


def event_scope(event_id: str) -> str:
    """Return the scope of the photos of an event."""
    return f"event_{event_id}"


def student_scope(student_id: str) -> str:
    """Return the scope of all versions of a student's picture."""
    return f"student_{student_id}"


def checksum_key(owner_id: str, event_id: str | None, checksum_sha256: str) -> str:
    """Return the partition of a file's SHA-256 among a user's own photos, or theirs of an event."""
    scope = user_scope(owner_id) + (f"#{event_scope(event_id)}" if event_id else "")
    return f"{scope}#{checksum_sha256}"


def due_key(shard: int) -> str:
    """Return a partition of the list of photos that ExpireUploads has to check."""
    return f"due#{shard}"


def retryable_key(shard: int) -> str:
    """Return a partition of the list of photos that failed through no fault of their files."""
    return f"retryable#{shard}"


def row_of(tag: str | None) -> str:
    """Return the row of a photo in the lists of a tag, or without a tag in all other lists."""
    return PHOTO_ROW if tag is None else f"tag#{tag}"
