"""GET /events/{eventId}/attendees: who attends one's own event."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop import api, events, membership
from photodrop.errors import EventNotFoundError, ForbiddenError
from photodrop.fields import Cursor
from photodrop.schemas import AttendeePage

app = api.application()


@app.get("/events/<event_id>/attendees")
@api.raises(EventNotFoundError, ForbiddenError)
def list_attendees(
    event_id: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> AttendeePage:
    """Return one page of those who attend one's own event, by e-mail."""
    event = membership.find_organized(api.caller(app), event_id)
    return events.list_attendees(event, limit=limit, cursor=cursor)


handler = api.handler(app)
