"""POST /s3/sign: signs requests that the client sends to S3, for `signRequest` of Uppy 6."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Body

from photodrop import keys
from photodrop.clock import timestamp
from photodrop.domain import multipart, multipart_signing, permissions, uploads
from photodrop.domain.callers import Caller
from photodrop.domain.records import Photo
from photodrop.errors import (
    AlreadyUploadedError,
    EventNotFoundError,
    FieldError,
    FileTooLargeError,
    IdempotencyKeyReusedError,
    InvalidRequestError,
    LimitExceededError,
    NotPendingError,
    PartMissingError,
    PartTooSmallError,
    SizeMismatchError,
    UploadNotFoundError,
)
from photodrop.http import api, companion, grants
from photodrop.http.parameters import IdempotencyKeyHeader
from photodrop.http.schemas.multipart import SignedRequest, SignRequest, UploadMetadata

app = api.application()


@app.post("/s3/sign")
@api.raises(
    UploadNotFoundError,
    EventNotFoundError,
    FileTooLargeError,
    AlreadyUploadedError,
    IdempotencyKeyReusedError,
    NotPendingError,
    PartMissingError,
    PartTooSmallError,
    SizeMismatchError,
    LimitExceededError,
)
def sign_request(
    body: Annotated[SignRequest, Body()],
    idempotency_key: IdempotencyKeyHeader = None,
) -> SignedRequest:
    """Sign one request about one file: `method`, `uploadId` and `partNumber` say which.

    PUT sends a file whole, and POST begins a multipart upload: both record a pending photo, and
    answer with the `key` to go on with. With an `uploadId`, PUT sends a part, GET lists them, POST
    completes and DELETE cancels: at once, so that S3 answers the signed request with 404.
    """
    caller, key, upload_id = api.caller(app), body.key, body.upload_id
    match body.method, upload_id, body.part_number:
        case "PUT", None, None:
            photo = _begin(caller, body, "PUT", idempotency_key)
            signed = uploads.grant_put(photo)
        case "POST", None, None:
            photo = _begin(caller, body, "MULTIPART", idempotency_key)
            signed = multipart_signing.sign_create(photo)
        case "PUT", str(upload_id), int(number):
            photo = uploads.find_pending(caller, key)
            signed = multipart_signing.sign_part(
                photo,
                upload_id,
                number,
                checksum_sha256=body.checksum_sha256,
                ttl_seconds=body.expires_in,
            )
        case "GET", str(upload_id), None:
            photo = uploads.find_pending(caller, key)
            signed = multipart_signing.sign_list(photo, upload_id)
        case "POST", str(upload_id), None:
            photo = uploads.find_pending(caller, key)
            size_bytes = multipart.require_complete(photo, upload_id)
            signed = multipart_signing.sign_complete(photo, upload_id, size_bytes)
        case "DELETE", str(upload_id), None:
            photo = permissions.find_upload(caller, key)
            multipart.cancel(photo)
            signed = multipart_signing.sign_cancel(photo, upload_id)
        case _:
            raise InvalidRequestError(
                [FieldError("method", "goes with another uploadId and partNumber")]
            )
    return SignedRequest(
        url=signed.url,
        key=photo.key,
        headers=signed.headers_to_set,
        photo_id=photo.photo_id,
        expires_at=timestamp(signed.expires_at),
    )


def _begin(
    caller: Caller,
    body: SignRequest,
    method: Literal["PUT", "MULTIPART"],
    idempotency_key: str | None,
) -> Photo:
    """Record a pending photo; where `key` is one of ours, find the photo that it belongs to."""
    if keys.is_reserved(body.key):
        photo = uploads.find_pending(caller, body.key)
        if photo.upload_method != method:
            raise UploadNotFoundError
        return photo
    metadata = body.metadata or UploadMetadata()
    request = companion.upload_request(
        body.file_name or "", body.content_type, metadata, method, type_field="contentType"
    )
    return companion.begin(app, caller, request, metadata.event_id, idempotency_key=idempotency_key)


handler = grants.handler(app)
