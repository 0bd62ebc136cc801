"""GET /s3/multipart/{uploadId}/{partNumber} and .../batch: signs one part, or several at once."""

from datetime import UTC, datetime
from itertools import zip_longest
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from photodrop.clock import timestamp
from photodrop.domain import multipart_signing, uploads
from photodrop.errors import (
    EventNotFoundError,
    FieldError,
    InvalidRequestError,
    NotPendingError,
    UploadNotFoundError,
    UploadTokenExpiredError,
)
from photodrop.http import api, companion
from photodrop.http.fields import Checksums, Key, LaxChecksum, PartNumber, PartNumbers, UploadId
from photodrop.http.schemas.multipart import SignedPart, SignedParts

app = companion.application()
raises = api.raises(
    UploadTokenExpiredError, UploadNotFoundError, EventNotFoundError, NotPendingError
)


@app.get("/s3/multipart/<upload_id>/batch")
@raises
def sign_parts(
    upload_id: Annotated[UploadId, Path()],
    key: Annotated[Key, Query()],
    part_numbers: Annotated[PartNumbers, Query(alias="partNumbers")],
    checksums_sha256: Annotated[Checksums | None, Query(alias="checksumsSha256")] = None,
) -> SignedParts:
    """Sign the PUTs of up to 500 parts: `partNumbers=1,2,3`.

    `checksumsSha256` are their SHA-256 in the same order, where the upload was begun with such; as
    many as fit in an address are 64.
    """
    if checksums_sha256 is not None and len(checksums_sha256) != len(part_numbers):
        error = FieldError("checksumsSha256", "must be as many as partNumbers")
        raise InvalidRequestError([error])
    photo = uploads.find_pending(companion.caller(app), key)
    signed = {
        str(number): multipart_signing.sign_part(photo, upload_id, number, checksum_sha256=checksum)
        for number, checksum in zip_longest(part_numbers, checksums_sha256 or [])
    }
    return SignedParts(
        presigned_urls={number: part.url for number, part in signed.items()},
        headers={number: part.headers_to_set for number, part in signed.items()},
        expires_at=timestamp(min(part.expires_at for part in signed.values())),
    )


@app.get("/s3/multipart/<upload_id>/<part_number>")
@raises
def sign_part(
    upload_id: Annotated[UploadId, Path()],
    part_number: Annotated[PartNumber, Path()],
    key: Annotated[Key, Query()],
    checksum_sha256: Annotated[LaxChecksum, Query(alias="checksumSha256")] = None,
) -> SignedPart:
    """Sign the PUT of one part. It can be signed, and sent, again."""
    photo = uploads.find_pending(companion.caller(app), key)
    part = multipart_signing.sign_part(
        photo, upload_id, part_number, checksum_sha256=checksum_sha256
    )
    left = part.expires_at - datetime.now(UTC)
    return SignedPart(
        url=part.url,
        headers=part.headers_to_set,
        expires=max(1, round(left.total_seconds())),
        expires_at=timestamp(part.expires_at),
    )


handler = api.handler(app)
