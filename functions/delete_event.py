"""DELETE /events/{eventId}: nobody sees the event any more, and it is purged in the background."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query

from photodrop.domain import event_deletion
from photodrop.errors import EventNotFoundError, ForbiddenError
from photodrop.http import api
from photodrop.http.schemas.events import DeletedEvent

app = api.application()


@app.delete("/events/<event_id>", status_code=202)
@api.raises(EventNotFoundError, ForbiddenError)
def delete_event(
    event_id: str, photos: Annotated[Literal["keep", "delete"], Query()] = "keep"
) -> DeletedEvent:
    """Delete one's own event. Its photos stay with their owners, or are deleted with it."""
    outcome = event_deletion.begin(
        api.caller(app),
        event_id,
        photos,
        correlation_id=api.request_id(app.current_event.raw_event),
    )
    return DeletedEvent(event_id=event_id, status="deleting", photos=outcome)


handler = api.handler(app)
