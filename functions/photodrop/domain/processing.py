"""What processing images and processing videos have in common."""

from collections.abc import Callable, Iterable
from contextlib import suppress

from aws_lambda_powertools.metrics import MetricUnit

from photodrop import keys
from photodrop.aws import storage
from photodrop.aws.tables import PHOTO_ROW, TOMBSTONE_ROW, Photo, ThumbnailSize, Tombstone
from photodrop.config import settings
from photodrop.domain import lifecycle
from photodrop.errors import ContentRejectedError
from photodrop.imaging.budget import Budget
from photodrop.imaging.renditions import Thumbnail
from photodrop.observability import logger, metrics
from photodrop.status import Status


def process(
    photo_id: str,
    complete: Callable[[Photo], None],
    *,
    show: Callable[[Photo], None] | None = None,
) -> None:
    """Call `complete` with a verified photo, unless it is completed or deleted already.

    `show` is then called with the completed photo, also if an earlier delivery completed it and was
    cut off. If `complete` raises ContentRejectedError or storage.ObjectGoneError, the photo fails.
    Errors of AWS's services pass through, so that the message is delivered again.
    """
    logger.append_keys(photo_id=photo_id)
    try:
        photo = Photo.get(photo_id, PHOTO_ROW, consistent_read=True)
    except Photo.DoesNotExist:
        erase_thumbnails_of_deleted(photo_id)
        return
    logger.set_correlation_id(photo.correlation_id)
    try:
        _process(photo, complete)
        if show and photo.status == Status.COMPLETED:
            show(photo)
        elif photo.status == Status.FAILED and not photo.is_retryable:
            storage.erase_thumbnails(photo.key)  # an earlier try may have stored some
    except Photo.DoesNotExist:
        # Its thumbnails must not stay when it was deleted in the meantime.
        storage.erase_thumbnails(photo.key)
        logger.info("Photo was deleted in the meantime")


def erase_thumbnails_of_deleted(photo_id: str) -> None:
    """Erase the thumbnails of a photo that was deleted, for a message that comes after that.

    An earlier delivery of it may have stored some after the deletion, and been cut off then.
    """
    logger.info("Photo was deleted")
    with suppress(Tombstone.DoesNotExist):
        key = Tombstone.get(photo_id, TOMBSTONE_ROW, consistent_read=True).key
        if key is not None:
            storage.erase_thumbnails(key)


def store_thumbnails(photo: Photo, thumbnails: Iterable[Thumbnail]) -> list[ThumbnailSize]:
    """Store the standard thumbnails of a photo, and return the list of them for its record."""
    stored = []
    for made in thumbnails:
        key = keys.thumbnail(photo.key, made.size)
        storage.put_thumbnail(key, made.data, made.content_type)
        stored.append(ThumbnailSize(size=made.size, width=made.width, height=made.height))
    return stored


def count_completed() -> None:
    """Count a photo that has just been completed."""
    metrics.add_metric(name="PhotosCompleted", unit=MetricUnit.Count, value=1)


def budget() -> Budget:
    """Return the budget for decoding an image, by the deployment's settings."""
    return Budget(
        max_pixels=settings().max_image_pixels,
        largest_thumbnail=max(settings().thumbnail_sizes),
    )


def _process(photo: Photo, complete: Callable[[Photo], None]) -> None:
    if photo.status == Status.FAILED:
        lifecycle.retry_or_erase(photo, Status.PROCESSING)
    if photo.status != Status.PROCESSING:
        logger.info("Nothing left to do", status=photo.status)
        return
    try:
        complete(photo)
    except ContentRejectedError as refusal:
        lifecycle.fail(photo, refusal)
    except storage.ObjectGoneError:
        lifecycle.fail_removed(photo)
