"""GET /events: the events that the caller organizes or attends, newest first."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop import api, events
from photodrop.fields import Cursor
from photodrop.schemas import EventPage

app = api.application()


@app.get("/events")
def list_events(
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> EventPage:
    """Return one page of the caller's events."""
    return events.list_events(api.caller(app), limit=limit, cursor=cursor)


handler = api.handler(app)
