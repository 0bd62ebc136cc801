"""DELETE /s3/multipart/{uploadId}: cancels a multipart upload and removes its parts."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from photodrop.domain import multipart, permissions
from photodrop.errors import NotPendingError, UploadNotFoundError, UploadTokenExpiredError
from photodrop.http import api, companion
from photodrop.http.fields import Key, UploadId
from photodrop.http.schemas.multipart import CancelledUpload

app = companion.application()


@app.delete("/s3/multipart/<upload_id>")
@api.raises(UploadTokenExpiredError, UploadNotFoundError, NotPendingError)
def cancel_upload(
    upload_id: Annotated[UploadId, Path()],  # noqa: ARG001 - all multipart uploads to the key are aborted
    key: Annotated[Key, Query()],
) -> CancelledUpload:
    """Remove what S3 has, free what was charged, and end the photo as failed."""
    multipart.cancel(permissions.find_upload(companion.caller(app), key))
    return CancelledUpload()


handler = api.handler(app)
