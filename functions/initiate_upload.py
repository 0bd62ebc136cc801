"""POST /photos/initiate-upload: grants one write-once upload."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop.errors import FileTooLargeError, IdempotencyKeyReusedError, LimitExceededError
from photodrop.http import api, grants
from photodrop.http.parameters import IdempotencyKeyHeader
from photodrop.http.schemas.uploads import ExistingPhoto, InitiatedUpload, InitiateUpload

app = api.application()


@app.post("/photos/initiate-upload", status_code=201)
@api.answers({200: ExistingPhoto, 201: InitiatedUpload})
@api.raises(FileTooLargeError, IdempotencyKeyReusedError, LimitExceededError)
def initiate_upload(
    body: Annotated[InitiateUpload, Body()],
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response[InitiatedUpload | ExistingPhoto]:
    """Record a pending photo and sign the one request that may send its file."""
    return grants.respond(app, body, idempotency_key=idempotency_key)


handler = grants.handler(app)
