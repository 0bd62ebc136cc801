"""Answering wishes to upload: what a client is told, and what is counted."""

import time
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from photodrop import api, library, uploads
from photodrop.models import Event
from photodrop.observability import logger, metrics
from photodrop.schemas import ExistingPhoto, InitiatedUpload, InitiateUpload, Upload
from photodrop.signing import SignedPost, SignedUrl, timestamp
from photodrop.status import Status


def answer(
    app: APIGatewayRestResolver,
    wish: InitiateUpload,
    *,
    event: Event | None = None,
    idempotency_key: str | None,
) -> Response[InitiatedUpload | ExistingPhoto]:
    """Answer a wish to upload: with a grant, or with the very photo that is there already.

    Raises what `uploads.begin` does.
    """
    caller, file = api.caller(app), uploads.Wish(**wish.model_dump())
    if same := uploads.find_same(caller, file, event=event):
        return api.answer(200, library.describe_existing(same))
    photo = uploads.begin(
        caller,
        file,
        event=event,
        idempotency_key=idempotency_key,
        correlation_id=api.request_id(app.current_event.raw_event),
    )
    logger.info("Upload granted", photo_id=photo.photo_id, size_bytes=wish.size_bytes)
    granted = InitiatedUpload(
        photo_id=photo.photo_id,
        key=photo.key,
        status=Status(photo.status),
        upload=_upload(uploads.grant(photo)),
    )
    return api.answer(201, granted)


def handler(app: APIGatewayRestResolver, *, issued: int = 201, spared: int = 200) -> api.Handler:
    """Return the Lambda entry point of `app`, which answers with grants.

    It counts what was granted, spared (the file is there already) or refused, told by the status
    of the answer, and how long that took.
    """
    respond = api.handler(app)
    outcomes = {issued: "GrantsIssued", spared: "UploadsSpared"}

    @metrics.log_metrics
    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        started = time.perf_counter()
        response = respond(event, context)
        outcome = outcomes.get(response["statusCode"], "GrantsRefused")
        metrics.add_metric(name=outcome, unit=MetricUnit.Count, value=1)
        milliseconds = (time.perf_counter() - started) * 1000
        metrics.add_metric(name="GrantTime", unit=MetricUnit.Milliseconds, value=milliseconds)
        return response

    return handle


def _upload(grant: SignedUrl | SignedPost | None) -> Upload | None:
    if grant is None:
        return None
    expires_at = timestamp(grant.expires_at)
    if isinstance(grant, SignedPost):
        return Upload(
            method="POST", url=grant.url, headers={}, fields=grant.fields, expires_at=expires_at
        )
    return Upload(
        method="PUT",
        url=grant.url,
        headers=grant.headers_to_set,
        fields={},
        expires_at=expires_at,
    )
