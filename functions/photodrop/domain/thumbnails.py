"""The standard thumbnails of a verified image, the last step of its processing.

The status changes from ``processing`` to ``completed`` or ``failed``.
"""

import tempfile

from photodrop.aws import storage
from photodrop.aws.tables import Photo
from photodrop.config import settings
from photodrop.domain import lifecycle, processing, student_pictures
from photodrop.imaging import images
from photodrop.observability import logger
from photodrop.status import Status


def start() -> None:
    """Start the process that decodes images, so that it imports its decoders early."""
    images.start()


def make(photo_id: str) -> None:
    """Make all thumbnails of a photo, then complete it. Does nothing when that is done already.

    A photo that cannot be decoded fails. Errors of AWS's services pass through, so that the message
    is delivered again.
    """
    processing.process(photo_id, _complete, show=_show)


def _complete(photo: Photo) -> None:
    with tempfile.TemporaryFile() as original:
        storage.download_original(photo.key, photo.version_id, original)
        rendition = images.make_thumbnails(
            original,
            settings().thumbnail_sizes,
            budget=processing.budget(),
            limits=images.LIMITS,
        )
    thumbnails = processing.store_thumbnails(photo, rendition.thumbnails)
    if lifecycle.advance(
        photo, Status.COMPLETED, thumb_hash=rendition.thumb_hash, thumbnails=thumbnails
    ):
        processing.count_completed()
        logger.info("Photo completed")


def _show(photo: Photo) -> None:
    if photo.student_id:
        student_pictures.show(photo)
