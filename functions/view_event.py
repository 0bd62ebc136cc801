"""GET /events/{eventId}: one event."""

from photodrop.domain import membership
from photodrop.errors import EventNotFoundError
from photodrop.http import api
from photodrop.http.presenters.events import present
from photodrop.http.schemas.events import EventDetails

app = api.application()


@app.get("/events/<event_id>")
@api.raises(EventNotFoundError)
def get_event(event_id: str) -> EventDetails:
    """Return an event that the caller organizes or attends."""
    return present(membership.find(api.caller(app), event_id).event)


handler = api.handler(app)
