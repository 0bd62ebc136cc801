"""Signed links to originals and thumbnails, for those who may view them."""

import re
from collections.abc import Iterable
from urllib.parse import quote

from photodrop import keys
from photodrop.aws import signing
from photodrop.aws.signing import CACHE_FOREVER, SignedUrl
from photodrop.aws.tables import Photo, ThumbnailSize
from photodrop.config import settings
from photodrop.domain import archive
from photodrop.errors import PhotoNotReadyError
from photodrop.status import Status


def sign_photo(photo: Photo, disposition: str) -> SignedUrl:
    """Sign a GET of the verified version of a photo; `disposition` is inline or attachment.

    Raises PhotoNotReadyError unless the photo is completed, and PhotoArchivedError for one that has
    to be restored first.
    """
    if photo.status != Status.COMPLETED:
        raise PhotoNotReadyError(f"The photo cannot be viewed: it is {photo.status}.")
    archive.require_readable(photo)
    return sign_original(
        photo.key,
        photo.version_id,
        content_type=photo.content_type,
        disposition=content_disposition(disposition, photo.file_name),
    )


def sign_original(
    key: str, version_id: str | None, *, content_type: str, disposition: str
) -> SignedUrl:
    """Sign a GET of one version of an original; `disposition` is a whole Content-Disposition.

    S3 then answers with these headers instead of those that the uploader sent.
    """
    query = {
        "response-cache-control": CACHE_FOREVER,
        "response-content-disposition": disposition,
        "response-content-type": content_type,
    }
    if version_id:
        query["versionId"] = version_id
    return signing.presign_url(
        "GET",
        settings().uploads_bucket,
        key,
        ttl_seconds=settings().view_ttl_seconds,
        query=query,
    )


def sign_thumbnail(key: str) -> SignedUrl:
    """Sign a GET of the thumbnail at `key`."""
    return signing.presign_url(
        "GET", settings().thumbnails_bucket, key, ttl_seconds=settings().view_ttl_seconds
    )


def sign_thumbnails(
    original_key: str, thumbnails: Iterable[ThumbnailSize]
) -> list[tuple[ThumbnailSize, SignedUrl]]:
    """Sign a GET of each of these thumbnails of an original."""
    return [
        (one, sign_thumbnail(keys.thumbnail(original_key, int(one.size)))) for one in thumbnails
    ]


def content_disposition(disposition: str, file_name: str) -> str:
    """Return a Content-Disposition (RFC 6266) with the exact name and one in ASCII."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", file_name)
    return f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
