"""What the routes that grant uploads have in common: their answer, and a metric of their time."""

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from photodrop.domain import uploads
from photodrop.domain.records import Event
from photodrop.domain.uploads import UploadRequest
from photodrop.http import api
from photodrop.http.presenters.photos import present_existing
from photodrop.http.presenters.uploads import present_granted
from photodrop.http.schemas.uploads import ExistingPhoto, InitiatedUpload, InitiateUpload


def respond(
    app: APIGatewayRestResolver,
    body: InitiateUpload,
    *,
    event: Event | None = None,
    idempotency_key: str | None,
) -> Response[InitiatedUpload | ExistingPhoto]:
    """Grant an upload; if the caller has this very file already, answer with its photo.

    Raises the errors of `uploads.begin`.
    """
    caller, request = api.caller(app), UploadRequest(**body.model_dump())
    if existing := uploads.find_existing(caller, request, event=event):
        return api.respond(200, present_existing(existing))
    photo = uploads.begin(
        caller,
        request,
        event=event,
        idempotency_key=idempotency_key,
        correlation_id=api.request_id(app.current_event.raw_event),
    )
    return api.respond(201, present_granted(photo))


def handler(app: APIGatewayRestResolver) -> api.Handler:
    """Return the Lambda entry point of `app`, which also measures how long each request takes."""
    return api.handler(app, duration_metric="GrantTime")
