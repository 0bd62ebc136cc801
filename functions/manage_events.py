"""POST /events and PATCH /events/{eventId}: creates and edits events."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop.domain import events, membership
from photodrop.errors import EventNotFoundError, ForbiddenError
from photodrop.http import api
from photodrop.http.presenters.events import present
from photodrop.http.schemas.events import CreateEvent, EditEvent, EventDetails

app = api.application()


@app.post("/events", status_code=201)
@api.raises(ForbiddenError)
def create_event(body: Annotated[CreateEvent, Body()]) -> EventDetails:
    """Create an event. The caller, one of the organizers group, is its organizer."""
    return present(events.create(api.caller(app), **body.model_dump()))


@app.patch("/events/<event_id>")
@api.raises(EventNotFoundError, ForbiddenError)
def edit_event(event_id: str, body: Annotated[EditEvent, Body()]) -> EventDetails:
    """Change the name, the description or the start of one's own event."""
    event = membership.find_organized(api.caller(app), event_id)
    events.edit(event, body.model_dump(exclude_unset=True))
    return present(event)


handler = api.handler(app)
