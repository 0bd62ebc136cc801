"""Verifying a file that landed: whether it is what was announced, and what it is by its bytes.

The status changes from ``pending`` to ``uploaded``, and then to ``processing`` or ``failed``. All
of this may run late, twice or at the same time, and be cut off at any point: the queue delivers the
message again, and the record says what is left to do. A file that is not what was announced is
erased, and its record says why. A file for which no photo waits is erased too; a metric and a log
line say so.
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


def verify(file: StoredObject) -> None:
    """Take the photo of a file that landed to ``processing``, or to ``failed``.

    Does not raise for a file that is refused. Errors of AWS's services pass through, so that the
    message is delivered again.
    """
    photo = Photo.find_by_key(file.key)
    if photo is None:  # no upload to this key was granted, or the photo was deleted
        _erase_refused("ObjectsWithoutRecord", file)
        return
    logger.set_correlation_id(photo.correlation_id)
    logger.append_keys(photo_id=photo.photo_id)
    try:
        _verify(photo, file)
    except Photo.DoesNotExist:  # it was deleted in the meantime
        _erase_refused("ObjectsWithoutRecord", file)


def _verify(photo: Photo, file: StoredObject) -> None:
    if photo.status == Status.PENDING:
        lifecycle.advance(
            photo,
            Status.UPLOADED,
            version_id=file.version_id,
            etag=file.etag,
            due_at=lifecycle.stuck_at(),
        )
    if not _is_file_of(photo, file):
        _refuse_file(photo, file)
        return
    if photo.status == Status.FAILED:
        lifecycle.retry_or_erase(photo, Status.UPLOADED)
    if photo.status == Status.UPLOADED:
        try:
            _verify_content(photo, file)
        except ContentRejectedError as refusal:
            lifecycle.fail(photo, refusal)
            return
        except storage.ObjectGoneError:
            lifecycle.fail_removed(photo)
            return
    if photo.status == Status.PROCESSING:
        # An earlier delivery may have advanced the photo and been cut off before it sent this.
        is_video = file_types.is_video(photo.content_type)
        message = messages.ProcessVideo if is_video else messages.MakeThumbnails
        message(photo.photo_id).send()


def _verify_content(photo: Photo, file: StoredObject) -> None:
    uploads.verify_size(photo, file.size_bytes)
    if photo.status != Status.UPLOADED:
        return  # another delivery has advanced it in the meantime
    facts = content.read_facts(file, photo.content_type)
    if lifecycle.advance(
        photo,
        Status.PROCESSING,
        size_bytes=file.size_bytes,
        due_at=lifecycle.stuck_at(),
        **facts,
    ):
        logger.info("Photo verified", content_type=facts["content_type"])
        metrics.add_metric(name="PhotosVerified", unit=MetricUnit.Count, value=1)


def _is_file_of(photo: Photo, file: StoredObject) -> bool:
    """Tell whether the record is about this version of the file.

    In a bucket without versions, the ETag decides.
    """
    if file.version_id or photo.version_id:
        return bool(file.version_id == photo.version_id)
    return bool(file.etag == photo.etag)


def _refuse_file(photo: Photo, file: StoredObject) -> None:
    """Erase a file that landed after its upload had ended, or a second file at the same key.

    Only a form can send a second file, because S3 cannot restrict a form to one use.
    """
    if photo.status == Status.FAILED:
        _erase_refused("LateFiles", file)
    elif file.version_id:
        _erase_refused("SecondFiles", file)
    else:  # without versions, the second file has replaced the first one
        _count_refused("SecondFiles", file)


def _erase_refused(metric: str, file: StoredObject) -> None:
    _count_refused(metric, file)
    storage.erase_version(file.key, file.version_id)


def _count_refused(metric: str, file: StoredObject) -> None:
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=1)
    logger.warning("Object refused", reason=metric, key=file.key, version_id=file.version_id)
