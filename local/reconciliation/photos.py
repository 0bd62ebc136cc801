"""The photos table, page by page: rows, progress, objects and pictures of each photo."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any

from local.reconciliation import photo_objects, photo_rows, pictures, usage
from local.reconciliation.differences import Difference, Page, Rules
from local.reconciliation.photo_rows import PhotoRows
from photodrop.aws.tables import Photo

PAGE = 500
THREADS = 16
"""How many photos are compared at once. A completed one takes four requests to S3."""


class Photos:
    """Each photo, with everything that belongs to it."""

    name = "photos"

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._has_usage: set[str] = set()

    def read_page(self, position: Any) -> Page:
        """Scan a page of the table. A photo that two pages share is read again."""
        found = Photo.scan(limit=PAGE, page_size=PAGE, last_evaluated_key=position)
        rows = list(found)
        photos = [
            PhotoRows(photo_id, {row.row: row for row in group})
            for photo_id, group in groupby(rows, key=lambda row: str(row.photo_id))
        ]
        with ThreadPoolExecutor(THREADS) as threads:
            differ = threads.map(lambda one: bool(self._compare(one)), photos)
            suspects = [
                one.photo_id for one, differs in zip(photos, differ, strict=True) if differs
            ]
        return Page(suspects, found.last_evaluated_key, len(photos))

    def examine(self, suspect: str) -> list[Difference]:
        """Read all rows of a photo again, and compare."""
        return self._compare(PhotoRows.read(suspect))

    def _compare(self, rows: PhotoRows) -> list[Difference]:
        found = list(photo_rows.compare(rows))
        if (photo := rows.photo) is not None:
            found += photo_rows.compare_progress(photo, self.rules)
            found += photo_objects.compare(photo, self.rules)
            found += pictures.compare(photo, self.rules)
            found += self._find_usage(photo)
        return found

    def _find_usage(self, photo: Photo) -> list[Difference]:
        """Compare the usage of an owner who has no item, and whom its own pages do not have."""
        owner = photo.owner_id
        if owner is None or photo.held_bytes() is None or owner in self._has_usage:
            return []
        if usage.exists(owner):
            self._has_usage.add(owner)
            return []
        return usage.compare(owner, self.rules)
