"""Finding out what landed: whether it is what was granted, and what it really is.

``pending`` → ``uploaded`` → ``processing`` or ``failed``. Everything here may run twice, at once,
late, or be cut off anywhere: the queue delivers again, and the record says what is left to do.
What is not exactly what was granted is erased, and leaves a log line, a metric and, where it has a
record, a failure that its owner can read.
"""

import json
import time
from typing import Any, BinaryIO

from aws_lambda_powertools.metrics import MetricUnit

from photodrop import clients, failures, file_types, keys, storage, uploads
from photodrop.config import settings
from photodrop.errors import ContentRejectedError
from photodrop.failures import STUCK_SECONDS, fail
from photodrop.imaging import formats
from photodrop.imaging.budget import Budget
from photodrop.models import PHOTO_ROW, Photo
from photodrop.notifications import StoredObject
from photodrop.observability import logger, metrics
from photodrop.status import Status

_sqs = clients.sqs()


def verify(landed: StoredObject) -> None:
    """Take the photo that `landed` belongs to on to ``processing``, or to ``failed``.

    Raises nothing for what a client did; errors of AWS's services pass through, to be tried again.
    """
    try:
        photo = _find(landed.key)
        _verify(photo, landed)
    except Photo.DoesNotExist:
        # Nobody was granted this, or the photo was deleted in the meantime.
        _count("ObjectsWithoutRecord", landed)
        storage.remove_version(landed.key, landed.version_id)


def budget() -> Budget:
    """Return what an image of this deployment may cost to decode."""
    return Budget(max_pixels=settings().max_image_pixels)


def _find(key: str) -> Photo:
    photo_id = keys.photo_id(key)
    if photo_id is None:
        raise Photo.DoesNotExist
    photo = Photo.get(photo_id, PHOTO_ROW, consistent_read=True)
    if photo.key != key:
        raise Photo.DoesNotExist
    return photo


def _verify(photo: Photo, landed: StoredObject) -> None:
    logger.set_correlation_id(photo.correlation_id)
    logger.append_keys(photo_id=photo.photo_id)
    if photo.status == Status.PENDING:
        photo.advance(
            Status.UPLOADED,
            version_id=landed.version_id,
            etag=landed.etag,
            due_at=int(time.time()) + STUCK_SECONDS,
        )
    if not _is_file_of(photo, landed):
        _refuse_file(photo, landed)
        return
    if photo.status == Status.FAILED:
        failures.resume(photo, Status.UPLOADED)
    if photo.status == Status.UPLOADED:
        try:
            _verify_content(photo, landed)
        except ContentRejectedError as refusal:
            fail(photo, refusal)
            return
    if photo.status == Status.PROCESSING:
        # Also when an earlier delivery got this far and was cut off before it could ask.
        _ask_for_thumbnails(photo)


def _verify_content(photo: Photo, landed: StoredObject) -> None:
    if photo.size_bytes is None:
        _settle_size(photo, landed)
        if photo.status != Status.UPLOADED:
            return  # another delivery has taken it on in the meantime
    elif landed.size_bytes != photo.size_bytes:
        raise ContentRejectedError(
            "SizeMismatch",
            f"{photo.size_bytes} bytes were announced, and {landed.size_bytes} arrived.",
        )
    try:
        with storage.open_original(landed.key, landed.version_id, landed.size_bytes) as stream:
            facts = _inspect(stream, landed.size_bytes)
    except storage.ObjectGoneError:
        raise ContentRejectedError("UploadRemoved", "The file was removed again.") from None
    if not file_types.satisfies(facts["content_type"], photo.content_type):
        raise ContentRejectedError(
            "ContentTypeMismatch",
            f"{photo.content_type} was announced, but the file is {facts['content_type']}.",
        )
    verified = photo.advance(
        Status.PROCESSING,
        size_bytes=landed.size_bytes,
        due_at=int(time.time()) + STUCK_SECONDS,
        **facts,
    )
    if verified:
        logger.info("Photo verified", content_type=facts["content_type"])
        metrics.add_metric(name="PhotosVerified", unit=MetricUnit.Count, value=1)


def _inspect(stream: BinaryIO, size_bytes: int) -> dict[str, Any]:
    """Return what the first bytes say, as attributes of a photo; of a video its type alone.

    ProcessVideo reads the rest of that: it takes a library that this function starts without.
    """
    content_type = file_types.sniff(stream.read(file_types.SNIFF_BYTES))
    if content_type and file_types.is_video(content_type):
        return {"content_type": content_type}
    stream.seek(0)
    facts = formats.inspect(stream, size_bytes, budget())
    return {
        "content_type": facts.content_type,
        "width": facts.width,
        "height": facts.height,
        "orientation": facts.orientation,
        "animated": facts.animated,
        "taken_at": facts.taken_at,
    }


def _settle_size(photo: Photo, landed: StoredObject) -> None:
    """Take a file whose size was not announced for as large as it is."""
    most = uploads.largest_of(photo)
    if landed.size_bytes > most:
        raise ContentRejectedError(
            "FileTooLarge",
            f"At most {most} bytes are accepted of a file whose size was not announced, and "
            f"{landed.size_bytes} arrived.",
        )
    photo.settle_size(landed.size_bytes)


def _is_file_of(photo: Photo, landed: StoredObject) -> bool:
    """Tell whether this is the file that the record is of.

    Its version says so. The ETag counts only in a bucket without versions.
    """
    if landed.version_id or photo.version_id:
        return bool(landed.version_id == photo.version_id)
    return bool(landed.etag == photo.etag)


def _refuse_file(photo: Photo, landed: StoredObject) -> None:
    """Remove a file that came after the upload had ended, or was put over the one that is shown.

    Only a form upload can do the second, as it cannot be made write-once.
    """
    if photo.status == Status.FAILED:
        _count("LateFiles", landed)
    else:
        _count("SecondFiles", landed)
    if landed.version_id or photo.status == Status.FAILED:
        storage.remove_version(landed.key, landed.version_id)


def _ask_for_thumbnails(photo: Photo) -> None:
    is_video = file_types.is_video(photo.content_type)
    _sqs.send_message(
        QueueUrl=settings().videos_queue_url if is_video else settings().thumbnails_queue_url,
        MessageBody=json.dumps({"photoId": photo.photo_id}),
    )


def _count(metric: str, landed: StoredObject) -> None:
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=1)
    logger.warning("Object refused", reason=metric, key=landed.key, version_id=landed.version_id)
