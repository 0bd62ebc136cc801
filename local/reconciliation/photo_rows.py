"""Whether all rows of a photo are what the service would write now, and nothing is left over."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.reconciliation.differences import Difference, Kind, Rules
from photodrop.aws.tables import PHOTO_ROW, TOMBSTONE_ROW, Photo, event_scope, list_keys
from photodrop.clock import epoch_timestamp
from photodrop.domain import lifecycle, recovery
from photodrop.status import Status

COPIES = "tag#"
"""How the names of the rows begin that are copies for the lists of a tag."""


@dataclass(frozen=True)
class PhotoRows:
    """The rows of one photo, as they were read."""

    photo_id: str
    by_row: dict[str, Photo]

    @classmethod
    def read(cls, photo_id: str) -> PhotoRows:
        """Read all rows of a photo. None of them was changed while the others were read."""
        while True:
            found = Photo.query(photo_id, consistent_read=True)
            rows = cls(photo_id, {row.row: row for row in found})
            photo = rows.photo
            if photo is None or photo.revision == _revision(photo_id):
                return rows

    @property
    def photo(self) -> Photo | None:
        """The record, or None if there is none."""
        return self.by_row.get(PHOTO_ROW)

    @property
    def copies(self) -> dict[str, Photo]:
        """The copies of the record for the lists by tag."""
        return {name: row for name, row in self.by_row.items() if name.startswith(COPIES)}


def compare(rows: PhotoRows) -> Iterator[Difference]:
    """Compare the rows of a photo with each other."""
    photo, photo_id = rows.photo, rows.photo_id
    if any(map(_is_ending, [*rows.copies.values(), *([photo] if photo else [])])):
        return  # DynamoDB removes its rows one by one
    if photo is None:
        if rows.copies:
            yield Difference(
                Kind.ROWS_WITHOUT_PHOTO,
                photo_id,
                f"{len(rows.copies)} copies for lists by tag, and no record.",
                lambda: _delete_copies(rows),
            )
        return
    if TOMBSTONE_ROW in rows.by_row:
        yield Difference(
            Kind.DELETED_PHOTO_EXISTS, photo_id, "The photo was deleted, and has a record."
        )
    expected = {row.row: _expect(row, rows) for row in copy.deepcopy(photo).rows()}
    found = {row.row: row.serialize() for row in [photo, *rows.copies.values()]}
    if expected != found:
        differ = sum(expected.get(name) != found.get(name) for name in {*expected, *found})
        yield Difference(
            Kind.ROWS_DIFFER,
            photo_id,
            f"{differ} of its rows are not what the record says.",
            lambda: _write_again(photo, rows),
        )


def _expect(row: Photo, rows: PhotoRows) -> dict[str, Any]:
    """Return a row as it should be. Any shard of its event's lists that is read will do.

    A photo stays in its shard until it changes, also when the number of shards is changed.
    """
    found = rows.by_row.get(row.row)
    if found and row.event_id:
        scope, tag = event_scope(row.event_id), None
        if row.row.startswith(COPIES):
            tag = row.row.removeprefix(COPIES)
        if found.event_list in list_keys(scope, tag=tag):
            row.event_list = found.event_list
        if found.event_status_list in list_keys(scope, tag=tag, status=row.status):
            row.event_status_list = found.event_status_list
    return row.serialize()


def compare_progress(photo: Photo, rules: Rules) -> Iterator[Difference]:
    """Find out whether somebody takes care of a photo that is not finished."""
    if photo.status == Status.COMPLETED or rules.is_recent(photo.updated_at):
        return
    if photo.status == Status.FAILED and not photo.is_retryable and photo.due_at is None:
        if photo.charged_bytes is not None:
            yield Difference(
                Kind.CHARGE_NOT_RELEASED,
                photo.photo_id,
                f"It failed, and its owner is still charged {photo.charged_bytes} bytes.",
                lambda: _erase_failed(photo),
            )
    elif photo.due_at is None:
        yield Difference(
            Kind.PHOTO_NOT_CHECKED,
            photo.photo_id,
            f"It is {photo.status}, and ExpireUploads does not know that it has to check it.",
            lambda: photo.change(due_at=lifecycle.stuck_at()),
        )
    elif rules.is_overdue(photo.due_at):
        yield Difference(
            Kind.PHOTO_NOT_CHECKED,
            photo.photo_id,
            f"It is {photo.status}, and ExpireUploads should have checked it at "
            f"{epoch_timestamp(int(photo.due_at))}.",
            lambda: _check(photo),
        )


def _is_ending(row: Photo) -> bool:
    """Tell whether a row of a failed photo has reached its time to live."""
    return row.remove_at is not None and row.remove_at <= time.time()


def _revision(photo_id: str) -> int | None:
    try:
        return int(Photo.get(photo_id, PHOTO_ROW, consistent_read=True).revision)
    except Photo.DoesNotExist:
        return None


def _delete_copies(rows: PhotoRows) -> bool:
    for row in rows.copies.values():  # the id of a photo that was deleted is never used again
        row.delete()
    return True


def _write_again(photo: Photo, rows: PhotoRows) -> bool:
    """Write all rows anew, as an edit does, and delete the copies that are left over."""
    tags = list(photo.tags)
    photo.tags = [name.removeprefix(COPIES) for name in rows.copies]
    return photo.change(tags=tags)


def _erase_failed(photo: Photo) -> bool:
    lifecycle.erase_failed(photo)
    return True


def _check(photo: Photo) -> bool:
    photo.reload()
    recovery.check(photo)
    return True
