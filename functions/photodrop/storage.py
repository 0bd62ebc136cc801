"""The two buckets: reading what landed, writing thumbnails, taking refused objects out of sight."""

import io
from typing import IO, Any, BinaryIO
from urllib.parse import quote_plus

from botocore.exceptions import ClientError

from photodrop import clients, keys
from photodrop.config import settings

BLOCK_BYTES = 64 * 1024
"""One ranged read. Nearly every header fits in the first."""


class ObjectGoneError(Exception):
    """The object, or this version of it, is not in the bucket."""


class ObjectArchivedError(Exception):
    """The object is in an archive class, and has to be restored before it can be read."""


_s3 = clients.s3()


class RangedObject(io.RawIOBase):
    """A seekable file over one version of an original that fetches only what is read."""

    def __init__(self, key: str, version_id: str | None, size_bytes: int) -> None:
        self._source = {"Bucket": settings().uploads_bucket, "Key": key} | _version(version_id)
        self._size = size_bytes
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position, in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position, in bytes, and return it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from S3. Raises ObjectGoneError when the version no longer exists."""
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        data = _get(self._source | {"Range": f"bytes={self._at}-{end - 1}"}).read()
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def open_original(key: str, version_id: str | None, size_bytes: int) -> BinaryIO:
    """Open one version of an original for reading its header, in blocks of BLOCK_BYTES."""
    return io.BufferedReader(RangedObject(key, version_id, size_bytes), BLOCK_BYTES)


def download_original(key: str, version_id: str | None, target: IO[bytes]) -> None:
    """Copy one version of an original into `target`.

    Raises ObjectGoneError, ObjectArchivedError.
    """
    source = {"Bucket": settings().uploads_bucket, "Key": key} | _version(version_id)
    for chunk in _get(source).iter_chunks(1024 * 1024):
        target.write(chunk)
    target.seek(0)


def download_thumbnail(key: str, target: IO[bytes]) -> None:
    """Copy a thumbnail into `target`. Raises ObjectGoneError."""
    target.write(_get({"Bucket": settings().thumbnails_bucket, "Key": key}).read())
    target.seek(0)


def find_original(key: str, version_id: str | None) -> dict[str, Any] | None:
    """Return an original as S3's events describe it, or None when there is none.

    `version_id` None: the current version.
    """
    source = {"Bucket": settings().uploads_bucket, "Key": key} | _version(version_id)
    try:
        found = _s3.head_object(**source)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] in (404, 405):
            return None
        raise
    return {
        "key": quote_plus(key),
        "size": found["ContentLength"],
        "eTag": found["ETag"].strip('"'),
        "versionId": found.get("VersionId"),
    }


def put_thumbnail(key: str, data: bytes, content_type: str, *, is_first: bool = False) -> None:
    """Store a thumbnail. What lies at its key never changes, so it may be cached for long.

    `is_first`: one that is there already stays as it is.
    """
    try:
        _s3.put_object(
            Bucket=settings().thumbnails_bucket,
            Key=key,
            Body=data,
            ContentType=content_type,
            CacheControl="private, max-age=31536000, immutable",
            **({"IfNoneMatch": "*"} if is_first else {}),
        )
    except ClientError as error:
        # 412: it is there. 409: somebody else is storing it at this very moment.
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (409, 412):
            raise


def has_thumbnail(key: str) -> bool:
    """Tell whether this thumbnail is stored."""
    try:
        _s3.head_object(Bucket=settings().thumbnails_bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def hide_original(key: str) -> None:
    """Delete an original. The bucket keeps the version for a few days, for operators to look at."""
    _s3.delete_object(Bucket=settings().uploads_bucket, Key=key)


def erase_original(key: str) -> None:
    """Delete an original for good, all versions of it. There are few: one, and delete markers."""
    found = _s3.get_paginator("list_object_versions").paginate(
        Bucket=settings().uploads_bucket, Prefix=key
    )
    for page in found:
        for version in page.get("Versions", []) + page.get("DeleteMarkers", []):
            remove_version(version["Key"], version["VersionId"])


def erase_thumbnails(original_key: str) -> None:
    """Delete every thumbnail of an original, of whatever size and format."""
    bucket = settings().thumbnails_bucket
    found = _s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=keys.thumbnails(original_key)
    )
    for page in found:
        for thumbnail in page.get("Contents", []):
            _s3.delete_object(Bucket=bucket, Key=thumbnail["Key"])


def remove_version(key: str, version_id: str) -> None:
    """Remove one version for good."""
    _s3.delete_object(Bucket=settings().uploads_bucket, Key=key, VersionId=version_id)


def _get(source: dict[str, str]) -> Any:
    try:
        return _s3.get_object(**source)["Body"]
    except ClientError as error:
        if error.response["Error"]["Code"] in {
            "NoSuchKey",
            "NoSuchVersion",
            "404",
            "MethodNotAllowed",
        }:
            raise ObjectGoneError from error
        if error.response["Error"]["Code"] == "InvalidObjectState":
            raise ObjectArchivedError from error
        raise


def _version(version_id: str | None) -> dict[str, str]:
    return {"VersionId": version_id} if version_id else {}
