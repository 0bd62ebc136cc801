"""Presigned S3 URLs and POST policies, by AWS Signature Version 4.

Signing is implemented here because a page of a hundred photos needs three hundred URLs: boto3 takes
ten times as long, and loading it takes time too. `tests/unit/test_signing.py` compares the output
with botocore's, byte for byte.

Rules: "Authenticating Requests: Using Query Parameters" and "Browser-Based Uploads Using POST" in
the Amazon S3 API reference.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

from photodrop.clock import timestamp
from photodrop.config import credentials, settings

CACHE_FOREVER = "private, max-age=31536000, immutable"
"""The Cache-Control of originals: private, as they are, and for good: they never change."""

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """A presigned URL. The client must send exactly these `headers`."""

    url: str
    headers: dict[str, str]
    expires_at: datetime

    @property
    def headers_to_set(self) -> dict[str, str]:
        """The headers that clients have to set. All clients set Content-Length by themselves."""
        return {name: value for name, value in self.headers.items() if name != "Content-Length"}


@dataclass(frozen=True, slots=True)
class SignedPost:
    """An HTML form: POST `fields`, then the file as the last field, `file`."""

    url: str
    fields: dict[str, str]
    expires_at: datetime


def presign_url(
    method: str,
    bucket: str,
    key: str,
    *,
    ttl_seconds: int,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
) -> SignedUrl:
    """Sign one S3 request.

    The signature covers `headers`, Host and `query`: S3 refuses a request with other values.
    `ttl_seconds` is an upper bound, see `_lifetime`.
    """
    now, ttl_seconds, access = _lifetime(ttl_seconds)
    amz_date, scope = _scope(now)
    host, url, path = _address(bucket, key)
    signed = {"host": host} | {
        name.lower(): " ".join(value.split()) for name, value in (headers or {}).items()
    }
    signed_names = ";".join(sorted(signed))
    parameters = {
        **(query or {}),
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{access.access_key}/{scope}",
        "X-Amz-Date": amz_date,
        "X-Amz-Expires": str(ttl_seconds),
        "X-Amz-SignedHeaders": signed_names,
    }
    if access.session_token:
        parameters["X-Amz-Security-Token"] = access.session_token
    canonical_query = "&".join(
        sorted(f"{_encoded(name)}={_encoded(value)}" for name, value in parameters.items())
    )
    canonical_headers = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    request = "\n".join(
        [method, path, canonical_query, canonical_headers, signed_names, "UNSIGNED-PAYLOAD"]
    )
    digest = hashlib.sha256(request.encode()).hexdigest()
    signature = _sign(access.secret_key, scope, f"{ALGORITHM}\n{amz_date}\n{scope}\n{digest}")
    return SignedUrl(
        f"{url}{path}?{canonical_query}&X-Amz-Signature={signature}",
        dict(headers or {}),
        now + timedelta(seconds=ttl_seconds),
    )


def presign_post(
    bucket: str,
    key: str,
    *,
    ttl_seconds: int,
    fields: dict[str, str],
    length_range: tuple[int, int],
) -> SignedPost:
    """Sign a form upload of exactly `key`, with exactly `fields`.

    `length_range` bounds the file's size in bytes, both ends included.
    """
    now, ttl_seconds, access = _lifetime(ttl_seconds)
    amz_date, scope = _scope(now)
    _, url, path = _address(bucket, "")
    fixed = {
        **fields,
        "key": key,
        "x-amz-algorithm": ALGORITHM,
        "x-amz-credential": f"{access.access_key}/{scope}",
        "x-amz-date": amz_date,
    }
    if access.session_token:
        fixed["x-amz-security-token"] = access.session_token
    conditions: list[Any] = [{"bucket": bucket}, ["content-length-range", *length_range]]
    conditions += [{name: value} for name, value in fixed.items()]
    expires_at = now + timedelta(seconds=ttl_seconds)
    policy = {"expiration": timestamp(expires_at), "conditions": conditions}
    encoded = base64.b64encode(json.dumps(policy).encode()).decode()
    signature = _sign(access.secret_key, scope, encoded)
    # The URL ends with a slash, because Uppy appends the key to it to get the object's address.
    return SignedPost(
        f"{url}{path.rstrip('/')}/",
        fixed | {"policy": encoded, "x-amz-signature": signature},
        expires_at,
    )


def object_url(bucket: str, key: str) -> str:
    """Return the address of an object without a signature, which gives no access."""
    _, url, path = _address(bucket, key)
    return url + path


def _lifetime(ttl_seconds: int) -> tuple[datetime, int, Any]:
    """Return the current time, the lifetime in seconds (at least 1), and the credentials.

    A signature expires with the credentials that made it, if not before. So the lifetime is the
    shorter of the two (boto3#2392, "the URL dies before its stated expiry").
    """
    now = datetime.now(UTC).replace(microsecond=0)
    access = credentials()
    if access.expires_at:
        left = int((datetime.fromisoformat(access.expires_at) - now).total_seconds())
        ttl_seconds = max(1, min(ttl_seconds, left))
    return now, ttl_seconds, access


@lru_cache(maxsize=4)
def _scope(now: datetime) -> tuple[str, str]:
    amz_date = now.strftime("%Y%m%dT%H%M%SZ")
    return amz_date, f"{amz_date[:8]}/{settings().region}/s3/aws4_request"


def _address(bucket: str, key: str) -> tuple[str, str, str]:
    """Return host, base URL and encoded path of an object.

    On AWS it is the bucket's regional host: the global one answers with redirects, which browsers
    report as CORS errors (boto3#421).
    """
    region, endpoint = settings().region, settings().links_endpoint_url
    path = quote(key, safe="/~")
    if endpoint:
        return urlsplit(endpoint).netloc, endpoint.rstrip("/"), f"/{bucket}/{path}".rstrip("/")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    host = f"{bucket}.s3.{region}.{suffix}"
    return host, f"https://{host}", f"/{path}"


def _sign(secret_key: str, scope: str, text: str) -> str:
    return hmac.new(_signing_key(secret_key, scope), text.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=64)
def _encoded(text: str) -> str:
    """Percent-encode a parameter. Cached, because most are the same in all URLs of a page."""
    return quote(text, safe="")


@lru_cache(maxsize=4)
def _signing_key(secret_key: str, scope: str) -> bytes:
    """Derive the signing key of a day, region and service. Cached, because it takes four HMACs."""
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
