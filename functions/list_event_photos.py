"""GET /events/{eventId}/photos: an event's photos, newest first, all or of one tag or status."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop.domain import membership, photos
from photodrop.domain.records import event_scope
from photodrop.errors import EventNotFoundError
from photodrop.http import api
from photodrop.http.fields import Tag
from photodrop.http.parameters import DEFAULT_LIMIT, Limit, PageCursor
from photodrop.http.presenters.photos import present_page
from photodrop.http.schemas.photos import PhotoPage
from photodrop.status import Status

app = api.application()


@app.get("/events/<event_id>/photos")
@api.raises(EventNotFoundError)
def list_event_photos(
    event_id: str,
    tag: Annotated[Tag | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
) -> PhotoPage:
    """Return one page of the photos of an event that the caller organizes or attends."""
    membership.find(api.caller(app), event_id)
    scope = event_scope(event_id)
    page = photos.list_photos(scope, tag=tag, status=status, limit=limit, cursor=cursor)
    return present_page(page, scope)


handler = api.handler(app)
