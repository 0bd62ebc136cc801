"""DELETE /photos/{photoId}: the photo, its original in all versions, and every thumbnail."""

from aws_lambda_powertools.event_handler import Response

from photodrop import api, changes, library
from photodrop.errors import ForbiddenError, PhotoNotFoundError

app = api.application()


@app.delete("/photos/<photo_id>", status_code=204)
@api.raises(PhotoNotFoundError, ForbiddenError)
def delete_photo(photo_id: str) -> Response[None]:
    """Delete one's own photo, or any of one's own event. Again is answered in the same way."""
    photo = library.find_to_delete(api.caller(app), photo_id)
    if photo is not None:
        changes.delete(photo)
    return Response(status_code=204, body=None)


handler = api.handler(app)
