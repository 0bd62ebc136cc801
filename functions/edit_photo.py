"""PATCH /photos/{photoId}: changes the title, the description or the tags of a photo."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop.domain import permissions, photos
from photodrop.domain.permissions import Action
from photodrop.errors import ForbiddenError, PhotoNotFoundError
from photodrop.http import api
from photodrop.http.presenters.photos import present
from photodrop.http.schemas.photos import EditPhoto, PhotoDetails

app = api.application()


@app.patch("/photos/<photo_id>")
@api.raises(PhotoNotFoundError, ForbiddenError)
def edit_photo(photo_id: str, body: Annotated[EditPhoto, Body()]) -> PhotoDetails:
    """Change the title, the description or the tags of one's own photo."""
    photo = permissions.find_photo(api.caller(app), photo_id, Action.CHANGE_PHOTO)
    changes = body.model_dump(exclude_unset=True)
    if "tags" in changes:
        changes["tags"] = changes["tags"] or []
    photos.edit(photo, changes)
    return present(photo)


handler = api.handler(app)
