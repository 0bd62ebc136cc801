"""Multipart uploads, where S3 is not called: the size of parts, and signing requests for clients.

S3 keeps the state of a multipart upload: its id and its parts. The photo's record, which is pending
from the first request on, says whose upload it is. So any device can continue an upload, and no
state has to be synchronized.

The limits are from "Amazon S3 multipart upload limits" in the Amazon S3 user guide.
"""

from photodrop.aws.signing import SignedUrl, object_url, presign_url
from photodrop.aws.tables import Photo
from photodrop.config import settings
from photodrop.domain import uploads
from photodrop.errors import FieldError, InvalidRequestError

MAX_PARTS = 10_000
MIN_PART_BYTES = 5 * 1024**2
"""The smallest size of any part but the last."""
USUAL_PART_BYTES = 8 * 1024**2
"""Small enough to send again over a phone's connection, large enough to keep requests few."""
MIB = 1024**2


def part_size(size_bytes: int | None) -> int:
    """Return a part size in whole MiB, with which a file has at most 10,000 parts."""
    needed = -(-(size_bytes or 0) // MAX_PARTS)
    return max(USUAL_PART_BYTES, -(-needed // MIB) * MIB)


def part_size_of(photo: Photo) -> int:
    """Return the part size of a photo: what its client announced, or `part_size`."""
    size_bytes = None if photo.size_bytes is None else int(photo.size_bytes)
    return int(photo.part_bytes or part_size(size_bytes))


def check_part_size(size_bytes: int | None, part_size_bytes: int) -> None:
    """Check the part size that a client wants to use. Raises InvalidRequestError."""
    if size_bytes is None:
        reason = "is only possible with metadata.sizeBytes"
    elif part_size_bytes * MAX_PARTS < size_bytes:
        reason = f"must be larger: a file has at most {MAX_PARTS} parts"
    else:
        return
    raise InvalidRequestError([FieldError("metadata.partSizeBytes", reason)])


def part_length(photo: Photo, number: int) -> int | None:
    """Return the length of a part in bytes, or None if the client announced no part size.

    Raises InvalidRequestError for a part number that is too high for the file's size.
    """
    size_bytes = uploads.max_bytes_of(photo)
    part_bytes = int(photo.part_bytes or MIN_PART_BYTES)
    count = max(1, -(-size_bytes // part_bytes))
    if number > count:
        hint = "" if photo.size_bytes else " Announce its size as metadata.sizeBytes."
        reason = f"must be at most {count}: more parts than the file can have.{hint}"
        raise InvalidRequestError([FieldError("partNumber", reason)])
    if photo.part_bytes is None:
        return None
    return min(part_bytes, size_bytes - (number - 1) * part_bytes)


def sign_create(photo: Photo) -> SignedUrl:
    """Sign the request with which the client begins the multipart upload of a pending photo."""
    headers = {"Content-Type": photo.content_type}
    if photo.part_checksums:
        headers["x-amz-checksum-algorithm"] = "SHA256"
    return _sign(photo, "POST", {"uploads": ""}, headers=headers)


def sign_part(
    photo: Photo,
    upload_id: str,
    number: int,
    *,
    checksum_sha256: str | None = None,
    ttl_seconds: int | None = None,
) -> SignedUrl:
    """Sign the PUT of one part, with its length if it is known. The part may be sent again.

    `checksum_sha256` is base64. S3 needs it exactly if the upload was begun with `partChecksums`.
    Raises InvalidRequestError if that is not so, or the part number is too high for the file's
    size.
    """
    if bool(photo.part_checksums) != bool(checksum_sha256):
        wrong = "is required" if photo.part_checksums else "is not possible"
        reason = f"{wrong}: metadata.partChecksums decides when the upload begins"
        raise InvalidRequestError([FieldError("checksumSha256", reason)])
    length = part_length(photo, number)
    headers = {} if length is None else {"Content-Length": str(length)}
    if checksum_sha256:
        headers["x-amz-checksum-sha256"] = checksum_sha256
    return _sign(
        photo,
        "PUT",
        {"partNumber": str(number), "uploadId": upload_id},
        headers=headers,
        ttl_seconds=ttl_seconds,
    )


def sign_list(photo: Photo, upload_id: str) -> SignedUrl:
    """Sign the request with which the client lists the parts in S3."""
    return _sign(photo, "GET", {"uploadId": upload_id})


def sign_complete(photo: Photo, upload_id: str, size_bytes: int) -> SignedUrl:
    """Sign the request with which the client joins all parts into one file.

    S3 refuses it unless the parts have `size_bytes` in total and the key has no object yet.
    """
    headers = {"If-None-Match": "*", "x-amz-mp-object-size": str(size_bytes)}
    return _sign(photo, "POST", {"uploadId": upload_id}, headers=headers)


def sign_cancel(photo: Photo, upload_id: str) -> SignedUrl:
    """Sign the request with which the client removes the parts.

    They are removed already, so S3 answers it with 404, which clients expect of a cancelled upload.
    """
    return _sign(photo, "DELETE", {"uploadId": upload_id})


def location(photo: Photo) -> str:
    """Return the address of a photo's object without a signature. It gives no access."""
    return object_url(settings().uploads_bucket, photo.key)


def _sign(
    photo: Photo,
    method: str,
    query: dict[str, str],
    *,
    headers: dict[str, str] | None = None,
    ttl_seconds: int | None = None,
) -> SignedUrl:
    longest = settings().part_ttl_seconds
    return presign_url(
        method,
        settings().uploads_bucket,
        photo.key,
        ttl_seconds=min(ttl_seconds or longest, longest),
        headers=headers,
        query=query,
    )
