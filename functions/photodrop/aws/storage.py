"""The two buckets: reading and erasing originals, multipart uploads, and thumbnails."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, BinaryIO, cast
from urllib.parse import quote_plus

from botocore.exceptions import ClientError

from photodrop import keys
from photodrop.aws import clients
from photodrop.config import settings
from photodrop.errors import ContentRejectedError
from photodrop.ranges import RangedFile, Ranges

HEADER_BLOCK_BYTES = 64 * 1024
LARGEST_HEADER_BLOCK_BYTES = 1024 * 1024
"""The smallest and the largest ranged read. Nearly every header fits in the smallest."""

MAX_HEADER_BYTES = 16 * 1024 * 1024
MAX_HEADER_REQUESTS = 64
"""What reading one header may fetch, which takes a few seconds at most. A phone's photo takes one
or two requests; a photo whose header holds megabytes of other pictures takes a dozen."""

CACHE_THUMBNAILS = "public, max-age=31536000, immutable"
"""The Cache-Control of thumbnails: for good, because they never change. Public, because CloudFront
keeps nothing that is private. It delivers only to those whose links are signed."""


class ObjectGoneError(Exception):
    """The object, or this version of it, is not in the bucket."""


class UploadGoneError(Exception):
    """There is no such multipart upload: it was completed or aborted, or never existed."""


class ObjectExistsError(Exception):
    """The key has an object already, which must not be replaced."""


class ConflictError(Exception):
    """Another request wrote to the key at the same moment. S3 has aborted the multipart upload."""


class ObjectArchivedError(Exception):
    """The object is in an archive class, and has to be restored before it can be read."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a multipart upload in S3. `etag` is without quotes, `checksum_sha256` is base64."""

    number: int
    etag: str
    size_bytes: int
    checksum_sha256: str | None


_PLAIN_ENCODINGS = ("", "identity", "aws-chunked")
"""SDKs send `aws-chunked` when a checksum follows the file. S3 removes it."""

_s3 = clients.s3()


def read_original(key: str, version_id: str | None, start: int, length: int) -> bytes:
    """Return `length` bytes of one version of an original.

    Raises ObjectGoneError, and ContentRejectedError for a file with a Content-Encoding, because
    browsers would try to decode it.
    """
    source = {"Bucket": settings().uploads_bucket, "Key": key} | _version(version_id)
    found = _get(source | {"Range": f"bytes={start}-{start + length - 1}"})
    if found.get("ContentEncoding", "").lower() not in _PLAIN_ENCODINGS:
        raise ContentRejectedError(
            "UnsupportedContent", "The file was sent with a Content-Encoding. Send its plain bytes."
        )
    data: bytes = found["Body"].read()
    return data


def open_original(key: str, version_id: str | None, size_bytes: int) -> BinaryIO:
    """Open one version of an original, to read its header in blocks.

    Reading raises ObjectGoneError, and ContentRejectedError when too much is read.
    """
    ranges = Ranges(
        partial(read_original, key, version_id),
        size_bytes,
        HEADER_BLOCK_BYTES,
        LARGEST_HEADER_BLOCK_BYTES,
        bytes_left=MAX_HEADER_BYTES,
        requests_left=MAX_HEADER_REQUESTS,
    )
    return cast(BinaryIO, RangedFile(ranges))


def download_original(key: str, version_id: str | None, target: IO[bytes]) -> None:
    """Copy one version of an original into `target`.

    Raises ObjectGoneError, ObjectArchivedError.
    """
    source = {"Bucket": settings().uploads_bucket, "Key": key} | _version(version_id)
    for chunk in _get(source)["Body"].iter_chunks(1024 * 1024):
        target.write(chunk)
    target.seek(0)


def download_thumbnail(key: str, target: IO[bytes]) -> None:
    """Copy a thumbnail into `target`. Raises ObjectGoneError."""
    target.write(read_thumbnail(key))
    target.seek(0)


def read_thumbnail(key: str) -> bytes:
    """Return a thumbnail. Raises ObjectGoneError."""
    data: bytes = _get({"Bucket": settings().thumbnails_bucket, "Key": key})["Body"].read()
    return data


def find_original(key: str, version_id: str | None) -> dict[str, Any] | None:
    """Return an original as S3's events describe it, or None if there is none.

    Without a `version_id`, it is the current version.
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


def create_multipart(key: str, content_type: str, *, part_checksums: bool) -> str:
    """Begin a multipart upload and return its id.

    With `part_checksums`, S3 refuses a part that comes without its SHA-256.
    """
    begun = _s3.create_multipart_upload(
        Bucket=settings().uploads_bucket,
        Key=key,
        ContentType=content_type,
        **({"ChecksumAlgorithm": "SHA256"} if part_checksums else {}),
    )
    return str(begun["UploadId"])


def list_multiparts(key: str) -> list[str]:
    """Return the ids of the multipart uploads to a key that are in progress, the newest last."""
    found = _s3.get_paginator("list_multipart_uploads").paginate(
        Bucket=settings().uploads_bucket, Prefix=key
    )
    begun = [upload for page in found for upload in page.get("Uploads", []) if upload["Key"] == key]
    return [upload["UploadId"] for upload in sorted(begun, key=lambda one: one["Initiated"])]


def list_parts(key: str, upload_id: str) -> list[Part]:
    """Return all parts that S3 has of a multipart upload, in order. Raises UploadGoneError."""
    found = _s3.get_paginator("list_parts").paginate(
        Bucket=settings().uploads_bucket, Key=key, UploadId=upload_id
    )
    try:
        return [
            Part(
                part["PartNumber"],
                part["ETag"].strip('"'),
                part["Size"],
                part.get("ChecksumSHA256"),
            )
            for page in found
            for part in page.get("Parts", [])
        ]
    except ClientError as error:
        raise _multipart_error(error) from error


def complete_multipart(key: str, upload_id: str, parts: Iterable[Part]) -> tuple[str | None, str]:
    """Join parts into an object. Returns its version id, and its ETag without quotes.

    Raises UploadGoneError, ObjectExistsError, ConflictError.
    """
    parts = list(parts)
    try:
        made = _s3.complete_multipart_upload(
            Bucket=settings().uploads_bucket,
            Key=key,
            UploadId=upload_id,
            IfNoneMatch="*",
            MpuObjectSize=sum(part.size_bytes for part in parts),
            MultipartUpload={
                "Parts": [
                    {"PartNumber": part.number, "ETag": f'"{part.etag}"'}
                    | ({"ChecksumSHA256": part.checksum_sha256} if part.checksum_sha256 else {})
                    for part in parts
                ]
            },
        )
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 412:
            raise ObjectExistsError from error
        if error.response["Error"]["Code"] == "ConditionalRequestConflict":
            raise ConflictError from error
        raise _multipart_error(error) from error
    return made.get("VersionId"), made["ETag"].strip('"')


def abort_multipart(key: str, upload_id: str) -> None:
    """Abort a multipart upload, which removes its parts. Does nothing if it has ended."""
    try:
        _s3.abort_multipart_upload(Bucket=settings().uploads_bucket, Key=key, UploadId=upload_id)
    except ClientError as error:
        if not isinstance(_multipart_error(error), UploadGoneError):
            raise


def abort_multiparts(key: str) -> None:
    """Abort every multipart upload to a key."""
    for upload_id in list_multiparts(key):
        abort_multipart(key, upload_id)


def put_thumbnail(
    key: str, data: bytes, content_type: str, *, only_if_absent: bool = False
) -> None:
    """Store a thumbnail. It never changes, so browsers may cache it.

    With `only_if_absent`, a thumbnail that exists already is not replaced.
    """
    try:
        _s3.put_object(
            Bucket=settings().thumbnails_bucket,
            Key=key,
            Body=data,
            ContentType=content_type,
            CacheControl=CACHE_THUMBNAILS,
            **({"IfNoneMatch": "*"} if only_if_absent else {}),
        )
    except ClientError as error:
        # 412: it exists already. 409: somebody else is storing it at this moment.
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


def erase_original(key: str) -> None:
    """Erase all versions of an original. There are few: usually one, and a delete marker."""
    found = _s3.get_paginator("list_object_versions").paginate(
        Bucket=settings().uploads_bucket, Prefix=key
    )
    for page in found:
        for version in page.get("Versions", []) + page.get("DeleteMarkers", []):
            erase_version(version["Key"], version["VersionId"])


def erase_thumbnails(original_key: str) -> None:
    """Erase every thumbnail of an original, of any size and format."""
    bucket = settings().thumbnails_bucket
    found = _s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=keys.thumbnails(original_key)
    )
    for page in found:
        for thumbnail in page.get("Contents", []):
            _s3.delete_object(Bucket=bucket, Key=thumbnail["Key"])


def erase_version(key: str, version_id: str | None) -> None:
    """Erase one version of an original. None means the object of a bucket without versions."""
    _s3.delete_object(Bucket=settings().uploads_bucket, Key=key, **_version(version_id))


def _get(source: dict[str, str]) -> Any:
    try:
        return _s3.get_object(**source)
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


def _multipart_error(error: ClientError) -> Exception:
    return UploadGoneError() if error.response["Error"]["Code"] == "NoSuchUpload" else error


def _version(version_id: str | None) -> dict[str, str]:
    return {"VersionId": version_id} if version_id else {}
