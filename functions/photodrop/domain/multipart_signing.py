"""Multipart uploads, as far as S3 is not called: how a file is divided, and signing its requests.

S3 keeps all there is to know of an upload under way: its id, and its parts. The photo's record,
pending from the first call, says whose it is. So an upload goes on from any device, and there is
nothing to keep in step.

Limits are those of "Amazon S3 multipart upload limits" in the Amazon S3 user guide.
"""

from photodrop.aws.signing import SignedUrl, object_url, presign_url
from photodrop.aws.tables import Photo
from photodrop.config import settings
from photodrop.domain import uploads
from photodrop.errors import FieldError, InvalidRequestError

MAX_PARTS = 10_000
MIN_PART_BYTES = 5 * 1024**2
"""Of every part but the last."""
USUAL_PART_BYTES = 8 * 1024**2
"""Small enough to send again over a phone's connection, large enough to keep requests few."""
MIB = 1024**2


def part_size(size_bytes: int | None) -> int:
    """Return how large the parts of a file should be: whole MiB, and never more than 10,000."""
    needed = -(-(size_bytes or 0) // MAX_PARTS)
    return max(USUAL_PART_BYTES, -(-needed // MIB) * MIB)


def part_size_of(photo: Photo) -> int:
    """Return how large the parts of a photo are: as its client said, or as `part_size` proposes."""
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
    """Return how long a part must be, in bytes; None where the client did not say its part size.

    Raises InvalidRequestError for a number that the file cannot have, however it is divided.
    """
    size_bytes = uploads.largest_of(photo)
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
    """Sign the request by which the client itself begins a pending photo's multipart upload."""
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
    """Sign the PUT of one part, with its length where it is known. It may be sent again.

    `checksum_sha256` is base64. Raises InvalidRequestError when it is missing in an upload that was
    begun with such, or given in one that was not: S3 would refuse the part; and for a number that
    the file's size does not allow.
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
    """Sign the request by which the client itself asks S3 for the parts."""
    return _sign(photo, "GET", {"uploadId": upload_id})


def sign_complete(photo: Photo, upload_id: str, size_bytes: int) -> SignedUrl:
    """Sign the request by which the client itself makes the file of all parts.

    They must then have `size_bytes` together, and the key no object yet.
    """
    headers = {"If-None-Match": "*", "x-amz-mp-object-size": str(size_bytes)}
    return _sign(photo, "POST", {"uploadId": upload_id}, headers=headers)


def sign_cancel(photo: Photo, upload_id: str) -> SignedUrl:
    """Sign the request by which the client itself would remove the parts, were they still there."""
    return _sign(photo, "DELETE", {"uploadId": upload_id})


def location(photo: Photo) -> str:
    """Return the plain address of a photo's object, which only a signature opens."""
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
