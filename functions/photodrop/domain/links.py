"""Signed links to originals and thumbnails, for those who may view them."""

import re
from collections.abc import Iterable
from urllib.parse import quote, urlencode

from photodrop import keys
from photodrop.aws import cdn_signing, signing
from photodrop.aws.signing import CACHE_FOREVER, SignedUrl
from photodrop.aws.tables import Photo, ThumbnailSize
from photodrop.config import settings
from photodrop.domain import archive
from photodrop.errors import PhotoNotReadyError
from photodrop.status import Status
from photodrop.variants import Variant


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

    It is then answered with these headers instead of those that the uploader sent.
    """
    query = {
        "response-cache-control": CACHE_FOREVER,
        "response-content-disposition": disposition,
        "response-content-type": content_type,
    }
    if version_id:
        query["versionId"] = version_id
    if cdn_signing.is_on():
        return cdn_signing.sign(f"/o/{key}?{urlencode(query, quote_via=quote)}")
    return signing.presign_url(
        "GET",
        settings().uploads_bucket,
        key,
        ttl_seconds=settings().view_ttl_seconds,
        query=query,
    )


def sign_thumbnail(original_key: str, variant: Variant, shared: str | None = None) -> SignedUrl:
    """Sign a GET of a thumbnail of an original.

    Where CloudFront delivers, the signature admits to all thumbnails of this original, and if its
    key begins with `shared`, to those of all originals whose keys do. `shared` must not be wider
    than what the caller may list.
    """
    prefix = keys.thumbnails(original_key)
    if cdn_signing.is_on():
        below = _admitted(original_key, shared)
        return cdn_signing.sign_below(f"/i/{below}", f"/i/{prefix}{_address(variant)}")
    return signing.presign_url(
        "GET",
        settings().thumbnails_bucket,
        f"{prefix}{variant.name}",
        ttl_seconds=settings().view_ttl_seconds,
    )


def sign_thumbnails(
    original_key: str, thumbnails: Iterable[ThumbnailSize], shared: str | None = None
) -> list[tuple[ThumbnailSize, SignedUrl]]:
    """Sign a GET of each of these thumbnails of an original: see `sign_thumbnail`."""
    return [
        (one, sign_thumbnail(original_key, Variant(str(int(one.size))), shared))
        for one in thumbnails
    ]


def image_url(original_key: str, shared: str | None = None) -> str | None:
    """Return the template of the links to an original's thumbnails, or None where S3 delivers them.

    `{variant}` stands for a size of the ladder and options, as `640,fit=cover,format=auto`. It
    admits to as much as `sign_thumbnail`.
    """
    if not cdn_signing.is_on():
        return None
    prefix = keys.thumbnails(original_key)
    granted = cdn_signing.grant_below(f"/i/{_admitted(original_key, shared)}")
    return f"{settings().delivery_url}/i/{prefix}{{variant}}?{granted.query}"


def _admitted(original_key: str, shared: str | None) -> str:
    """Return the prefix of the keys that a link to a thumbnail admits to."""
    if shared is not None and original_key.startswith(shared):
        return shared
    return keys.thumbnails(original_key)


def _address(variant: Variant) -> str:
    """Return the last part of a thumbnail's address, which CloudFront turns into its key."""
    options = [variant.resolution]
    if variant.fit == "cover":
        options.append("fit=cover")
        if variant.gravity == "auto":
            options.append("gravity=auto")
    if variant.format != "webp":
        options.append(f"format={variant.format}")
    return ",".join(options)


def content_disposition(disposition: str, file_name: str) -> str:
    """Return a Content-Disposition (RFC 6266) with the exact name and one in ASCII."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", file_name)
    return f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
