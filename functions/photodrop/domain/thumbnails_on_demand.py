"""Thumbnails of other sizes and formats than the standard ones: made at the first request, once.

The thumbnails bucket holds those that exist. The first request for another one acquires its lease
(`ThumbnailLease`) and makes it. Requests that come in the meantime wait for it. The thumbnails
queue makes those that take long, and those that a first request did not finish.
"""

import tempfile
import time
from dataclasses import dataclass

from aws_lambda_powertools.metrics import MetricUnit

from photodrop import file_types, keys
from photodrop.aws import messages, storage
from photodrop.aws.signing import SignedUrl
from photodrop.aws.tables import PHOTO_ROW, Failure, Photo, ThumbnailLease, ThumbnailSize
from photodrop.config import settings
from photodrop.domain import archive, links, processing
from photodrop.errors import (
    ContentRejectedError,
    FieldError,
    InvalidRequestError,
    PhotoNotFoundError,
    PhotoNotReadyError,
    ThumbnailFailedError,
)
from photodrop.imaging import images
from photodrop.imaging.renditions import cover, fit
from photodrop.imaging.sandbox import Limits
from photodrop.observability import logger, metrics
from photodrop.status import Status
from photodrop.variants import Variant

QUICK_PIXELS = {"image/jpeg": 110_000_000}
QUICK_PIXELS_OTHERS = 25_000_000
QUICK_BYTES = 50_000_000
"""Up to these limits a thumbnail is made within the request. A thumbnail of 2048 pixels took 0.7 s
of CPU for a progressive JPEG of 108 megapixels, and 0.8 s for HEIC of 24 megapixels, the slowest of
the other formats. AVIF instead of WebP took 0.1 s more."""

REQUEST_SECONDS = 30
"""The lease of a request, which never takes so long: it has succeeded by then, or failed."""

QUEUE_SECONDS = 360
"""The lease of a message. The queue delivers a message again after this time, and then a request
may also send another one."""

WAIT_SECONDS = 8.0
"""How long a request waits for a thumbnail that another request is making."""


@dataclass(frozen=True, slots=True)
class SignedThumbnail:
    """A thumbnail that exists: a signed GET of it, and its size in pixels."""

    signed: SignedUrl
    width: int
    height: int


def find_or_make(photo: Photo, variant: Variant) -> SignedThumbnail | None:
    """Return a thumbnail, signed. None while the queue or another request is making it.

    Raises the errors of `ensure`.
    """
    return _sign(photo, variant) if ensure(photo, variant) else None


def ensure(photo: Photo, variant: Variant) -> bool:
    """Make a thumbnail if it is not stored yet. False while the queue or another request makes it.

    Raises InvalidRequestError for a resolution that the settings do not list, PhotoNotReadyError,
    PhotoArchivedError if its original has to be restored first, PhotoNotFoundError if the photo is
    deleted in the meantime, ThumbnailFailedError.
    """
    resolutions = settings().thumbnail_resolutions
    if variant.resolution not in resolutions:
        raise InvalidRequestError([FieldError("res", f"must be one of {', '.join(resolutions)}")])
    if photo.status != Status.COMPLETED:
        raise PhotoNotReadyError(f"The photo has no thumbnails: it is {photo.status}.")
    if _standard_thumbnail(photo, variant) or storage.has_thumbnail(_key(photo, variant)):
        return True
    if not file_types.is_video(photo.content_type):
        archive.require_readable(photo)
    elif not photo.thumbnails:
        why = photo.thumbnails_missing
        raise ThumbnailFailedError(why.message if why else "The video has no thumbnails.")
    return _acquire_and_make(photo, variant)


def make(photo_id: str, variant: Variant) -> None:
    """Make one thumbnail, for a message of the queue.

    Does not raise for a thumbnail that cannot be made. Errors of AWS's services pass through, so
    that the message is delivered again.
    """
    logger.append_keys(photo_id=photo_id)
    try:
        photo = Photo.get(photo_id, PHOTO_ROW, consistent_read=True)
        logger.set_correlation_id(photo.correlation_id)
        _make(photo, variant, images.LIMITS)
    except Photo.DoesNotExist:
        processing.erase_thumbnails_of_deleted(photo_id)
    except ThumbnailFailedError as error:
        logger.warning("Thumbnail failed", reason=error.message)
    except storage.ObjectArchivedError:
        archive.refresh_record(photo.key)  # requests get PhotoArchivedError from now on
        ThumbnailLease.release(photo_id, variant.name)


def _acquire_and_make(photo: Photo, variant: Variant) -> bool:
    """Return True if the thumbnail is stored now, False while somebody else makes it."""
    lease = ThumbnailLease.find(photo.photo_id, variant.name)
    if lease is not None and lease.failure is not None:
        raise ThumbnailFailedError(lease.failure.message)
    if lease is not None and lease.expires_at > time.time():
        return not lease.is_queued and _wait(photo, variant)
    # If the lease has expired, a request failed or took too long. The queue has more time than a
    # request, retries by itself, and raises an alarm when that does not help.
    is_queued = lease is not None or not _is_quick(photo)
    seconds = QUEUE_SECONDS if is_queued else REQUEST_SECONDS
    if not ThumbnailLease.acquire(
        photo.photo_id, variant.name, lease, seconds=seconds, is_queued=is_queued
    ):
        return not is_queued and _wait(photo, variant)
    try:
        if is_queued:
            messages.MakeThumbnail(photo.photo_id, variant).send()
        else:
            _make(photo, variant, images.REQUEST_LIMITS)
    except Photo.DoesNotExist:
        raise PhotoNotFoundError from None
    except ThumbnailFailedError:
        raise
    except storage.ObjectArchivedError:
        ThumbnailLease.release(photo.photo_id, variant.name)
        archive.require_readable(photo, force=True)
        return False
    except Exception:
        ThumbnailLease.release(photo.photo_id, variant.name)
        raise
    return not is_queued


def _wait(photo: Photo, variant: Variant) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.2)
        if storage.has_thumbnail(_key(photo, variant)):
            return True
    return False


def _make(photo: Photo, variant: Variant, limits: Limits) -> None:
    """Make and store a thumbnail. It is erased if the photo was deleted in the meantime.

    Raises Photo.DoesNotExist when the photo is deleted in the meantime, ThumbnailFailedError,
    storage.ObjectArchivedError.
    """
    images.start()  # the decoder starts while the original is downloaded
    key, poster_key = _key(photo, variant), _poster_key(photo)
    try:
        with tempfile.TemporaryFile() as source:
            if poster_key:
                storage.download_thumbnail(poster_key, source)
            else:
                storage.download_original(photo.key, photo.version_id, source)
            made = images.make_thumbnail(
                source,
                variant.box,
                budget=processing.budget(),
                crop=variant.gravity if variant.fit == "cover" else None,
                content_type=variant.content_type,
                limits=limits,
            )
    except storage.ObjectGoneError:
        raise Photo.DoesNotExist from None
    except ContentRejectedError as refusal:
        failure = Failure(code=refusal.code, message=refusal.message)
        ThumbnailLease.release(photo.photo_id, variant.name, failure)
        raise ThumbnailFailedError(refusal.message) from refusal
    storage.put_thumbnail(key, made.data, made.content_type, only_if_absent=True)
    try:
        photo.reload()
    except Photo.DoesNotExist:
        storage.erase_thumbnails(photo.key)
        raise
    metrics.add_metric(name="ThumbnailsMade", unit=MetricUnit.Count, value=1)
    logger.info("Thumbnail made", photo_id=photo.photo_id, variant=variant.name)


def _key(photo: Photo, variant: Variant) -> str:
    """Return the key of a thumbnail in the thumbnails bucket."""
    return f"{keys.thumbnails(photo.key)}{variant.name}"


def _poster(photo: Photo) -> ThumbnailSize:
    """Return the largest thumbnail of a video, from which its thumbnails on demand are made."""
    return max(photo.thumbnails, key=lambda made: made.size)


def _poster_key(photo: Photo) -> str | None:
    """Return the key of the poster of a video, or None for an image."""
    if not file_types.is_video(photo.content_type):
        return None
    return keys.thumbnail(photo.key, int(_poster(photo).size))


def _is_quick(photo: Photo) -> bool:
    if file_types.is_video(photo.content_type):
        return True
    most = QUICK_PIXELS.get(photo.content_type, QUICK_PIXELS_OTHERS)
    return bool(photo.width * photo.height <= most and photo.size_bytes <= QUICK_BYTES)


def _standard_thumbnail(photo: Photo, variant: Variant) -> ThumbnailSize | None:
    """Return the standard thumbnail that is this variant, from the photo's record, or None."""
    if variant.format != "webp" or variant.fit == "cover":
        return None
    sizes = {str(int(made.size)): made for made in photo.thumbnails}
    return sizes.get(variant.resolution)


def _sign(photo: Photo, variant: Variant) -> SignedThumbnail:
    # The size is computed as the imaging code does it, so that the thumbnail need not be read.
    source = _poster(photo) if file_types.is_video(photo.content_type) else photo
    made = _standard_thumbnail(photo, variant)
    size = (made.width, made.height) if made else (source.width, source.height)
    whole = int(size[0]), int(size[1])
    width, height = (
        cover(whole, variant.box)[1] if variant.fit == "cover" else fit(whole, variant.box)
    )
    return SignedThumbnail(links.sign_thumbnail(photo.key, variant), width, height)
