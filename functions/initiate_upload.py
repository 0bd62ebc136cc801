"""POST /photos/initiate-upload: grants one write-once upload."""

import time
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from photodrop import api, library, uploads
from photodrop.errors import FileTooLargeError, IdempotencyKeyReusedError, LimitExceededError
from photodrop.observability import logger, metrics
from photodrop.schemas import ExistingPhoto, InitiatedUpload, InitiateUpload, Upload
from photodrop.signing import SignedPost, SignedUrl, timestamp
from photodrop.status import Status

app = api.application()
answer = api.handler(app)


@app.post("/photos/initiate-upload", status_code=201)
@api.answers({200: ExistingPhoto, 201: InitiatedUpload})
@api.raises(FileTooLargeError, IdempotencyKeyReusedError, LimitExceededError)
def initiate_upload(
    wish: Annotated[InitiateUpload, Body()],
    idempotency_key: Annotated[
        str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)
    ] = None,
) -> Response[InitiatedUpload | ExistingPhoto]:
    """Record a pending photo and sign the one request that may send its file."""
    caller = api.caller(app)
    if same := uploads.find_same(caller, wish):
        return api.answer(200, library.describe_existing(same))
    photo = uploads.begin(
        caller,
        wish,
        idempotency_key=idempotency_key,
        correlation_id=api.request_id(app.current_event.raw_event),
    )
    logger.info("Upload granted", photo_id=photo.photo_id, size_bytes=int(photo.size_bytes))
    granted = InitiatedUpload(
        photo_id=photo.photo_id,
        key=photo.key,
        status=Status(photo.status),
        upload=_upload(uploads.grant(photo)),
    )
    return api.answer(201, granted)


def _upload(grant: SignedUrl | SignedPost | None) -> Upload | None:
    if grant is None:
        return None
    expires_at = timestamp(grant.expires_at)
    if isinstance(grant, SignedPost):
        return Upload(
            method="POST", url=grant.url, headers={}, fields=grant.fields, expires_at=expires_at
        )
    # Every client sends the length by itself, and browsers allow no other way.
    headers = {name: value for name, value in grant.headers.items() if name != "Content-Length"}
    return Upload(method="PUT", url=grant.url, headers=headers, fields={}, expires_at=expires_at)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer, and count what was granted or refused and how long it took."""
    started = time.perf_counter()
    response = answer(event, context)
    outcome = "GrantsIssued" if response["statusCode"] == 201 else "GrantsRefused"
    metrics.add_metric(name=outcome, unit=MetricUnit.Count, value=1)
    milliseconds = (time.perf_counter() - started) * 1000
    metrics.add_metric(name="GrantTime", unit=MetricUnit.Milliseconds, value=milliseconds)
    return response
