"""PUT /photos/{photoId}/status: the client's word on its upload."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop import api, library, recovery
from photodrop.errors import ForbiddenError, NotPendingError, NotUploadedError, PhotoNotFoundError
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
        recovery.give_up(photo, report.reason)
    return library.describe(photo)


handler = api.handler(app)
