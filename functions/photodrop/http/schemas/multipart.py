"""Uploads by the protocol of Uppy's Companion, whole or in parts."""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from photodrop.http.fields import (
    FileName,
    Key,
    LaxChecksum,
    LaxDescription,
    LaxPartChecksums,
    LaxPartNumber,
    LaxPartSize,
    LaxSize,
    LaxTags,
    LaxText,
    LaxTitle,
    LaxUploadId,
    PartNumber,
    file_name,
)
from photodrop.http.schemas.base import RequestSchema, Schema
from photodrop.status import Status

_UUID_PREFIX = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-(?=.)")


class UploadMetadata(RequestSchema):
    """What an upload client's `metadata` may say of a photo. All else in it is left alone."""

    model_config = ConfigDict(extra="ignore")

    event_id: LaxText = None
    title: LaxTitle = None
    description: LaxDescription = None
    tags: LaxTags = None
    size_bytes: LaxSize = Field(
        default=None,
        description="Exact size of the file in bytes. Without it, as much as such a file may have "
        "is reserved of its owner's limit",
    )
    part_size_bytes: LaxPartSize = Field(
        default=None,
        description="Of a multipart upload with `sizeBytes`: the size of every part but the last. "
        "Each part is then signed with its length",
    )
    checksum_sha256: LaxChecksum = Field(default=None, alias="checksumSha256")
    part_checksums: LaxPartChecksums = None


class CreateMultipartUpload(RequestSchema):
    """Body of POST /s3/multipart, as Uppy sends it."""

    model_config = ConfigDict(extra="ignore")

    filename: FileName = Field(examples=["party.mp4"])
    type: LaxText = Field(default=None, examples=["video/mp4"])
    metadata: UploadMetadata | None = None


class UploadForm(Schema):
    """Answer of /s3/params: POST `fields` to `url` as a form, and the file as its last field."""

    method: Literal["POST"] = "POST"
    url: str
    fields: dict[str, str]
    headers: dict[str, str]
    photo_id: str
    expires_at: str


class MultipartUpload(Schema):
    """Answer of POST /s3/multipart. `partCount` is null where `metadata` says no `sizeBytes`."""

    key: str
    upload_id: str
    photo_id: str
    part_size_bytes: int
    part_count: int | None
    expires_at: str


class SignedPart(Schema):
    """How to send a part: PUT to `url`, with exactly these headers. `expires` is in seconds."""

    method: Literal["PUT"] = "PUT"
    url: str
    headers: dict[str, str]
    expires: int
    expires_at: str


class SignedParts(Schema):
    """How to send several parts: by part number, the URL to PUT it to, and the headers."""

    presigned_urls: dict[str, str]
    headers: dict[str, dict[str, str]]
    expires_at: str


class UploadedPart(BaseModel):
    """A part that S3 has, in S3's own words."""

    PartNumber: int
    ETag: str
    Size: int
    ChecksumSHA256: str | None


class PartReference(BaseModel):
    """A part that a file is to be made of. Its ETag may come with quotes or without."""

    PartNumber: LaxPartNumber
    ETag: Annotated[str, Field(min_length=1, max_length=200)]


class CompleteMultipartUpload(RequestSchema):
    """Body of complete."""

    model_config = ConfigDict(extra="ignore")

    parts: Annotated[list[PartReference], Field(min_length=1, max_length=10_000)]


class CompletedUpload(Schema):
    """Answer of complete. `location` is the object's plain address, which opens nothing."""

    location: str
    key: str
    photo_id: str
    status: Status


class CancelledUpload(Schema):
    """Answer of a cancelled upload: an empty object."""


class SignRequest(RequestSchema):
    """Body of POST /s3/sign: a request that the client wants to send to S3, in Uppy's words."""

    model_config = ConfigDict(extra="ignore")

    method: Literal["PUT", "POST", "GET", "DELETE"]
    key: Key
    upload_id: LaxUploadId = None
    part_number: PartNumber | None = None
    expires_in: Annotated[int, Field(ge=1)] | None = None
    content_type: LaxText = None
    file_name: FileName | None = Field(default=None, description="Else the end of `key`")
    checksum_sha256: LaxChecksum = Field(default=None, alias="checksumSha256")
    metadata: UploadMetadata | None = None

    @model_validator(mode="after")
    def _has_file_name(self) -> Self:
        """Take the file name from the key if none is given. Uppy's keys are `{uuid}-{name}`."""
        if self.file_name is None:
            self.file_name = file_name(_UUID_PREFIX.sub("", self.key.rpartition("/")[2])[-255:])
        return self


class SignedRequest(Schema):
    """Answer of sign: send it to `url` with exactly these headers, and go on with `key`."""

    url: str
    key: str
    headers: dict[str, str]
    photo_id: str
    expires_at: str
