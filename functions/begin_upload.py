"""GET /s3/params and POST /s3/multipart: begin an upload as Uppy's Companion does."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from photodrop.clock import epoch_timestamp, timestamp
from photodrop.domain import multipart, multipart_signing, uploads
from photodrop.errors import (
    AlreadyUploadedError,
    EventNotFoundError,
    FileTooLargeError,
    IdempotencyKeyReusedError,
    LimitExceededError,
    NotPendingError,
    UploadTokenExpiredError,
)
from photodrop.http import api, companion, grants
from photodrop.http.fields import (
    FileName,
    LaxChecksum,
    LaxDescription,
    LaxSize,
    LaxTags,
    LaxText,
    LaxTitle,
)
from photodrop.http.parameters import IdempotencyKeyHeader
from photodrop.http.schemas.multipart import (
    CreateMultipartUpload,
    MultipartUpload,
    UploadForm,
    UploadMetadata,
)

app = companion.application()
raises = api.raises(
    UploadTokenExpiredError,
    EventNotFoundError,
    FileTooLargeError,
    AlreadyUploadedError,
    IdempotencyKeyReusedError,
    NotPendingError,
    LimitExceededError,
)


@app.get("/s3/params")
@raises
def get_upload_parameters(  # noqa: PLR0917 - the resolver passes the query's parameters by name
    filename: Annotated[FileName, Query()],
    type_: Annotated[LaxText, Query(alias="type")] = None,
    event_id: Annotated[LaxText, Query(alias="metadata[eventId]")] = None,
    title: Annotated[LaxTitle, Query(alias="metadata[title]")] = None,
    description: Annotated[LaxDescription, Query(alias="metadata[description]")] = None,
    tags: Annotated[LaxTags, Query(alias="metadata[tags]")] = None,
    size_bytes: Annotated[LaxSize, Query(alias="metadata[sizeBytes]")] = None,
    checksum_sha256: Annotated[LaxChecksum, Query(alias="metadata[checksumSha256]")] = None,
) -> UploadForm:
    """Record a pending photo and sign the one form that may send its file.

    Without `metadata[sizeBytes]` any length that is accepted may come.
    """
    metadata = UploadMetadata.model_construct(
        event_id=event_id,
        title=title,
        description=description,
        tags=tags,
        size_bytes=size_bytes,
        checksum_sha256=checksum_sha256,
    )
    request = companion.upload_request(filename, type_, metadata, "POST")
    photo = companion.begin(app, companion.caller(app), request, metadata.event_id)
    # With this status, S3's answer names the object's address, which Uppy 5 reads.
    form = uploads.grant_post(photo, fields={"success_action_status": "201"})
    return UploadForm(
        url=form.url,
        fields=form.fields,
        headers={},
        photo_id=photo.photo_id,
        expires_at=timestamp(form.expires_at),
    )


@app.post("/s3/multipart")
@raises
def create_multipart_upload(
    body: Annotated[CreateMultipartUpload, Body()],
    idempotency_key: IdempotencyKeyHeader = None,
) -> MultipartUpload:
    """Record a pending photo and begin the multipart upload of its file.

    `partSizeBytes` is that of `metadata`, or a size by which any file fits into S3's 10,000 parts.
    """
    metadata = body.metadata or UploadMetadata()
    request = companion.upload_request(body.filename, body.type, metadata, "MULTIPART")
    photo = companion.begin(
        app,
        companion.caller(app),
        request,
        metadata.event_id,
        idempotency_key=idempotency_key,
    )
    size, part_bytes = metadata.size_bytes, multipart_signing.part_size_of(photo)
    return MultipartUpload(
        key=photo.key,
        upload_id=multipart.begin(photo, may_be_repeated=idempotency_key is not None),
        photo_id=photo.photo_id,
        part_size_bytes=part_bytes,
        part_count=-(-size // part_bytes) if size else None,
        expires_at=epoch_timestamp(uploads.deadline(photo)),
    )


handler = grants.handler(app)
