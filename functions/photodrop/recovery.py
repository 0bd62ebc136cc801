"""Photos that do not go on by themselves: lost events, uploads that never came, lost messages."""

import json
import time
from collections.abc import Callable, Iterator

from aws_lambda_powertools.metrics import MetricUnit

from photodrop import assembly, clients, failures, storage, uploads
from photodrop.config import settings
from photodrop.errors import ContentRejectedError, NotUploadedError
from photodrop.failures import STUCK_SECONDS, fail
from photodrop.models import DUE_SHARDS, PHOTO_ROW, Photo
from photodrop.observability import logger, metrics
from photodrop.status import Status

MAX_ATTEMPTS = 5
"""How often a photo that is stuck is asked for again before it fails."""

_sqs = clients.sqs()


def look_again(photo: Photo) -> None:
    """Process what S3 holds for a photo whose event may have been lost.

    Does nothing for one that has gone on. Raises NotUploadedError when S3 holds nothing.
    """
    if photo.status in (Status.COMPLETED, Status.FAILED):
        return
    landed = storage.find_original(photo.key, photo.version_id)
    if landed is None:
        raise NotUploadedError("S3 has no such file. Upload it first.")
    # The event that was lost, as S3 would have sent it: one way in for all that lands.
    _sqs.send_message(
        QueueUrl=settings().uploads_queue_url,
        MessageBody=json.dumps({"Records": [{"s3": {"object": landed}}]}),
    )


def expire(time_is_left: Callable[[], bool]) -> None:
    """Look after every photo that is due, oldest first, while `time_is_left`.

    A pending one whose upload never came fails; one that is stuck is asked for again, and fails
    after MAX_ATTEMPTS. What is not reached is due at the next call.
    """
    for photo in _due():
        if not time_is_left():
            logger.warning("More photos are due than there was time for")
            return
        logger.set_correlation_id(photo.correlation_id)
        logger.append_keys(photo_id=photo.photo_id)
        try:
            _expire(photo)
        except Photo.DoesNotExist:
            logger.info("Photo was deleted")


def _due() -> Iterator[Photo]:
    now = int(time.time())
    for shard in range(DUE_SHARDS):
        for found in Photo.by_due.query(f"due#{shard}", Photo.due_at <= now):
            try:
                photo = Photo.get(found.photo_id, PHOTO_ROW, consistent_read=True)
            except Photo.DoesNotExist:
                continue
            if photo.due_at is not None and photo.due_at <= now:  # the index may be late
                yield photo


def _expire(photo: Photo) -> None:
    if photo.status == Status.FAILED:
        failures.look_last(photo)
        return
    try:
        if photo.attempts < MAX_ATTEMPTS:
            look_again(photo)
            again_at = int(time.time()) + STUCK_SECONDS
            photo.change(attempts=photo.attempts + 1, due_at=again_at)
            metrics.add_metric(name="PhotosAskedForAgain", unit=MetricUnit.Count, value=1)
            return
        refusal = ContentRejectedError("ProcessingFailed", "The photo could not be processed.")
    except NotUploadedError:
        if _may_still_come(photo):
            if not assembly.is_too_large(photo):
                photo.change(due_at=uploads.next_look_at(photo))
                return
            refusal = ContentRejectedError(
                "FileTooLarge", "More was sent in parts than was announced."
            )
        elif photo.status == Status.PENDING:
            refusal = ContentRejectedError("UploadExpired", "The file never came.")
        else:
            refusal = ContentRejectedError("UploadRemoved", "The file was removed again.")
    fail(photo, refusal)


def _may_still_come(photo: Photo) -> bool:
    """Tell whether it was only looked at early, to see how much there is of it."""
    in_parts = photo.upload_method == "MULTIPART"
    return in_parts and photo.status == Status.PENDING and uploads.deadline(photo) > time.time()
