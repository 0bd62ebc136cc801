"""GET /photos/{photoId} and GET /photos/{photoId}/view-url: one photo, and a link to its file."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop.domain import archive, links, permissions
from photodrop.errors import PhotoArchivedError, PhotoNotFoundError, PhotoNotReadyError
from photodrop.http import api
from photodrop.http.presenters.photos import present, present_url
from photodrop.http.schemas.photos import PhotoDetails, ViewUrl

app = api.application()


@app.get("/photos/<photo_id>")
@api.raises(PhotoNotFoundError)
def get_photo(photo_id: str) -> PhotoDetails:
    """Return one photo, with its thumbnails signed."""
    photo = permissions.find_photo(api.caller(app), photo_id)
    archive.refresh(photo)
    return present(photo)


@app.get("/photos/<photo_id>/view-url")
@api.raises(PhotoNotFoundError, PhotoNotReadyError, PhotoArchivedError)
def get_view_url(
    photo_id: str, disposition: Annotated[Literal["inline", "attachment"], Query()] = "inline"
) -> ViewUrl:
    """Return a signed URL to a photo's original."""
    photo = permissions.find_photo(api.caller(app), photo_id)
    return present_url(links.sign_photo(photo, disposition))


handler = api.handler(app)
