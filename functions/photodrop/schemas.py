"""The shapes of requests and responses: they validate, and they describe the API."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from photodrop import file_types
from photodrop.fields import (
    Checksum,
    Description,
    Email,
    FileName,
    GivenChecksum,
    GivenDescription,
    GivenPartChecksums,
    GivenPartSize,
    GivenSize,
    GivenTags,
    GivenText,
    GivenTitle,
    GivenUploadId,
    Key,
    LaxPartNumber,
    Moment,
    Name,
    PartNumber,
    Reason,
    Tags,
    Title,
    file_name,
)
from photodrop.status import Status

_UUID_PREFIX = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-(?=.)")


class Shape(BaseModel):
    """Base of all shapes: camelCase outside, snake_case inside, unknown fields refused."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid")


class RequestShape(Shape):
    """Base of what clients send: only by the names that are described."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True)


class InitiateUpload(RequestShape):
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
    tags: Tags = []
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


class UploadMetadata(RequestShape):
    """What an upload client's `metadata` may say of a photo. All else in it is left alone."""

    model_config = ConfigDict(extra="ignore")

    event_id: GivenText = None
    title: GivenTitle = None
    description: GivenDescription = None
    tags: GivenTags = None
    size_bytes: GivenSize = Field(
        default=None,
        description="Exact size of the file in bytes. Without it, as much as such a file may have "
        "is reserved of its owner's limit",
    )
    part_size_bytes: GivenPartSize = Field(
        default=None,
        description="Of a multipart upload with `sizeBytes`: the size of every part but the last. "
        "Each part is then signed with its length",
    )
    checksum_sha256: GivenChecksum = Field(default=None, alias="checksumSha256")
    part_checksums: GivenPartChecksums = None


class CreateMultipartUpload(RequestShape):
    """Body of POST /s3/multipart, as Uppy sends it."""

    model_config = ConfigDict(extra="ignore")

    filename: FileName = Field(examples=["party.mp4"])
    type: GivenText = Field(default=None, examples=["video/mp4"])
    metadata: UploadMetadata | None = None


class UploadForm(Shape):
    """Answer of /s3/params: POST `fields` to `url` as a form, and the file as its last field."""

    method: Literal["POST"] = "POST"
    url: str
    fields: dict[str, str]
    headers: dict[str, str]
    photo_id: str
    expires_at: str


class MultipartUpload(Shape):
    """Answer of POST /s3/multipart. `partCount` is null where `metadata` says no `sizeBytes`."""

    key: str
    upload_id: str
    photo_id: str
    part_size_bytes: int
    part_count: int | None
    expires_at: str


class SignedPart(Shape):
    """How to send a part: PUT to `url`, with exactly these headers. `expires` is in seconds."""

    method: Literal["PUT"] = "PUT"
    url: str
    headers: dict[str, str]
    expires: int
    expires_at: str


class SignedParts(Shape):
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


class CompleteMultipartUpload(RequestShape):
    """Body of complete."""

    model_config = ConfigDict(extra="ignore")

    parts: Annotated[list[PartReference], Field(min_length=1, max_length=10_000)]


class CompletedUpload(Shape):
    """Answer of complete. `location` is the object's plain address, which opens nothing."""

    location: str
    key: str
    photo_id: str
    status: Status


class CancelledUpload(Shape):
    """Answer of a cancelled upload: an empty object."""


class SignRequest(RequestShape):
    """Body of POST /s3/sign: a request that the client wants to send to S3, in Uppy's words."""

    model_config = ConfigDict(extra="ignore")

    method: Literal["PUT", "POST", "GET", "DELETE"]
    key: Key
    upload_id: GivenUploadId = None
    part_number: PartNumber | None = None
    expires_in: Annotated[int, Field(ge=1)] | None = None
    content_type: GivenText = None
    file_name: FileName | None = Field(default=None, description="Else the end of `key`")
    checksum_sha256: GivenChecksum = Field(default=None, alias="checksumSha256")
    metadata: UploadMetadata | None = None

    @model_validator(mode="after")
    def _has_file_name(self) -> Self:
        """Take the name from the key where there is no other: Uppy proposes `{uuid}-{name}`."""
        if self.file_name is None:
            self.file_name = file_name(_UUID_PREFIX.sub("", self.key.rpartition("/")[2])[-255:])
        return self


class SignedRequest(Shape):
    """Answer of sign: send it to `url` with exactly these headers, and go on with `key`."""

    url: str
    key: str
    headers: dict[str, str]
    photo_id: str
    expires_at: str


class CreatedUploadToken(Shape):
    """Answer of POST /upload-tokens. `companionPath` goes behind the API's base URL."""

    token: str
    companion_path: str
    expires_at: str


class UnfinishedUpload(Shape):
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


class UploadPage(Shape):
    """One page of the unfinished uploads, newest first. `nextCursor` is null on the last one."""

    items: list[UnfinishedUpload]
    next_cursor: str | None


class EditPhoto(RequestShape):
    """Body of a PATCH: only what it names is changed; null clears a title or a description."""

    title: Title | None = None
    description: Description | None = None
    tags: Tags | None = None


class ReportStatus(RequestShape):
    """Body of PUT status: what the client says became of its upload."""

    status: Literal["uploaded", "failed"]
    reason: Reason | None = None


class WriteStudent(RequestShape):
    """Body of POST and PUT: all that is written of a student."""

    name: Name
    email: Email = Field(examples=["grace@example.com"])
    course: Name


class Upload(Shape):
    """How to send the file: `method` to `url`, with exactly these headers or form fields."""

    method: Literal["PUT", "POST"]
    url: str
    headers: dict[str, str]
    fields: dict[str, str]
    expires_at: str


class InitiatedUpload(Shape):
    """Answer of initiate-upload. `upload` is null when there is nothing left to send."""

    photo_id: str
    key: str
    status: Status
    upload: Upload | None


class FailureReason(Shape):
    """Why a photo failed."""

    code: str
    message: str


class ThumbnailsMissing(Shape):
    """Why a completed video has no thumbnails."""

    code: str
    message: str


class ThumbnailLink(Shape):
    """One thumbnail, signed. `size` is the longest side asked for."""

    size: int
    width: int
    height: int
    content_type: str
    url: str
    expires_at: str


class Thumbnail(Shape):
    """Answer of a thumbnail on demand, signed."""

    url: str
    width: int
    height: int
    content_type: str
    expires_at: str


class ThumbnailInWork(Shape):
    """Answer of a thumbnail on demand that takes longer: ask again at `location`, in a while."""

    status: Literal["processing"] = "processing"
    retry_after_seconds: int
    location: str = Field(description="Path and query, below the API's base URL")


class RestoreState(Shape):
    """How far the restoring of an archived original is, and until when it can be read then."""

    status: Literal["ongoing", "completed"]
    expires_at: str | None


class RestorePhoto(RequestShape):
    """Body of restore: how fast, and for how many days it can then be read."""

    tier: Literal["Expedited", "Standard", "Bulk"]
    days: int = Field(ge=1, le=30, strict=True)


class RestoredPhoto(Shape):
    """Answer of restore."""

    photo_id: str
    storage_class: str
    restore: RestoreState | None


class RetriedPhoto(Shape):
    """A photo that is processed again: where it stands now."""

    photo_id: str
    status: Status


class RetriedPhotos(Shape):
    """Answer of retrying all photos that failed by our fault: those that this call took on."""

    items: list[RetriedPhoto]
    more: bool


class PhotoDetails(Shape):
    """A photo as its viewers see it."""

    photo_id: str
    event_id: str | None
    owner_id: str
    file_name: str
    title: str | None
    description: str | None
    tags: list[str]
    content_type: str
    size_bytes: int
    status: Status
    failure: FailureReason | None
    width: int | None
    height: int | None
    taken_at: str | None
    duration_seconds: float | None = Field(description="Of a video, where its file says it")
    codec: str | None = Field(description="Of a video", examples=["h264"])
    thumb_hash: str | None
    thumbnails: list[ThumbnailLink]
    thumbnails_missing: ThumbnailsMissing | None
    storage_class: str
    restore: RestoreState | None
    created_at: str
    updated_at: str


class ExistingPhoto(PhotoDetails):
    """Answer of initiate-upload when the same owner has the very file in the same place."""

    key: str
    upload: None = None


class PhotoPage(Shape):
    """One page of a list, newest first. `nextCursor` is null on the last one."""

    items: list[PhotoDetails]
    next_cursor: str | None


class ViewUrl(Shape):
    """A signed URL to an original."""

    url: str
    expires_at: str


class CreateEvent(RequestShape):
    """Body of POST /events."""

    name: Name = Field(examples=["Summer party"])
    description: Description | None = None
    starts_at: Moment | None = Field(default=None, examples=["2026-05-01T18:00:00+02:00"])


class EditEvent(RequestShape):
    """Body of a PATCH: only what it names is changed; null clears all but the name."""

    name: Name = Field(default_factory=str)
    description: Description | None = None
    starts_at: Moment | None = None


class EventDetails(Shape):
    """An event as its organizer and its attendees see it."""

    event_id: str
    name: str
    description: str | None
    starts_at: str | None
    organizer_id: str
    created_at: str


class EventPage(Shape):
    """One page of a list, newest first. `nextCursor` is null on the last one."""

    items: list[EventDetails]
    next_cursor: str | None


class DeletedEvent(Shape):
    """Answer of DELETE of an event: nobody sees it any more; what is left of it goes on its own."""

    event_id: str
    status: Literal["deleting"]
    photos: Literal["kept", "deleted"]


class AttendeeDetails(Shape):
    """Somebody who attends an event: whoever has verified this e-mail, in lower case."""

    email: str
    registered_at: str


class AttendeePage(Shape):
    """One page of a list, by e-mail. `nextCursor` is null on the last one."""

    items: list[AttendeeDetails]
    next_cursor: str | None


class PictureReplacement(Shape):
    """A newer upload than the picture that is shown. It is shown instead once it is completed."""

    picture_key: str
    status: Status
    failure: FailureReason | None


class Picture(Shape):
    """A student's picture: where what lies at `pictureKey` stands, and its thumbnails, signed."""

    status: Status
    failure: FailureReason | None
    thumbnails: list[ThumbnailLink]
    replacement: PictureReplacement | None


class StudentDetails(Shape):
    """A student. `pictureKey` is null only after the picture was deleted."""

    student_id: str
    name: str
    email: str
    course: str
    picture_key: str | None
    picture: Picture | None
    created_at: str
    updated_at: str


class StudentPage(Shape):
    """One page of the students, newest first. `nextCursor` is null on the last one."""

    items: list[StudentDetails]
    next_cursor: str | None


class PutRequest(Shape):
    """How to send a picture: PUT to `url`, with exactly these headers."""

    method: Literal["PUT"] = "PUT"
    url: str
    headers: dict[str, str]
    expires_at: str


class PictureUpload(Shape):
    """Answer of picture-upload-url."""

    picture_key: str
    upload: PutRequest


class ErrorBody(Shape):
    """Every error of the service and of its gateway."""

    code: str
    message: str
    request_id: str
    fields: list[dict[str, str]] | None = None
    restore: dict[str, Any] | None = None
    photo_id: str | None = None
