"""Uploads: what is requested, what is granted, and what is unfinished."""

from typing import Literal

from pydantic import Field, field_validator

from photodrop import file_types
from photodrop.http.fields import Checksum, Description, FileName, Tags, Title
from photodrop.http.schemas.base import RequestSchema, Schema
from photodrop.http.schemas.photos import PhotoDetails
from photodrop.status import Status


class InitiateUpload(RequestSchema):
    """Body of initiate-upload."""

    file_name: FileName = Field(examples=["sunset.jpg"])
    content_type: str = Field(
        max_length=100,
        examples=["image/jpeg"],
        description=f"One of {', '.join(sorted(file_types.EXTENSIONS))}",
    )
    size_bytes: int = Field(ge=1, strict=True, description="Exact size of the file in bytes")
    title: Title | None = None
    description: Description | None = None
    tags: Tags = Field(default=[])
    checksum_sha256: Checksum | None = Field(
        default=None, alias="checksumSha256", description="SHA-256 of the file, in hex or base64"
    )
    method: Literal["PUT", "POST"] = "PUT"

    @field_validator("content_type")
    @classmethod
    def _is_accepted(cls, content_type: str) -> str:
        content_type = content_type.strip().lower()
        if content_type not in file_types.EXTENSIONS:
            raise ValueError(f"must be one of {', '.join(sorted(file_types.EXTENSIONS))}")
        return content_type


class CreatedUploadToken(Schema):
    """Answer of POST /upload-tokens. `companionPath` goes behind the API's base URL."""

    token: str
    companion_path: str
    expires_at: str


class UnfinishedUpload(Schema):
    """A pending upload, and what S3 has of it. `uploadId` is null where there are no parts."""

    photo_id: str
    key: str
    upload_id: str | None
    event_id: str | None
    file_name: str
    title: str | None
    description: str | None
    tags: list[str]
    content_type: str
    size_bytes: int | None
    checksum_sha256: str | None = Field(alias="checksumSha256")
    part_size_bytes: int | None
    uploaded_parts: int
    uploaded_bytes: int
    created_at: str
    expires_at: str


class UploadPage(Schema):
    """One page of the unfinished uploads, newest first. `nextCursor` is null on the last one."""

    items: list[UnfinishedUpload]
    next_cursor: str | None


class Upload(Schema):
    """How to send the file: `method` to `url`, with exactly these headers or form fields."""

    method: Literal["PUT", "POST"]
    url: str
    headers: dict[str, str]
    fields: dict[str, str]
    expires_at: str


class InitiatedUpload(Schema):
    """Answer of initiate-upload. `upload` is null when there is nothing left to send."""

    photo_id: str
    key: str
    status: Status
    upload: Upload | None


class ExistingPhoto(PhotoDetails):
    """Answer of initiate-upload when the same owner has the very file in the same place."""

    key: str
    upload: None = None


class PutRequest(Schema):
    """How to send a picture: PUT to `url`, with exactly these headers."""

    method: Literal["PUT"] = "PUT"
    url: str
    headers: dict[str, str]
    expires_at: str
