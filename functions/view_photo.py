"""GET /photos/{photoId} and GET /photos/{photoId}/view-url."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop import api, archive, library
from photodrop.errors import PhotoArchivedError, PhotoNotFoundError, PhotoNotReadyError
from photodrop.schemas import PhotoDetails, ViewUrl

app = api.application()


@app.get("/photos/<photo_id>")
@api.raises(PhotoNotFoundError)
def get_photo(photo_id: str) -> PhotoDetails:
    """Return one photo, with its thumbnails signed."""
    photo = library.find(api.caller(app), photo_id)
    archive.look(photo)
    return library.describe(photo)


@app.get("/photos/<photo_id>/view-url")
@api.raises(PhotoNotFoundError, PhotoNotReadyError, PhotoArchivedError)
def get_view_url(
    photo_id: str, disposition: Annotated[Literal["inline", "attachment"], Query()] = "inline"
) -> ViewUrl:
    """Return a signed URL to a photo's original."""
    return library.view_url(library.find(api.caller(app), photo_id), disposition)


handler = api.handler(app)
