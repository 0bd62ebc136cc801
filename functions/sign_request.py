"""POST /s3/sign: signs requests that a client sends to S3 itself, as Uppy 6's signRequest asks."""

from typing import Annotated, Literal

from aws_lambda_powertools.event_handler.openapi.params import Body, Header

from photodrop import api, assembly, companion, keys, multipart, uploads
from photodrop.access import Caller
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
from photodrop.fields import IdempotencyKey
from photodrop.models import Photo
from photodrop.schemas import SignedRequest, SignRequest, UploadMetadata
from photodrop.signing import timestamp

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
    wish: Annotated[SignRequest, Body()],
    idempotency_key: Annotated[IdempotencyKey | None, Header(alias="Idempotency-Key")] = None,
) -> SignedRequest:
    """Sign one request about one file: `method`, `uploadId` and `partNumber` say which.

    PUT sends a file whole, and POST begins a multipart upload: both record a pending photo, and
    answer with the `key` to go on with. With an `uploadId`, PUT sends a part, GET lists them, POST
    completes and DELETE cancels: at once, so that S3 answers the signed request with 404.
    """
    caller, key, upload_id = api.caller(app), wish.key, wish.upload_id
    match wish.method, upload_id, wish.part_number:
        case "PUT", None, None:
            photo = _begin(caller, wish, "PUT", idempotency_key)
            signed = uploads.grant_put(photo)
        case "POST", None, None:
            photo = _begin(caller, wish, "MULTIPART", idempotency_key)
            signed = multipart.sign_create(photo)
        case "PUT", str(upload_id), int(number):
            photo = multipart.find_pending(caller, key)
            signed = multipart.sign_part(
                photo,
                upload_id,
                number,
                checksum_sha256=wish.checksum_sha256,
                ttl_seconds=wish.expires_in,
            )
        case "GET", str(upload_id), None:
            photo = multipart.find_pending(caller, key)
            signed = multipart.sign_list(photo, upload_id)
        case "POST", str(upload_id), None:
            photo = multipart.find_pending(caller, key)
            size_bytes = assembly.require_complete(photo, upload_id)
            signed = multipart.sign_complete(photo, upload_id, size_bytes)
        case "DELETE", str(upload_id), None:
            photo = multipart.find(caller, key)
            assembly.cancel(photo)
            signed = multipart.sign_cancel(photo, upload_id)
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
    wish: SignRequest,
    method: Literal["PUT", "MULTIPART"],
    idempotency_key: str | None,
) -> Photo:
    """Record a pending photo, or find the one that `key` was given out for."""
    if keys.is_reserved(wish.key):
        photo = multipart.find_pending(caller, wish.key)
        if photo.upload_method != method:
            raise UploadNotFoundError
        return photo
    metadata = wish.metadata or UploadMetadata()
    file = companion.wish(
        wish.file_name or "", wish.content_type, metadata, method, type_field="contentType"
    )
    return companion.begin(app, caller, file, metadata.event_id, idempotency_key=idempotency_key)


handler = api.handler(app)
