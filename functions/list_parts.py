"""GET /s3/multipart/{uploadId}: lists the parts that S3 has of a multipart upload."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from photodrop.domain import multipart, uploads
from photodrop.errors import (
    EventNotFoundError,
    NotPendingError,
    UploadNotFoundError,
    UploadTokenExpiredError,
)
from photodrop.http import api, companion
from photodrop.http.fields import Key, UploadId
from photodrop.http.schemas.multipart import UploadedPart

app = companion.application()


@app.get("/s3/multipart/<upload_id>")
@api.raises(UploadTokenExpiredError, UploadNotFoundError, EventNotFoundError, NotPendingError)
def list_parts(
    upload_id: Annotated[UploadId, Path()], key: Annotated[Key, Query()]
) -> list[UploadedPart]:
    """Return all parts, in order, to go on with the others."""
    photo = uploads.find_pending(companion.caller(app), key)
    return [
        UploadedPart(
            PartNumber=part.number,
            ETag=f'"{part.etag}"',
            Size=part.size_bytes,
            ChecksumSHA256=part.checksum_sha256,
        )
        for part in multipart.list_parts(photo, upload_id)
    ]


handler = api.handler(app)
