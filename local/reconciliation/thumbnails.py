"""The thumbnails bucket: every thumbnail, and the photo that it belongs to."""

from __future__ import annotations

from typing import Any

from local.reconciliation.buckets import PAGE, S3, find_photo, find_photos
from local.reconciliation.differences import Difference, Kind, Page, Rules
from photodrop import keys
from photodrop.aws import storage
from photodrop.aws.tables import Photo
from photodrop.config import settings
from photodrop.status import Status


class Thumbnails:
    """Each object of the thumbnails bucket. They are compared by photo."""

    name = "thumbnails"

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def read_page(self, position: Any) -> Page:
        """List a page of thumbnails, and read the records of their photos."""
        after = {"StartAfter": position} if position else {}
        found = _list(MaxKeys=PAGE, **after)
        listed = found.get("Contents", [])
        folders = dict.fromkeys(
            one["Key"].rpartition("/")[0]
            for one in listed
            if not self.rules.is_recent(one["LastModified"])
        )
        photos = find_photos(_photo_id(folder) for folder in folders)
        suspects = [
            folder for folder in folders if _judge(folder, photos.get(_photo_id(folder) or ""))
        ]
        following = listed[-1]["Key"] if found.get("IsTruncated") else None
        return Page(suspects, following, len(listed))

    def examine(self, suspect: str) -> list[Difference]:
        """Read a photo's thumbnails and its record again."""
        found = _list(Prefix=f"{suspect}/").get("Contents", [])
        if not found or any(self.rules.is_recent(one["LastModified"]) for one in found):
            return []
        reason = _judge(suspect, find_photo(_photo_id(suspect)))
        if reason is None:
            return []
        is_ours = _photo_id(suspect) is not None
        return [
            Difference(
                Kind.THUMBNAIL_WITHOUT_PHOTO if is_ours else Kind.UNKNOWN_OBJECT,
                suspect,
                f"{len(found)} thumbnails: {reason}",
                (lambda: _erase(suspect)) if is_ours else None,
            )
        ]


def _photo_id(folder: str) -> str | None:
    """Return the id of the photo whose thumbnails are in a folder. All types give the same."""
    return keys.photo_id(f"{folder}.jpg")


def _judge(folder: str, photo: Photo | None) -> str | None:
    """Return why these thumbnails should not be there, or None."""
    if _photo_id(folder) is None:
        return "no photo has such a key."
    if photo is None or keys.thumbnails(photo.key) != f"{folder}/":
        return "there is no such photo."
    if photo.status == Status.FAILED and not photo.is_retryable:
        return "their photo failed for good."
    return None


def _erase(folder: str) -> bool:
    """Erase a photo's thumbnails. A photo that was deleted or has failed for good stays so."""
    storage.erase_thumbnails(f"{folder}.jpg")
    return True


def _list(**parameters: Any) -> Any:
    return S3.list_objects_v2(Bucket=settings().thumbnails_bucket, **parameters)
