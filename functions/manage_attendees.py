"""GET /events/{eventId}/attendees; PUT and DELETE /events/{eventId}/attendees/{email}."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from photodrop import api, events, membership
from photodrop.errors import EventNotFoundError, ForbiddenError
from photodrop.fields import Cursor, PathEmail
from photodrop.schemas import AttendeeDetails, AttendeePage

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


@app.put("/events/<event_id>/attendees/<email>")
@api.raises(EventNotFoundError, ForbiddenError)
def register_attendee(event_id: str, email: Annotated[PathEmail, Path()]) -> AttendeeDetails:
    """Let whoever has verified this e-mail attend one's own event."""
    return events.register(membership.find_organized(api.caller(app), event_id), email)


@app.delete("/events/<event_id>/attendees/<email>", status_code=204)
@api.raises(EventNotFoundError, ForbiddenError)
def remove_attendee(event_id: str, email: Annotated[PathEmail, Path()]) -> Response[None]:
    """End an attendance, at once. The attendee keeps their own photos, and so does the event."""
    events.remove(membership.find_organized(api.caller(app), event_id), email)
    return Response(status_code=204, body=None)


handler = api.handler(app)
