"""GET /uploads: the caller's unfinished uploads, to go on with on any device."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop import api, unfinished
from photodrop.fields import Cursor
from photodrop.schemas import UploadPage

app = api.application()


@app.get("/uploads")
def list_uploads(
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> UploadPage:
    """Return one page of them, newest first, each with how much of it S3 has."""
    return unfinished.list_uploads(api.caller(app), limit=limit, cursor=cursor)


handler = api.handler(app)
