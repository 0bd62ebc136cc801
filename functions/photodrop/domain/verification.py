"""Verifying what landed: whether it is what was granted, and what it really is.

``pending`` → ``uploaded`` → ``processing`` or ``failed``. Everything here may run twice, at once,
late, or be cut off anywhere: the queue delivers the message again, and the record says what is
left to do. What is not exactly what was granted is erased. A log line and a metric say so, and its
owner reads the reason in the record, where there is one.
"""

from aws_lambda_powertools.metrics import MetricUnit

from photodrop import file_types
from photodrop.aws import messages, storage
from photodrop.aws.s3_events import StoredObject
from photodrop.aws.tables import Photo
from photodrop.domain import content, lifecycle, uploads
from photodrop.errors import ContentRejectedError
from photodrop.observability import logger, metrics
from photodrop.status import Status


def verify(landed: StoredObject) -> None:
    """Take the photo that `landed` belongs to on to ``processing`` or to ``failed``.

    Raises nothing for what a client did. Errors of AWS's services pass through, so that the
    message is delivered again.
    """
    photo = Photo.find_by_key(landed.key)
    if photo is None:  # this key was granted to nobody, or the photo was deleted
        _erase("ObjectsWithoutRecord", landed)
        return
    logger.set_correlation_id(photo.correlation_id)
    logger.append_keys(photo_id=photo.photo_id)
    try:
        _verify(photo, landed)
    except Photo.DoesNotExist:  # it was deleted in the meantime
        _erase("ObjectsWithoutRecord", landed)


def _verify(photo: Photo, landed: StoredObject) -> None:
    if photo.status == Status.PENDING:
        lifecycle.advance(
            photo,
            Status.UPLOADED,
            version_id=landed.version_id,
            etag=landed.etag,
            due_at=lifecycle.stuck_at(),
        )
    if not _is_file_of(photo, landed):
        _refuse_file(photo, landed)
        return
    if photo.status == Status.FAILED:
        lifecycle.resume(photo, Status.UPLOADED)
    if photo.status == Status.UPLOADED:
        try:
            _verify_content(photo, landed)
        except ContentRejectedError as refusal:
            lifecycle.fail(photo, refusal)
            return
    if photo.status == Status.PROCESSING:
        # Also when an earlier delivery got this far and was cut off before it sent the message.
        is_video = file_types.is_video(photo.content_type)
        message = messages.ProcessVideo if is_video else messages.MakeThumbnails
        message(photo.photo_id).send()


def _verify_content(photo: Photo, landed: StoredObject) -> None:
    uploads.settle_size(photo, landed.size_bytes)
    if photo.status != Status.UPLOADED:
        return  # another delivery has taken it on in the meantime
    facts = content.read_facts(landed, photo.content_type)
    if lifecycle.advance(
        photo,
        Status.PROCESSING,
        size_bytes=landed.size_bytes,
        due_at=lifecycle.stuck_at(),
        **facts,
    ):
        logger.info("Photo verified", content_type=facts["content_type"])
        metrics.add_metric(name="PhotosVerified", unit=MetricUnit.Count, value=1)


def _is_file_of(photo: Photo, landed: StoredObject) -> bool:
    """Tell whether this is the file that the record is of.

    Its version says so. The ETag counts only in a bucket without versions.
    """
    if landed.version_id or photo.version_id:
        return bool(landed.version_id == photo.version_id)
    return bool(landed.etag == photo.etag)


def _refuse_file(photo: Photo, landed: StoredObject) -> None:
    """Erase a file that came after its upload had ended, or a second one at the same key.

    Only by form can a second one come, as S3 cannot make a form write-once.
    """
    if photo.status == Status.FAILED:
        _erase("LateFiles", landed)
    elif landed.version_id:
        _erase("SecondFiles", landed)
    else:  # in a bucket without versions the second file has replaced the first
        _count("SecondFiles", landed)


def _erase(metric: str, landed: StoredObject) -> None:
    _count(metric, landed)
    storage.erase_version(landed.key, landed.version_id)


def _count(metric: str, landed: StoredObject) -> None:
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=1)
    logger.warning("Object refused", reason=metric, key=landed.key, version_id=landed.version_id)
