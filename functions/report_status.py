"""PUT /photos/{photoId}/status: the client's word on its upload."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop import api, failures, library, recovery
from photodrop.errors import ForbiddenError, NotPendingError, NotUploadedError, PhotoNotFoundError
from photodrop.models import Photo
from photodrop.schemas import PhotoDetails, ReportStatus

app = api.application()


@app.put("/photos/<photo_id>/status")
@api.raises(PhotoNotFoundError, ForbiddenError, NotUploadedError, NotPendingError)
def report_status(photo_id: str, report: Annotated[ReportStatus, Body()]) -> PhotoDetails:
    """Look at S3 if the client says `uploaded`, in case the event was lost; end it if `failed`."""
    photo = library.find_own(api.caller(app), photo_id)
    if report.status == "uploaded":
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
