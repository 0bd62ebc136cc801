"""POST /photos/{photoId}/restore: makes an archived original readable again for some days."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop.domain import archive, permissions
from photodrop.domain.permissions import Action
from photodrop.errors import (
    ForbiddenError,
    NotArchivedError,
    PhotoNotFoundError,
    PhotoNotReadyError,
    TierUnavailableError,
)
from photodrop.http import api
from photodrop.http.presenters.photos import present_restored
from photodrop.http.schemas.photos import RestoredPhoto, RestorePhoto

app = api.application()


@app.post("/photos/<photo_id>/restore", status_code=202)
@api.raises(
    PhotoNotFoundError, ForbiddenError, PhotoNotReadyError, NotArchivedError, TierUnavailableError
)
def restore_photo(photo_id: str, body: Annotated[RestorePhoto, Body()]) -> RestoredPhoto:
    """Restore one's own photo. Asking again while it is under way changes nothing."""
    photo = permissions.find_photo(api.caller(app), photo_id, Action.RESTORE_PHOTO)
    archive.restore(photo, body.tier, body.days)
    return present_restored(photo)


handler = api.handler(app)
