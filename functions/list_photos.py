"""GET /photos: the caller's photos, newest first."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop import api, library
from photodrop.schemas import PhotoPage

app = api.application()


@app.get("/photos")
def list_photos(
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> PhotoPage:
    """Return one page of the caller's photos, each with its thumbnails signed."""
    return library.list_owned(api.caller(app).user_id, limit=limit, cursor=cursor)


handler = api.handler(app)
