"""PUT /photos/{photoId}/status: the client reports that its upload is done, or has failed."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop.domain import lifecycle, membership, permissions, recovery
from photodrop.domain.permissions import Action
from photodrop.domain.records import Photo
from photodrop.errors import (
    EventNotFoundError,
    ForbiddenError,
    NotPendingError,
    NotUploadedError,
    PhotoNotFoundError,
)
from photodrop.http import api
from photodrop.http.presenters.photos import present
from photodrop.http.schemas.photos import PhotoDetails, ReportStatus
from photodrop.status import Status

app = api.application()


@app.put("/photos/<photo_id>/status")
@api.raises(
    PhotoNotFoundError, EventNotFoundError, ForbiddenError, NotUploadedError, NotPendingError
)
def report_status(photo_id: str, report: Annotated[ReportStatus, Body()]) -> PhotoDetails:
    """Look at S3 if the client says `uploaded`, in case the event was lost; end it if `failed`."""
    caller = api.caller(app)
    photo = permissions.find_photo(caller, photo_id, Action.CHANGE_PHOTO)
    if report.status == "uploaded":
        if photo.status == Status.PENDING:
            membership.require(caller, photo.event_id)
        recovery.resend_event(photo)
    else:
        _cancel(photo, report.reason or "The client gave up the upload.")
    return present(photo)


def _cancel(photo: Photo, message: str) -> None:
    try:
        lifecycle.cancel(photo, message)
    except Photo.DoesNotExist:  # it was deleted in the meantime
        raise PhotoNotFoundError from None


handler = api.handler(app)
