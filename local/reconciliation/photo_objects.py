"""Whether the objects of a photo exist that its status promises."""

from __future__ import annotations

from collections.abc import Iterator

from local.reconciliation.differences import Difference, Kind, Repair, Rules
from photodrop import file_types, keys
from photodrop.aws import storage
from photodrop.aws.messages import MakeThumbnail
from photodrop.aws.tables import Photo
from photodrop.domain import lifecycle, photo_deletion
from photodrop.status import Status
from photodrop.variants import Variant


def compare(photo: Photo, rules: Rules) -> Iterator[Difference]:
    """Compare a photo's record with the two buckets."""
    if photo.status == Status.PENDING or rules.is_recent(photo.updated_at):
        return
    if photo.status == Status.FAILED and not photo.is_retryable:
        return
    if storage.find_original(photo.key, photo.version_id) is None:
        yield Difference(
            Kind.PHOTO_WITHOUT_ORIGINAL,
            photo.photo_id,
            f"It is {photo.status}, and the bucket has no such version of its original.",
            _repair_of_lost(photo, rules),
        )
        return
    if photo.status == Status.COMPLETED:
        yield from _compare_thumbnails(photo)


def _repair_of_lost(photo: Photo, rules: Rules) -> Repair | None:
    if photo.status in (Status.UPLOADED, Status.PROCESSING):
        return lambda: _fail_removed(photo)
    if rules.deletes_lost_photos:
        return lambda: _delete_lost(photo)
    return None


def _fail_removed(photo: Photo) -> bool:
    lifecycle.fail_removed(photo)
    return bool(photo.status == Status.FAILED)


def _delete_lost(photo: Photo) -> bool:
    photo.reload()
    if storage.find_original(photo.key, photo.version_id) is not None:
        return False
    photo_deletion.delete(photo)
    return True


def _compare_thumbnails(photo: Photo) -> Iterator[Difference]:
    is_video = file_types.is_video(photo.content_type)
    if not photo.thumbnails:
        if not (is_video and photo.thumbnails_missing):
            yield Difference(
                Kind.PHOTO_WITHOUT_THUMBNAILS,
                photo.photo_id,
                "It is completed, and its record names no thumbnails.",
            )
        return
    sizes = sorted(int(made.size) for made in photo.thumbnails)
    missing = [size for size in sizes if not storage.has_thumbnail(keys.thumbnail(photo.key, size))]
    if not missing:
        return
    # The thumbnails of a video are made from the largest one.
    can_be_made = not is_video or sizes[-1] not in missing
    yield Difference(
        Kind.PHOTO_WITHOUT_THUMBNAILS,
        photo.photo_id,
        f"It is completed, and these thumbnails are missing: {', '.join(map(str, missing))}.",
        (lambda: _make_again(photo, missing)) if can_be_made else None,
    )


def _make_again(photo: Photo, sizes: list[int]) -> bool:
    """Let the thumbnails queue make them: the same thumbnails as those that are asked for later."""
    photo.reload()
    for size in sizes:
        MakeThumbnail(photo.photo_id, Variant(str(size))).send()
    return True
