"""POST /s3/multipart/{uploadId}/complete: joins the parts into one file."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from photodrop.domain import multipart, multipart_signing
from photodrop.errors import (
    EventNotFoundError,
    FileTooLargeError,
    NotPendingError,
    PartMissingError,
    PartTooSmallError,
    SizeMismatchError,
    UploadConflictError,
    UploadNotFoundError,
    UploadTokenExpiredError,
)
from photodrop.http import api, companion
from photodrop.http.fields import Key, UploadId
from photodrop.http.schemas.multipart import CompletedUpload, CompleteMultipartUpload
from photodrop.status import Status

app = companion.application()


@app.post("/s3/multipart/<upload_id>/complete")
@api.raises(
    UploadTokenExpiredError,
    UploadNotFoundError,
    EventNotFoundError,
    NotPendingError,
    PartMissingError,
    PartTooSmallError,
    SizeMismatchError,
    FileTooLargeError,
    UploadConflictError,
)
def complete_upload(
    upload_id: Annotated[UploadId, Path()],
    key: Annotated[Key, Query()],
    body: Annotated[CompleteMultipartUpload, Body()],
) -> CompletedUpload:
    """Check the parts and make the file of them. Repeating it gives the same answer."""
    named_parts = [(part.PartNumber, part.ETag) for part in body.parts]
    photo = multipart.complete(companion.caller(app), key, upload_id, named_parts)
    return CompletedUpload(
        location=multipart_signing.location(photo),
        key=photo.key,
        photo_id=photo.photo_id,
        status=Status(photo.status),
    )


handler = api.handler(app)
