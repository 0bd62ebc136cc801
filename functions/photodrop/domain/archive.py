"""Originals in S3's archive classes, which must be restored before they can be read.

Only S3 knows the storage class of an original and the state of its restore. The photo's record
keeps what S3 answered last. Each event of S3 about a class or a restore only makes us ask S3 again,
so it does not matter how often, how late or in which order events come.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from photodrop.aws import archived_objects
from photodrop.aws.tables import Photo, Restore
from photodrop.clock import timestamp
from photodrop.config import settings
from photodrop.errors import (
    FieldError,
    InvalidRequestError,
    NotArchivedError,
    PhotoArchivedError,
    PhotoNotFoundError,
    PhotoNotReadyError,
)
from photodrop.observability import logger
from photodrop.status import Status

TIERS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "GLACIER": {"Expedited": "1-5 minutes", "Standard": "3-5 hours", "Bulk": "5-12 hours"},
        "DEEP_ARCHIVE": {"Standard": "within 12 hours", "Bulk": "within 48 hours"},
    }
)
"""The storage classes whose objects must be restored: how long a restore takes, by tier.

From "Archive retrieval options" in the Amazon S3 user guide, where GLACIER is called Glacier
Flexible Retrieval. Glacier Instant Retrieval (GLACIER_IR) is not here: it needs no restore.
"""


def current_restore(photo: Photo) -> Restore | None:
    """Return the state of a photo's restore. None if there is none, or the copy has expired."""
    restore = photo.restore
    if restore is None:
        return None
    if restore.expires_at is not None and restore.expires_at <= timestamp(datetime.now(UTC)):
        return None
    return restore


def refresh(photo: Photo, *, force: bool = False) -> None:
    """Update storage class and restore state of `photo` in memory, where they may have changed.

    Without `force`, S3 is asked only if the photo is archived or is old enough to be.
    """
    may_be_archived = force or photo.storage_class in TIERS or _is_old_enough(photo)
    if photo.status == Status.COMPLETED and may_be_archived:
        photo.storage_class, photo.restore = _fetch_state(photo) or (
            photo.storage_class,
            photo.restore,
        )


def require_readable(photo: Photo, *, force: bool = False) -> None:
    """Raise PhotoArchivedError, which says how to restore it, if the original cannot be read."""
    refresh(photo, force=force)
    current = current_restore(photo)
    if photo.storage_class not in TIERS or (current and current.status == "completed"):
        return
    raise PhotoArchivedError(
        "The photo is being restored from the archive. Try again when that is done."
        if current
        else "The photo is archived. Restore it first.",
        restore={
            "method": "POST",
            "path": f"/photos/{photo.photo_id}/restore",
            "storageClass": photo.storage_class,
            "tiers": [
                {"tier": tier, "typicalTime": duration}
                for tier, duration in TIERS[photo.storage_class].items()
            ],
            "current": (
                {"status": current.status, "expiresAt": current.expires_at} if current else None
            ),
        },
    )


def restore(photo: Photo, tier: str, days: int) -> None:
    """Ask S3 for a readable copy of an archived original, for this number of days.

    While a restore is under way, nothing is requested. If the copy exists already, its expiry is
    changed. Raises PhotoNotReadyError, NotArchivedError, InvalidRequestError for a tier that the
    class does not have, TierUnavailableError, and PhotoNotFoundError when the original or the photo
    is gone.
    """
    if photo.status != Status.COMPLETED:
        raise PhotoNotReadyError(f"The photo cannot be restored: it is {photo.status}.")
    found = _fetch_state(photo)
    if found is None:
        raise PhotoNotFoundError
    storage_class, current = found
    if storage_class not in TIERS:
        raise NotArchivedError(f"The photo can be viewed at once: its class is {storage_class}.")
    if tier not in TIERS[storage_class]:
        allowed = ", ".join(TIERS[storage_class])
        raise InvalidRequestError(
            [FieldError("tier", f"must be one of {allowed}, for the class {storage_class}")]
        )
    if current is None or current.status != "ongoing":
        _request_restore(photo, tier, days)
    try:
        _save(photo)
    except Photo.DoesNotExist:
        raise PhotoNotFoundError from None


def refresh_record(key: str) -> None:
    """Write the storage class and the restore state of the original at `key` to its record."""
    photo = Photo.find_by_key(key)
    if photo is None or photo.status != Status.COMPLETED:
        return
    logger.set_correlation_id(photo.correlation_id)
    logger.append_keys(photo_id=photo.photo_id)
    try:
        _save(photo)
        logger.info("Storage class recorded", storage_class=photo.storage_class)
    except Photo.DoesNotExist:
        logger.info("Photo was deleted in the meantime")


def _save(photo: Photo) -> None:
    """Write the state that S3 has to the record. Raises Photo.DoesNotExist if it was deleted.

    S3 is asked after the record was read, and the record is written only if it has not changed
    since. So of two calls at the same time, neither can replace a newer state by an older one.
    """
    while (found := _fetch_state(photo)) is not None:
        storage_class, restored = found
        if (photo.storage_class, _as_tuple(photo.restore)) == (storage_class, _as_tuple(restored)):
            return
        if photo.change(storage_class=storage_class, restore=restored):
            return


def _as_tuple(restore: Restore | None) -> tuple[str, str | None] | None:
    return (restore.status, restore.expires_at) if restore else None


def _is_old_enough(photo: Photo) -> bool:
    """Tell whether the bucket's lifecycle may have archived the photo by now."""
    days = settings().archive_after_days
    if not days:
        return False
    oldest = datetime.now(UTC) - timedelta(days=days)
    return bool(photo.created_at <= timestamp(oldest))


def _fetch_state(photo: Photo) -> tuple[str, Restore | None] | None:
    return archived_objects.fetch_state(photo.key, photo.version_id)


def _request_restore(photo: Photo, tier: str, days: int) -> None:
    if not archived_objects.request_restore(photo.key, photo.version_id, tier, days):
        raise PhotoNotFoundError
    logger.info("Restore requested", photo_id=photo.photo_id, tier=tier, days=days)
