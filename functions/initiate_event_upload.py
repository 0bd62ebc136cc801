"""POST /events/{eventId}/photos/initiate-upload: grants one write-once upload to an event."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop.domain import membership
from photodrop.errors import (
    EventNotFoundError,
    FileTooLargeError,
    IdempotencyKeyReusedError,
    LimitExceededError,
)
from photodrop.http import api, grants
from photodrop.http.parameters import IdempotencyKeyHeader
from photodrop.http.schemas.uploads import ExistingPhoto, InitiatedUpload, InitiateUpload

app = api.application()


@app.post("/events/<event_id>/photos/initiate-upload", status_code=201)
@api.answers({200: ExistingPhoto, 201: InitiatedUpload})
@api.raises(EventNotFoundError, FileTooLargeError, IdempotencyKeyReusedError, LimitExceededError)
def initiate_event_upload(
    event_id: str,
    body: Annotated[InitiateUpload, Body()],
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response[InitiatedUpload | ExistingPhoto]:
    """Record a pending photo of an event that the caller organizes or attends, and sign as usual.

    The photo is its uploader's; everybody at the event sees it.
    """
    event = membership.find(api.caller(app), event_id).event
    return grants.respond(app, body, event=event, idempotency_key=idempotency_key)


handler = grants.handler(app)
