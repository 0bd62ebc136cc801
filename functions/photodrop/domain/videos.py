"""The facts and thumbnails of a verified video, the last step of its processing.

The status changes from ``processing`` to ``completed`` or ``failed``. Only parts of the file are
read. A file that is no video fails. A video of which no frame can be shown is completed without
thumbnails, and its record says why.
"""

from dataclasses import asdict
from functools import partial

from aws_lambda_powertools.metrics import MetricUnit

from photodrop.aws import storage
from photodrop.aws.tables import Failure, Photo
from photodrop.config import settings
from photodrop.domain import lifecycle, processing
from photodrop.imaging import video
from photodrop.observability import logger, metrics
from photodrop.status import Status


def start() -> None:
    """Start the process that decodes videos, so that it imports its decoders early."""
    video.start()


def process(photo_id: str) -> None:
    """Read a video, store its thumbnails and complete it. Does nothing if that is done already.

    A video that cannot be read fails. Errors of AWS's services pass through, so that the message is
    delivered again.
    """
    processing.process(photo_id, _complete)


def _complete(photo: Photo) -> None:
    ranges = video.ranges_of(
        partial(storage.read_original, photo.key, photo.version_id), int(photo.size_bytes)
    )
    found = video.inspect(
        ranges, photo.content_type, settings().thumbnail_sizes, limits=video.LIMITS
    )
    facts, missing = found.facts, found.missing
    if lifecycle.advance(
        photo,
        Status.COMPLETED,
        **asdict(facts),  # the record has an attribute for each of them
        thumb_hash=found.thumb_hash,
        thumbnails=processing.store_thumbnails(photo, found.thumbnails),
        thumbnails_missing=Failure(code=missing.code, message=missing.message) if missing else None,
    ):
        processing.count_completed()
        if missing:
            metrics.add_metric(name="PostersMissing", unit=MetricUnit.Count, value=1)
        logger.info(
            "Video completed",
            codec=facts.codec,
            missing=missing and missing.code,
            read_bytes=ranges.fetched_bytes,
            read_requests=ranges.requests,
        )
