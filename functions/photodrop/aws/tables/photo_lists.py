"""The lists of photos: names of partitions of the photos table and its indexes."""

from zlib import crc32

from photodrop.config import settings

PHOTO_ROW = "photo"
DUE_SHARDS = 8
"""The number of partitions of the list of due photos. A single one would limit how many uploads can
begin in a second."""

_EVENT = "event_"
"""The beginning of the scopes of events."""


def list_key(
    scope: str, *, tag: str | None = None, status: str | None = None, shard: int = 0
) -> str:
    """Return a partition of a list: all photos of a scope, or those with a tag or a status.

    A scope is a user, an event or a student. The tag is last, because it may hold any character.
    The partition of shard 0 has the name that it has without shards.
    """
    of_shard = f"{scope}.{shard}" if shard else scope
    return of_shard + (f"#{status}" if status else "") + (f"#tag#{tag}" if tag else "")


def list_keys(scope: str, *, tag: str | None = None, status: str | None = None) -> list[str]:
    """Return all partitions of a list. Only an event's may have more than one: see `shard_of`."""
    shards = settings().event_list_shards if scope.startswith(_EVENT) else 1
    return [list_key(scope, tag=tag, status=status, shard=shard) for shard in range(shards)]


def shard_of(photo_id: str) -> int:
    """Return the shard of its event's lists that a photo stands in.

    DynamoDB takes a thousand writes a second into a partition, which everybody at an event shares.
    The photos of before `EventListShards` was raised stay in shard 0, until they change.
    """
    return crc32(photo_id.encode()) % settings().event_list_shards


def user_scope(user_id: str) -> str:
    """Return the scope of a user's own photos."""
    return f"user_{user_id}"


def event_scope(event_id: str) -> str:
    """Return the scope of the photos of an event."""
    return f"{_EVENT}{event_id}"


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
