"""GET /events/{eventId}/attendees: who attends one's own event."""

from photodrop.domain import events, membership
from photodrop.errors import EventNotFoundError, ForbiddenError
from photodrop.http import api
from photodrop.http.parameters import DEFAULT_LIMIT, Limit, PageCursor
from photodrop.http.presenters.events import present_attendees
from photodrop.http.schemas.events import AttendeePage

app = api.application()


@app.get("/events/<event_id>/attendees")
@api.raises(EventNotFoundError, ForbiddenError)
def list_attendees(
    event_id: str, limit: Limit = DEFAULT_LIMIT, cursor: PageCursor = None
) -> AttendeePage:
    """Return one page of those who attend one's own event, by e-mail."""
    event = membership.find_organized(api.caller(app), event_id)
    return present_attendees(events.list_attendees(event, limit=limit, cursor=cursor))


handler = api.handler(app)
