"""GET /events/{eventId}."""

from photodrop import api, events, membership
from photodrop.errors import EventNotFoundError
from photodrop.schemas import EventDetails

app = api.application()


@app.get("/events/<event_id>")
@api.raises(EventNotFoundError)
def get_event(event_id: str) -> EventDetails:
    """Return an event that the caller organizes or attends."""
    return events.describe(membership.find(api.caller(app), event_id).event)


handler = api.handler(app)
