"""Originals in S3's archive classes: their state, and requesting a restore.

This module makes its client at the first use, because viewing a photo rarely needs it. That is why
it does not stand in `storage`.
"""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from photodrop.aws import clients
from photodrop.aws.tables import Restore
from photodrop.clock import timestamp
from photodrop.config import settings
from photodrop.errors import TierUnavailableError


def fetch_state(key: str, version_id: str | None) -> tuple[str, Restore | None] | None:
    """Ask S3 for storage class and restore state. Returns None when the original is gone."""
    try:
        found = _s3().head_object(**_location(key, version_id))
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (404, 405):
            return None
        raise
    return found.get("StorageClass", "STANDARD"), _parse_restore(found.get("Restore"))


def request_restore(key: str, version_id: str | None, tier: str, days: int) -> bool:
    """Ask S3 for a readable copy of an archived original, unless another call has done so.

    Returns False when the original is gone. Raises TierUnavailableError.
    """
    request = {"Days": days, "GlacierJobParameters": {"Tier": tier}}
    try:
        _s3().restore_object(**_location(key, version_id), RestoreRequest=request)
    except ClientError as error:
        match error.response["Error"]["Code"]:
            case "RestoreAlreadyInProgress":
                return True
            case "GlacierExpeditedRetrievalNotAvailable":
                raise TierUnavailableError from error
            case "NoSuchKey" | "NoSuchVersion":
                return False
        raise
    return True


@cache
def _s3() -> Any:
    return clients.s3()


def _parse_restore(header: str | None) -> Restore | None:
    """Parse the header `x-amz-restore`.

    It is `ongoing-request="true"`, or once the copy exists `ongoing-request="false",
    expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"`.
    """
    if not header:
        return None
    if 'ongoing-request="true"' in header:
        return Restore(status="ongoing")
    until = re.search(r'expiry-date="([^"]+)"', header)
    expires_at = timestamp(parsedate_to_datetime(until[1]).astimezone(UTC)) if until else None
    return Restore(status="completed", expires_at=expires_at)


def _location(key: str, version_id: str | None) -> dict[str, str]:
    version = {"VersionId": version_id} if version_id else {}
    return {"Bucket": settings().uploads_bucket, "Key": key} | version
