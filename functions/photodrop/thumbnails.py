"""The last step: thumbnails of a verified photo. ``processing`` → ``completed`` or ``failed``."""

import tempfile

from aws_lambda_powertools.metrics import MetricUnit

from photodrop import failures, keys, pictures, storage
from photodrop.config import settings
from photodrop.errors import ContentRejectedError
from photodrop.failures import fail
from photodrop.imaging import images
from photodrop.models import PHOTO_ROW, Photo, ThumbnailSize
from photodrop.observability import logger, metrics
from photodrop.status import Status
from photodrop.verification import budget


def make(photo_id: str) -> None:
    """Make all thumbnails of a photo, then complete it. Does nothing when that is done already.

    Raises nothing for a photo that cannot be decoded (it fails); errors of AWS's services pass
    through, to be tried again.
    """
    logger.append_keys(photo_id=photo_id)
    try:
        photo = Photo.get(photo_id, PHOTO_ROW, consistent_read=True)
    except Photo.DoesNotExist:
        logger.info("Photo was deleted")
        return
    try:
        _make(photo)
        if photo.student_id and photo.status == Status.COMPLETED:
            # Also when an earlier delivery got this far and was cut off before it was done.
            pictures.show(photo)
    except Photo.DoesNotExist:
        # It was deleted while they were made: they must not outlive it.
        storage.erase_thumbnails(photo.key)
        logger.info("Photo was deleted in the meantime")


def _make(photo: Photo) -> None:
    logger.set_correlation_id(photo.correlation_id)
    if photo.status == Status.FAILED:
        failures.resume(photo, Status.PROCESSING)
    if photo.status != Status.PROCESSING:
        logger.info("Nothing left to do", status=photo.status)
        return

    try:
        with tempfile.TemporaryFile() as original:
            storage.download_original(photo.key, photo.version_id, original)
            rendition = images.make_thumbnails(
                original, settings().thumbnail_sizes, budget=budget(), limits=images.LIMITS
            )
    except ContentRejectedError as refusal:
        fail(photo, refusal)
        return
    except storage.ObjectGoneError:
        fail(photo, ContentRejectedError("UploadRemoved", "The file was removed again."))
        return
    for thumbnail in rendition.thumbnails:
        key = keys.thumbnail(photo.key, thumbnail.size)
        storage.put_thumbnail(key, thumbnail.data, thumbnail.content_type)
    completed = photo.advance(
        Status.COMPLETED,
        thumb_hash=rendition.thumb_hash,
        thumbnails=[
            ThumbnailSize(size=made.size, width=made.width, height=made.height)
            for made in rendition.thumbnails
        ],
    )
    if completed:
        metrics.add_metric(name="PhotosCompleted", unit=MetricUnit.Count, value=1)
        logger.info("Photo completed")
