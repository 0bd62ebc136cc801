"""Links to what CloudFront delivers, signed for all that lies below a prefix.

A link has a custom policy ("Create a signed URL using a custom policy" in the CloudFront developer
guide). Its end is rounded and its signature deterministic, so that every function returns the same
link for a while, and browsers find in their caches what they have seen.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib import import_module

from botocore.signers import CloudFrontSigner

from photodrop.aws.signing import SignedUrl
from photodrop.clock import epoch_seconds
from photodrop.config import settings


@dataclass(frozen=True, slots=True)
class Grant:
    """What admits to some addresses: the end of each, after `?` or `&`."""

    query: str
    expires_at: datetime


def is_on() -> bool:
    """Tell whether CloudFront delivers, or S3 itself."""
    return settings().delivery_url != ""


def sign(path: str) -> SignedUrl:
    """Return a link to this path and query only."""
    resource = f"{settings().delivery_url}{path}"
    granted = _grant(resource, _expiry())
    separator = "&" if "?" in path else "?"
    return SignedUrl(f"{resource}{separator}{granted.query}", {}, granted.expires_at)


def sign_below(prefix: str, path: str) -> SignedUrl:
    """Return a link to this path, whose signature admits to every path below `prefix`."""
    granted = grant_below(prefix)
    return SignedUrl(f"{settings().delivery_url}{path}?{granted.query}", {}, granted.expires_at)


def grant_below(prefix: str) -> Grant:
    """Return what admits to every path below `prefix`."""
    return _grant(f"{settings().delivery_url}{prefix}*", _expiry())


def _expiry() -> int:
    """Return when links end that are made now, in epoch seconds.

    They can be used for the whole lifetime at most, and for half of it at least.
    """
    half = settings().delivery_ttl_seconds // 2
    return (epoch_seconds() // half + 2) * half


@lru_cache(maxsize=1000)
def _grant(resource: str, expiry: int) -> Grant:
    expires_at = datetime.fromtimestamp(expiry, UTC)
    signer = _signer()
    signed: str = signer.generate_presigned_url(
        resource, policy=signer.build_policy(resource, expires_at)
    )
    return Grant(signed.removeprefix(resource)[1:], expires_at)


@cache
def _signer() -> CloudFrontSigner:
    # Loaded with the first link, because it takes 25 ms that no function needs where S3 delivers.
    signer: CloudFrontSigner = import_module("photodrop.aws.cdn_key").read_signer()
    return signer
