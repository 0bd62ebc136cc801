"""PUT and DELETE /events/{eventId}/attendees/{email}: registers and removes attendees."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path

from photodrop.domain import events, membership
from photodrop.errors import EventNotFoundError, ForbiddenError
from photodrop.http import api
from photodrop.http.fields import PathEmail
from photodrop.http.presenters.events import present_attendee
from photodrop.http.schemas.events import AttendeeDetails

app = api.application()


@app.put("/events/<event_id>/attendees/<email>")
@api.raises(EventNotFoundError, ForbiddenError)
def register_attendee(event_id: str, email: Annotated[PathEmail, Path()]) -> AttendeeDetails:
    """Let whoever has verified this e-mail attend one's own event."""
    event = membership.find_organized(api.caller(app), event_id)
    return present_attendee(events.register(event, email))


@app.delete("/events/<event_id>/attendees/<email>", status_code=204)
@api.raises(EventNotFoundError, ForbiddenError)
def remove_attendee(event_id: str, email: Annotated[PathEmail, Path()]) -> Response[None]:
    """End an attendance, at once. The attendee keeps their own photos, and so does the event."""
    events.remove(membership.find_organized(api.caller(app), event_id), email)
    return Response(status_code=204, body=None)


handler = api.handler(app)
