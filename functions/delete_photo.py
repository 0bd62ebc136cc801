"""DELETE /photos/{photoId}: the photo, its original in all versions, and every thumbnail."""

from aws_lambda_powertools.event_handler import Response

from photodrop.domain import permissions, photo_deletion
from photodrop.errors import ForbiddenError, PhotoNotFoundError
from photodrop.http import api

app = api.application()


@app.delete("/photos/<photo_id>", status_code=204)
@api.raises(PhotoNotFoundError, ForbiddenError)
def delete_photo(photo_id: str) -> Response[None]:
    """Delete one's own photo, or any of one's own event. Again is answered in the same way."""
    photo = permissions.find_photo_to_delete(api.caller(app), photo_id)
    if photo is not None:
        photo_deletion.delete(photo)
    return Response(status_code=204, body=None)


handler = api.handler(app)
