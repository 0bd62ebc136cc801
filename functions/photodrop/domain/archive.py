"""Originals in S3's archive classes: which can be read at once, and which must be restored first.

Only S3 knows. Its events (see `process_upload`) are hints to ask it, so it does not matter how
often, late or out of order they come. The photo's record has what S3 said last.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from botocore.exceptions import ClientError

from photodrop.aws import clients
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
    TierUnavailableError,
)
from photodrop.observability import logger
from photodrop.status import Status

TIERS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "GLACIER": {"Expedited": "1-5 minutes", "Standard": "3-5 hours", "Bulk": "5-12 hours"},
        "DEEP_ARCHIVE": {"Standard": "within 12 hours", "Bulk": "within 48 hours"},
    }
)
"""The classes whose objects must be restored, each with its tiers and how long they take.

From "Archive retrieval options" in the Amazon S3 user guide. GLACIER is named Glacier Flexible
Retrieval there. Glacier Instant Retrieval (GLACIER_IR) is not among them: it is read at once.
"""


@cache
def _s3() -> Any:
    """Return a client, made when it is first needed: viewing a photo seldom needs one."""
    return clients.s3()


def current_restore(photo: Photo) -> Restore | None:
    """Return how far a photo's restoring is; None when there is none, or it has ended again."""
    restore = photo.restore
    if restore is None:
        return None
    if restore.expires_at is not None and restore.expires_at <= timestamp(datetime.now(UTC)):
        return None
    return restore


def refresh(photo: Photo, *, ask: bool = False) -> None:
    """Bring class and restore state of `photo` up to date, in memory, where they may have changed.

    S3 is asked only about what is archived, or is old enough to be; with `ask`, in any case.
    """
    may_be_archived = ask or photo.storage_class in TIERS or _is_old(photo)
    if photo.status == Status.COMPLETED and may_be_archived:
        photo.storage_class, photo.restore = _ask(photo) or (photo.storage_class, photo.restore)


def require_readable(photo: Photo, *, ask: bool = False) -> None:
    """Raise PhotoArchivedError, which says what to do, unless the original can be read now."""
    refresh(photo, ask=ask)
    now = current_restore(photo)
    if photo.storage_class not in TIERS or (now and now.status == "completed"):
        return
    raise PhotoArchivedError(
        "The photo is being restored from the archive. Try again when that is done."
        if now
        else "The photo is archived. Restore it first.",
        restore={
            "method": "POST",
            "path": f"/photos/{photo.photo_id}/restore",
            "storageClass": photo.storage_class,
            "tiers": [
                {"tier": tier, "typicalTime": duration}
                for tier, duration in TIERS[photo.storage_class].items()
            ],
            "current": {"status": now.status, "expiresAt": now.expires_at} if now else None,
        },
    )


def restore(photo: Photo, tier: str, days: int) -> None:
    """Ask S3 for a readable copy of an archived original, for so many days.

    While one is on its way nothing more is asked for; once it is there, its end is moved. Raises
    PhotoNotReadyError, NotArchivedError, InvalidRequestError for a tier that the class does not
    have, TierUnavailableError, and PhotoNotFoundError when the original or the photo is gone.
    """
    if photo.status != Status.COMPLETED:
        raise PhotoNotReadyError(f"The photo cannot be restored: it is {photo.status}.")
    found = _ask(photo)
    if found is None:
        raise PhotoNotFoundError
    storage_class, now = found
    if storage_class not in TIERS:
        raise NotArchivedError(f"The photo can be viewed at once: its class is {storage_class}.")
    if tier not in TIERS[storage_class]:
        allowed = ", ".join(TIERS[storage_class])
        raise InvalidRequestError(
            [FieldError("tier", f"must be one of {allowed}, for the class {storage_class}")]
        )
    if now is None or now.status != "ongoing":
        _request(photo, tier, days)
    try:
        _save(photo)
    except Photo.DoesNotExist:
        raise PhotoNotFoundError from None


def record(key: str) -> None:
    """Write to the record what S3 says of the original at `key`: its class and restore state."""
    photo = Photo.find_by_key(key)
    if photo is None or photo.status != Status.COMPLETED:
        return
    logger.set_correlation_id(photo.correlation_id)
    logger.append_keys(photo_id=photo.photo_id)
    try:
        _save(photo)
        logger.info("Storage class noted", storage_class=photo.storage_class)
    except Photo.DoesNotExist:
        logger.info("Photo was deleted in the meantime")


def _save(photo: Photo) -> None:
    """Write what S3 says to the record. Raises Photo.DoesNotExist for a photo that was deleted.

    S3 is asked after the record was read, and the record is written only if it is still as it was
    read. So of two calls at once, none can put an older state over a newer one.
    """
    while (found := _ask(photo)) is not None:
        storage_class, restored = found
        if (photo.storage_class, _pair(photo.restore)) == (storage_class, _pair(restored)):
            return
        if photo.change(storage_class=storage_class, restore=restored):
            return


def _pair(restore: Restore | None) -> tuple[str, str | None] | None:
    return (restore.status, restore.expires_at) if restore else None


def _is_old(photo: Photo) -> bool:
    """Tell whether the lifecycle may have archived the photo since its record was written."""
    days = settings().archive_after_days
    if not days:
        return False
    oldest = datetime.now(UTC) - timedelta(days=days)
    return bool(photo.created_at <= timestamp(oldest))


def _ask(photo: Photo) -> tuple[str, Restore | None] | None:
    """Return the class and the restore state that S3 names, or None when the original is gone."""
    try:
        found = _s3().head_object(**_original(photo))
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (404, 405):
            return None
        raise
    return found.get("StorageClass", "STANDARD"), _restore_of(found.get("Restore"))


def _restore_of(header: str | None) -> Restore | None:
    """Read `x-amz-restore`.

    It is `ongoing-request="true"`, or when the copy is there `ongoing-request="false",
    expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"`.
    """
    if not header:
        return None
    if 'ongoing-request="true"' in header:
        return Restore(status="ongoing")
    until = re.search(r'expiry-date="([^"]+)"', header)
    expires_at = timestamp(parsedate_to_datetime(until[1]).astimezone(UTC)) if until else None
    return Restore(status="completed", expires_at=expires_at)


def _request(photo: Photo, tier: str, days: int) -> None:
    request = {"Days": days, "GlacierJobParameters": {"Tier": tier}}
    try:
        _s3().restore_object(**_original(photo), RestoreRequest=request)
    except ClientError as error:
        match error.response["Error"]["Code"]:
            case "RestoreAlreadyInProgress":
                return  # another call has asked for it
            case "GlacierExpeditedRetrievalNotAvailable":
                raise TierUnavailableError from error
            case "NoSuchKey" | "NoSuchVersion":
                raise PhotoNotFoundError from error
        raise
    logger.info("Restore asked for", photo_id=photo.photo_id, tier=tier, days=days)


def _original(photo: Photo) -> dict[str, str]:
    version = {"VersionId": photo.version_id} if photo.version_id else {}
    return {"Bucket": settings().uploads_bucket, "Key": photo.key} | version
