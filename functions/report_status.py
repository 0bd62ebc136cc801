"""PUT /photos/{photoId}/status: the client's word on its upload."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop import api, failures, library, membership, recovery
from photodrop.errors import (
    EventNotFoundError,
    ForbiddenError,
    NotPendingError,
    NotUploadedError,
    PhotoNotFoundError,
)
from photodrop.models import Photo
from photodrop.schemas import PhotoDetails, ReportStatus
from photodrop.status import Status

app = api.application()


@app.put("/photos/<photo_id>/status")
@api.raises(
    PhotoNotFoundError, EventNotFoundError, ForbiddenError, NotUploadedError, NotPendingError
)
def report_status(photo_id: str, report: Annotated[ReportStatus, Body()]) -> PhotoDetails:
    """Look at S3 if the client says `uploaded`, in case the event was lost; end it if `failed`."""
    caller = api.caller(app)
    photo = library.find_own(caller, photo_id)
    if report.status == "uploaded":
        if photo.status == Status.PENDING:
            membership.require(caller, photo.event_id)
        recovery.look_again(photo)
    else:
        _cancel(photo, report.reason or "The client gave up the upload.")
    return library.describe(photo)


def _cancel(photo: Photo, message: str) -> None:
    try:
        failures.cancel(photo, message)
    except Photo.DoesNotExist:  # it was deleted in the meantime
        raise PhotoNotFoundError from None


handler = api.handler(app)
