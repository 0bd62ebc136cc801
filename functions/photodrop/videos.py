"""The last step of a video: its facts, and a frame to show. ``processing`` → ``completed``.

Only ranges of it are read, whatever its size. What is no video at all becomes ``failed``; one that
is fine, but of which no frame can be shown, is completed without thumbnails, and says why.
"""

from functools import partial

from aws_lambda_powertools.metrics import MetricUnit

from photodrop import failures, keys, storage
from photodrop.config import settings
from photodrop.errors import ContentRejectedError
from photodrop.failures import fail
from photodrop.imaging import video
from photodrop.models import PHOTO_ROW, Failure, Photo, ThumbnailSize
from photodrop.observability import logger, metrics
from photodrop.status import Status


def process(photo_id: str) -> None:
    """Verify a video, store its thumbnails and complete it. Does nothing when that is done.

    Raises nothing for one that cannot be read (it fails); errors of AWS's services pass through,
    to be tried again.
    """
    logger.append_keys(photo_id=photo_id)
    try:
        photo = Photo.get(photo_id, PHOTO_ROW, consistent_read=True)
    except Photo.DoesNotExist:
        logger.info("Photo was deleted")
        return
    try:
        _process(photo)
    except Photo.DoesNotExist:
        # It was deleted while they were made: they must not outlive it.
        storage.erase_thumbnails(photo.key)
        logger.info("Photo was deleted in the meantime")


def _process(photo: Photo) -> None:
    logger.set_correlation_id(photo.correlation_id)
    if photo.status == Status.FAILED:
        failures.resume(photo, Status.PROCESSING)
    if photo.status != Status.PROCESSING:
        logger.info("Nothing left to do", status=photo.status)
        return
    ranges = video.ranges_of(
        partial(storage.read_original, photo.key, photo.version_id), int(photo.size_bytes)
    )
    try:
        found = video.inspect(
            ranges, photo.content_type, settings().thumbnail_sizes, limits=video.LIMITS
        )
    except ContentRejectedError as refusal:
        fail(photo, refusal)
        return
    except storage.ObjectGoneError:
        fail(photo, ContentRejectedError("UploadRemoved", "The file was removed again."))
        return
    for thumbnail in found.thumbnails:
        key = keys.thumbnail(photo.key, thumbnail.size)
        storage.put_thumbnail(key, thumbnail.data, "image/webp")
    completed = photo.advance(
        Status.COMPLETED,
        width=found.facts.width,
        height=found.facts.height,
        duration_seconds=found.facts.duration_seconds,
        codec=found.facts.codec,
        taken_at=found.facts.taken_at,
        thumb_hash=found.thumb_hash,
        thumbnails=[
            ThumbnailSize(size=made.size, width=made.width, height=made.height)
            for made in found.thumbnails
        ],
        thumbnails_missing=_failure(found.missing),
    )
    if completed:
        metrics.add_metric(name="PhotosCompleted", unit=MetricUnit.Count, value=1)
        if found.missing:
            metrics.add_metric(name="PostersMissing", unit=MetricUnit.Count, value=1)
        logger.info(
            "Video completed",
            codec=found.facts.codec,
            missing=found.missing and found.missing.code,
            read_bytes=ranges.fetched_bytes,
            read_requests=ranges.requests,
        )


def _failure(reason: video.Reason | None) -> Failure | None:
    return Failure(code=reason.code, message=reason.message) if reason else None
