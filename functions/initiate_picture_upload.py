"""GET /v2/students/{studentId}/picture-upload-url: grants one write-once upload of a picture."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop.clock import timestamp
from photodrop.domain import permissions, uploads
from photodrop.errors import FileTooLargeError, LimitExceededError, StudentNotFoundError
from photodrop.http import api, grants
from photodrop.http.schemas.students import PictureUpload
from photodrop.http.schemas.uploads import PutRequest

app = api.application()


@app.get("/v2/students/<student_id>/picture-upload-url")
@api.raises(StudentNotFoundError, FileTooLargeError, LimitExceededError)
def initiate_picture_upload(
    student_id: str, size_bytes: Annotated[int | None, Query(alias="sizeBytes", ge=1)] = None
) -> PictureUpload:
    """Record the picture's next version as pending and sign the one request that may send it."""
    caller = api.caller(app)
    photo = uploads.begin_picture(
        caller,
        permissions.find_student(caller, student_id),
        size_bytes,
        correlation_id=api.request_id(app.current_event.raw_event),
    )
    grant = uploads.grant_put(photo)
    expires_at = timestamp(grant.expires_at)
    return PictureUpload(
        picture_key=photo.key,
        upload=PutRequest(url=grant.url, headers=grant.headers_to_set, expires_at=expires_at),
    )


handler = grants.handler(app)
