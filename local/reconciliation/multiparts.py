"""Multipart uploads that S3 has, and the pending photos that they are for."""

from __future__ import annotations

from typing import Any

from local.reconciliation.buckets import PAGE, S3, find_photo, find_photos
from local.reconciliation.differences import Difference, Kind, Page, Rules
from photodrop import keys
from photodrop.aws import storage
from photodrop.aws.tables import Photo
from photodrop.config import settings
from photodrop.status import Status

Upload = tuple[str, str]
"""The key and the id of a multipart upload."""


class Multiparts:
    """Each multipart upload to the uploads bucket that is in progress."""

    name = "multiparts"

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def read_page(self, position: Any) -> Page:
        """List a page of multipart uploads, and read the records of their photos."""
        found = _list(MaxUploads=PAGE, **(position or {}))
        uploads, count = self._old(found), len(found.get("Uploads", []))
        photos = find_photos(keys.photo_id(key) for key, _ in uploads)
        suspects = [one for one in uploads if self._judge(one, photos.get(_photo_id(one) or ""))]
        markers = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
        following = {name: found[given] for name, given in markers.items() if found.get(given)}
        return Page(suspects, following if found.get("IsTruncated") else None, count)

    def examine(self, suspect: Upload) -> list[Difference]:
        """Read again whether the upload is in progress, and what the record says."""
        if suspect not in self._old(_list(Prefix=suspect[0])):
            return []
        reason = self._judge(suspect, find_photo(_photo_id(suspect)))
        if reason is None:
            return []
        return [
            Difference(
                Kind.MULTIPART_WITHOUT_UPLOAD,
                f"{suspect[0]} {suspect[1]}",
                reason,
                lambda: _abort(suspect),
            )
        ]

    def _old(self, found: Any) -> list[Upload]:
        return [
            (one["Key"], one["UploadId"])
            for one in found.get("Uploads", [])
            if not self.rules.is_recent(one["Initiated"])
        ]

    def _judge(self, upload: Upload, photo: Photo | None) -> str | None:
        """Return why nobody needs this multipart upload, or None."""
        if photo is None or photo.key != upload[0]:
            return "There is no such photo."
        if photo.status == Status.PENDING:
            return None
        if photo.due_at and not self.rules.is_overdue(photo.due_at):
            return None  # ExpireUploads aborts it when the photo is due for the last time
        return f"Its photo is {photo.status}."


def _photo_id(upload: Upload) -> str | None:
    return keys.photo_id(upload[0])


def _abort(upload: Upload) -> bool:
    storage.abort_multipart(*upload)
    return True


def _list(**parameters: Any) -> Any:
    return S3.list_multipart_uploads(Bucket=settings().uploads_bucket, **parameters)
