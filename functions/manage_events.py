"""POST /events and PATCH /events/{eventId}."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop import api, events, membership
from photodrop.errors import EventNotFoundError, ForbiddenError
from photodrop.schemas import CreateEvent, EditEvent, EventDetails

app = api.application()


@app.post("/events", status_code=201)
@api.raises(ForbiddenError)
def create_event(wish: Annotated[CreateEvent, Body()]) -> EventDetails:
    """Create an event. The caller, one of the organizers group, is its organizer."""
    return events.describe(events.create(api.caller(app), wish))


@app.patch("/events/<event_id>")
@api.raises(EventNotFoundError, ForbiddenError)
def edit_event(event_id: str, wish: Annotated[EditEvent, Body()]) -> EventDetails:
    """Change the name, the description or the start of one's own event."""
    event = membership.find_organized(api.caller(app), event_id)
    events.edit(event, wish)
    return events.describe(event)


handler = api.handler(app)
