"""Deleting photos, and those whose original the bucket's lifecycle has expired.

It is apart from `photos`, because functions that only list and edit start without a client of S3.
"""

from contextlib import suppress

from photodrop.aws import storage
from photodrop.aws.tables import Failure, Photo
from photodrop.clock import epoch_seconds
from photodrop.observability import logger
from photodrop.status import Status

FINISH_SECONDS = 900
"""When ExpireUploads finishes a deletion that was cut off. No function runs for so long."""


def delete(photo: Photo) -> None:
    """Delete a photo: its original in all versions, every thumbnail, and its record.

    The record is marked first and deleted last. A deletion that was cut off can be repeated, and
    otherwise ExpireUploads finishes it.
    """
    with suppress(Photo.DoesNotExist):  # another call is deleting it, too
        _mark(photo)
    if photo.upload_method == "MULTIPART":
        # Also of a photo that has ended: its client may have begun several multipart uploads, and
        # whoever cancelled it may have been cut off before the parts were removed.
        storage.abort_multiparts(photo.key)
    storage.erase_original(photo.key)
    _delete_record(photo)


def _mark(photo: Photo) -> None:
    """Mark a photo as being deleted. A pending one fails, so that a file that lands is erased.

    If a pending photo did not fail, a file could land and be accepted after we looked for what has
    to be erased. Raises Photo.DoesNotExist for a photo that was deleted.
    """
    failure = Failure(code="UploadCancelled", message="The photo is being deleted.")
    while not photo.is_deleting:
        due_at = epoch_seconds() + FINISH_SECONDS
        is_pending = photo.status == Status.PENDING
        failing = {"status": Status.FAILED, "failure": failure} if is_pending else {}
        if photo.change(is_deleting=True, due_at=due_at, **failing):
            return


def delete_expired(key: str) -> None:
    """Delete a completed photo whose original the bucket's lifecycle has expired.

    Does nothing while the original exists, so S3's event may come late or more than once. Does
    nothing for a photo that is not completed either. Where there is no photo, the delete marker is
    erased: the photo was deleted at the same time.
    """
    photo = Photo.find_by_key(key)
    if photo is None:
        storage.erase_original(key)
        return
    if photo.status != Status.COMPLETED:
        return
    if storage.find_original(key, None) is None:
        storage.erase_original(key)  # the version below the delete marker still costs
        _delete_record(photo)
        logger.info("Photo expired", photo_id=photo.photo_id)


def _delete_record(photo: Photo) -> None:
    """Delete the thumbnails and the record of a photo whose original is gone."""
    storage.erase_thumbnails(photo.key)
    try:
        photo.delete_rows()
    except Photo.DoesNotExist:
        return  # another call has deleted it
    # Erase again: a thumbnail may have been stored since, by a function that still found the
    # record. Functions that store one from now on find no record, and erase their thumbnail
    # themselves.
    storage.erase_thumbnails(photo.key)
