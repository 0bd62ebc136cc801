"""POST /photos/{photoId}/restore: brings an archived original back for some days."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop import api, archive, library
from photodrop.errors import (
    ForbiddenError,
    NotArchivedError,
    PhotoNotFoundError,
    PhotoNotReadyError,
    TierUnavailableError,
)
from photodrop.schemas import RestoredPhoto, RestorePhoto

app = api.application()


@app.post("/photos/<photo_id>/restore", status_code=202)
@api.raises(
    PhotoNotFoundError, ForbiddenError, PhotoNotReadyError, NotArchivedError, TierUnavailableError
)
def restore_photo(photo_id: str, wish: Annotated[RestorePhoto, Body()]) -> RestoredPhoto:
    """Restore one's own photo. Asking again while it is under way changes nothing."""
    photo = library.find_to_restore(api.caller(app), photo_id)
    archive.restore(photo, wish.tier, wish.days)
    return library.describe_restored(photo)


handler = api.handler(app)
