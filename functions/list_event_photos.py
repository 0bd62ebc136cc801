"""GET /events/{eventId}/photos: an event's photos, newest first, all or of one tag or status."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop import api, library, membership
from photodrop.errors import EventNotFoundError
from photodrop.fields import Cursor, Tag
from photodrop.models import event_place
from photodrop.schemas import PhotoPage
from photodrop.status import Status

app = api.application()


@app.get("/events/<event_id>/photos")
@api.raises(EventNotFoundError)
def list_event_photos(
    event_id: str,
    tag: Annotated[Tag | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> PhotoPage:
    """Return one page of the photos of an event that the caller organizes or attends."""
    membership.find(api.caller(app), event_id)
    return library.list_photos(
        event_place(event_id), tag=tag, status=status, limit=limit, cursor=cursor
    )


handler = api.handler(app)
