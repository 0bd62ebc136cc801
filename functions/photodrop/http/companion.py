"""What the functions of the Companion paths share: who is calling, and which file they announce.

Paths, requests and answers are those of Uppy's Companion server. A client that cannot send a header
calls them below ``/u/{token}``.
"""

import re
from typing import Literal

from aws_lambda_powertools.event_handler import APIGatewayRestResolver

from photodrop import file_types
from photodrop.domain import membership, multipart_signing, upload_tokens, uploads
from photodrop.domain.callers import Caller
from photodrop.domain.records import Photo
from photodrop.domain.uploads import UploadRequest
from photodrop.errors import FieldError, InvalidRequestError
from photodrop.http import api
from photodrop.http.schemas.multipart import UploadMetadata

TOKEN_PREFIX = re.compile(r"^/u/[^/]+(?=/s3/)")


def application() -> APIGatewayRestResolver:
    """Return a resolver of Companion paths, which may begin with an upload token."""
    app = api.application(strip_prefixes=[TOKEN_PREFIX])
    app.takes_upload_tokens = True  # type: ignore[attr-defined] # for the API's description
    return app


def caller(app: APIGatewayRestResolver) -> Caller:
    """Return the user who sent the current request, by ID token or upload token.

    Raises UnauthorizedError, UploadTokenExpiredError.
    """
    token = app.current_event.path_parameters.get("token")
    return upload_tokens.caller_of(token) if token else api.caller(app)


def upload_request(
    file_name: str,
    type_: str | None,
    metadata: UploadMetadata,
    method: Literal["PUT", "POST", "MULTIPART"],
    *,
    type_field: str = "type",
) -> UploadRequest:
    """Return the upload that a client asks for.

    Raises InvalidRequestError: for a type that is not accepted it names `type_field`.
    """
    content_type = file_types.accepted_type(type_, file_name)
    if content_type is None:
        accepted = ", ".join(sorted(file_types.EXTENSIONS))
        raise InvalidRequestError([FieldError(type_field, f"must be one of {accepted}")])
    in_parts = method == "MULTIPART"
    if in_parts and metadata.part_size_bytes is not None:
        multipart_signing.check_part_size(metadata.size_bytes, metadata.part_size_bytes)
    return UploadRequest(
        file_name=file_name,
        content_type=content_type,
        size_bytes=metadata.size_bytes,
        method=method,
        title=metadata.title,
        description=metadata.description,
        tags=metadata.tags or [],
        checksum_sha256=metadata.checksum_sha256,
        part_checksums=in_parts and metadata.part_checksums is not None,
        part_size_bytes=metadata.part_size_bytes if in_parts else None,
    )


def begin(
    app: APIGatewayRestResolver,
    user: Caller,
    request: UploadRequest,
    event_id: str | None,
    *,
    idempotency_key: str | None = None,
) -> Photo:
    """Record a pending photo, of an event if `event_id` is given.

    Raises EventNotFoundError, and the errors of `uploads.begin_unless_uploaded`.
    """
    return uploads.begin_unless_uploaded(
        user,
        request,
        event=membership.find(user, event_id).event if event_id else None,
        idempotency_key=idempotency_key,
        correlation_id=api.request_id(app.current_event.raw_event),
    )
