"""POST /events/{eventId}/photos/initiate-upload: grants one write-once upload to an event."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header

from photodrop import api, grants, membership
from photodrop.errors import (
    EventNotFoundError,
    FileTooLargeError,
    IdempotencyKeyReusedError,
    LimitExceededError,
)
from photodrop.fields import IdempotencyKey
from photodrop.schemas import ExistingPhoto, InitiatedUpload, InitiateUpload

app = api.application()


@app.post("/events/<event_id>/photos/initiate-upload", status_code=201)
@api.answers({200: ExistingPhoto, 201: InitiatedUpload})
@api.raises(EventNotFoundError, FileTooLargeError, IdempotencyKeyReusedError, LimitExceededError)
def initiate_event_upload(
    event_id: str,
    wish: Annotated[InitiateUpload, Body()],
    idempotency_key: Annotated[IdempotencyKey | None, Header(alias="Idempotency-Key")] = None,
) -> Response[InitiatedUpload | ExistingPhoto]:
    """Record a pending photo of an event that the caller organizes or attends, and sign as usual.

    The photo is its uploader's; everybody at the event sees it.
    """
    event = membership.find(api.caller(app), event_id).event
    return grants.answer(app, wish, event=event, idempotency_key=idempotency_key)


handler = grants.handler(app)
