"""GET /events: the events that the caller organizes or attends, newest first."""

from photodrop.domain import events
from photodrop.http import api
from photodrop.http.parameters import DEFAULT_LIMIT, Limit, PageCursor
from photodrop.http.presenters.events import present_page
from photodrop.http.schemas.events import EventPage

app = api.application()


@app.get("/events")
def list_events(
    limit: Limit = DEFAULT_LIMIT,
    cursor: PageCursor = None,
) -> EventPage:
    """Return one page of the caller's events."""
    return present_page(events.list_events(api.caller(app), limit=limit, cursor=cursor))


handler = api.handler(app)
