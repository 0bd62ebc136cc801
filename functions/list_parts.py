"""GET /s3/multipart/{uploadId}: what S3 has of a multipart upload."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from photodrop import api, assembly, companion, multipart
from photodrop.errors import (
    EventNotFoundError,
    NotPendingError,
    UploadNotFoundError,
    UploadTokenExpiredError,
)
from photodrop.fields import Key, UploadId
from photodrop.schemas import UploadedPart

app = companion.application()


@app.get("/s3/multipart/<upload_id>")
@api.raises(UploadTokenExpiredError, UploadNotFoundError, EventNotFoundError, NotPendingError)
def list_parts(
    upload_id: Annotated[UploadId, Path()], key: Annotated[Key, Query()]
) -> list[UploadedPart]:
    """Return all parts, in order, to go on with the others."""
    photo = multipart.find_pending(companion.caller(app), key)
    return [
        UploadedPart(
            PartNumber=part.number,
            ETag=f'"{part.etag}"',
            Size=part.size_bytes,
            ChecksumSHA256=part.checksum_sha256,
        )
        for part in assembly.list_parts(photo, upload_id)
    ]


handler = api.handler(app)
