"""PATCH /photos/{photoId}: what people wrote about a photo."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop import api, changes, library
from photodrop.errors import ForbiddenError, PhotoNotFoundError
from photodrop.schemas import EditPhoto, PhotoDetails

app = api.application()


@app.patch("/photos/<photo_id>")
@api.raises(PhotoNotFoundError, ForbiddenError)
def edit_photo(photo_id: str, wish: Annotated[EditPhoto, Body()]) -> PhotoDetails:
    """Change the title, the description or the tags of one's own photo."""
    photo = library.find_own(api.caller(app), photo_id)
    changes.edit(photo, wish)
    return library.describe(photo)


handler = api.handler(app)
