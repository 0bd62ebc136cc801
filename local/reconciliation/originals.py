"""The uploads bucket: every version of every object, and the record that names it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.reconciliation.buckets import PAGE, S3, find_photo, find_photos
from local.reconciliation.differences import Difference, Kind, Page, Rules
from photodrop import keys
from photodrop.aws import storage
from photodrop.aws.tables import Photo
from photodrop.config import settings
from photodrop.domain import lifecycle
from photodrop.status import Status


@dataclass(frozen=True)
class Version:
    """One version of an object, or a delete marker, which hides the versions below it."""

    key: str
    version_id: str
    is_marker: bool
    stored_at: datetime
    size_bytes: int

    def erase(self) -> bool:
        """Erase this version and no other. A repetition does nothing."""
        storage.erase_version(self.key, self.version_id)
        return True


class Originals:
    """Each version of each object of the uploads bucket."""

    name = "originals"

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def read_page(self, position: Any) -> Page:
        """List a page of versions, and read the records that they belong to."""
        found = _list(MaxKeys=PAGE, **(position or {}))
        versions = _versions(found)
        photos = find_photos(keys.photo_id(one.key) for one in versions)
        suspects = [
            one for one in versions if self._compare(one, photos.get(keys.photo_id(one.key) or ""))
        ]
        markers = {"KeyMarker": "NextKeyMarker", "VersionIdMarker": "NextVersionIdMarker"}
        following = {name: found[given] for name, given in markers.items() if found.get(given)}
        return Page(suspects, following if found.get("IsTruncated") else None, len(versions))

    def examine(self, suspect: Version) -> list[Difference]:
        """Read again whether the version is there, and what the record says."""
        there = {(one.key, one.version_id) for one in _versions(_list(Prefix=suspect.key))}
        if (suspect.key, suspect.version_id) not in there:
            return []
        return self._compare(suspect, find_photo(keys.photo_id(suspect.key)))

    def _compare(self, version: Version, photo: Photo | None) -> list[Difference]:
        if self.rules.is_recent(version.stored_at):
            return []
        difference = self._judge(version, photo)
        return [difference] if difference else []

    def _judge(self, version: Version, photo: Photo | None) -> Difference | None:
        if keys.photo_id(version.key) is None:
            return Difference(Kind.UNKNOWN_OBJECT, version.key, "No original has such a key.")
        if photo is None or photo.key != version.key:
            return self._without_photo(version)
        if photo.status == Status.FAILED and not photo.is_retryable:
            # ExpireUploads erases what landed late when the photo is due for the last time.
            if photo.due_at is not None and not self.rules.is_overdue(photo.due_at):
                return None
            return Difference(
                Kind.OBJECT_OF_FAILED_PHOTO,
                version.key,
                f"Its photo failed, and {version.size_bytes} bytes are left.",
                lambda: _erase_failed(photo),
            )
        if version.is_marker:
            return Difference(
                Kind.HIDDEN_ORIGINAL,
                version.key,
                "A delete marker hides the original of a photo.",
            )
        if photo.version_id and photo.version_id != version.version_id:
            return Difference(
                Kind.SECOND_VERSION,
                f"{version.key} {version.version_id}",
                f"{version.size_bytes} bytes that are not the version of the record.",
                version.erase,
            )
        return None

    def _without_photo(self, version: Version) -> Difference:
        subject = f"{version.key} {version.version_id}"
        if version.is_marker:
            return Difference(Kind.OBJECT_WITHOUT_PHOTO, subject, "A delete marker.", version.erase)
        is_old = self.rules.may_erase(version.stored_at)
        return Difference(
            Kind.OBJECT_WITHOUT_PHOTO,
            subject,
            f"{version.size_bytes} bytes that no record names, since {version.stored_at:%Y-%m-%d}."
            + ("" if is_old else " Too young to be erased."),
            version.erase if is_old else None,
            erases_original=True,
        )


def _erase_failed(photo: Photo) -> bool:
    photo.reload()
    if photo.status != Status.FAILED or photo.is_retryable:
        return False
    lifecycle.erase_failed(photo)
    return True


def _versions(found: Any) -> list[Version]:
    return [
        Version(
            one["Key"], one["VersionId"], is_marker, one["LastModified"], int(one.get("Size", 0))
        )
        for name, is_marker in (("Versions", False), ("DeleteMarkers", True))
        for one in found.get(name, [])
    ]


def _list(**parameters: Any) -> Any:
    return S3.list_object_versions(Bucket=settings().uploads_bucket, **parameters)
