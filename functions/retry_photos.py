"""POST /photos/{photoId}/retry and POST /photos/retry: process photos again.

Only those that failed through no fault of their files: with the code ProcessingFailed.
"""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop.domain import permissions, recovery
from photodrop.errors import ForbiddenError, NotRetryableError, PhotoNotFoundError
from photodrop.http import api
from photodrop.http.presenters.photos import present_retried
from photodrop.http.schemas.photos import RetriedPhoto, RetriedPhotos

app = api.application()


@app.post("/photos/retry", status_code=202)
@api.raises(ForbiddenError)
def retry_photos(limit: Annotated[int, Query(ge=1, le=100)] = 100) -> RetriedPhotos:
    """Process up to `limit` photos again that failed by our fault. Only staff may.

    Call it again while `more` is true.
    """
    permissions.require_staff(api.caller(app))
    photos, more = recovery.retry_failed(limit)
    items = [present_retried(photo) for photo in photos]
    return RetriedPhotos(items=items, more=more)


@app.post("/photos/<photo_id>/retry", status_code=202)
@api.raises(PhotoNotFoundError, ForbiddenError, NotRetryableError)
def retry_photo(photo_id: str) -> RetriedPhoto:
    """Process a photo again that failed with the code ProcessingFailed. Only staff may.

    One that has not failed stays as it is.
    """
    photo = permissions.find_photo_to_retry(api.caller(app), photo_id)
    recovery.retry(photo)
    return present_retried(photo)


handler = api.handler(app)
