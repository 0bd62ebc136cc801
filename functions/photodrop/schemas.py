"""The shapes of requests and responses: they validate, and they describe the API."""

import base64
import binascii
import re
import unicodedata
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from urllib.parse import unquote

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from photodrop import file_types, strict_json
from photodrop.status import Status

MAX_TAGS = 20
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Not allowed in any text: everything below space, except tab and line breaks."""

_ATOM = r"[^\s@\x00-\x1f\x7f<>()\[\]\\,;:\"%.]+"
_LABEL = r"[^\W_](?:[^\W_]|-){0,62}(?<!-)"
EMAIL = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}")
"""An address as RFC 5321 and 6531 have it, without quoted names and bare IP addresses."""
MAX_EMAIL_BYTES = 254
"""RFC 5321, 4.5.3.1.3, without the angle brackets."""

_UUID_PREFIX = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-(?=.)")


class Shape(BaseModel):
    """Base of all shapes: camelCase outside, snake_case inside, unknown fields refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


def _plain_text(text: str) -> str:
    if CONTROL_CHARACTERS.search(text):
        raise ValueError("must not contain control characters")
    return unicodedata.normalize("NFC", text).strip()


def _file_name(name: str) -> str:
    name = _plain_text(name)
    if not name or name in {".", ".."} or re.search(r"[/\\\r\n\t]", name):
        raise ValueError("must be the name of a file, without folders")
    return name


def _tag(tag: str) -> str:
    """Normalise: `  Été  2024 ` and `été 2024` are one tag."""
    tag = " ".join(_plain_text(tag).split()).casefold()
    if not tag:
        raise ValueError("must not be empty")
    return unicodedata.normalize("NFC", tag)


def _email(address: str) -> str:
    address = address.strip().lower()
    if not EMAIL.fullmatch(address) or len(address.encode()) > MAX_EMAIL_BYTES:
        raise ValueError("must be an e-mail address")
    return address


def _unique(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


def _sha256(checksum: str) -> str:
    """Accept the digest in hex or base64; return base64, as S3 wants it."""
    try:
        digest = (
            bytes.fromhex(checksum)
            if len(checksum) == 64
            else base64.b64decode(checksum, validate=True)
        )
    except (ValueError, binascii.Error):
        digest = b""
    if len(digest) != 32:
        raise ValueError("must be a SHA-256 digest in hex or base64")
    return base64.b64encode(digest).decode()


def _name(name: str) -> str:
    name = " ".join(_plain_text(name).split())
    if not name:
        raise ValueError("must not be empty")
    return name


def _moment(text: str) -> str:
    """Keep a moment as it was written: the offset tells of the place."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not text.isascii():
        raise ValueError("must be ISO 8601 with an offset, as in 2026-05-01T18:00:00+02:00")
    return text


def _path_email(text: str) -> str:
    """Decode an e-mail address of a path, which gateways may have decoded before."""
    return _email(unquote(text, errors="strict"))


def _given(text: Any) -> Any:
    """Read what clients write for nothing, when they make text of it, as nothing."""
    return None if text in ("", "null", "undefined") else text


def _tag_list(text: Any) -> Any:
    """Read tags from a form's one text field: a JSON array, or words with commas between."""
    text = _given(text)
    if not isinstance(text, str):
        return text
    if text.startswith("["):
        try:
            return strict_json.loads(text)
        except ValueError:
            raise ValueError("must be a JSON array, or words with commas between") from None
    return [tag for tag in text.split(",") if tag.strip()]


def _split(text: Any) -> Any:
    """Read a list from a query parameter: values with commas between."""
    return text.split(",") if isinstance(text, str) else text


Title = Annotated[str, Field(max_length=200), AfterValidator(_plain_text)]
Description = Annotated[str, Field(max_length=5000), AfterValidator(_plain_text)]
Name = Annotated[str, Field(max_length=200), AfterValidator(_name)]
Email = Annotated[str, AfterValidator(_email)]
Tag = Annotated[str, Field(max_length=50), AfterValidator(_tag)]
Tags = Annotated[
    list[Tag],
    Field(max_length=MAX_TAGS),
    AfterValidator(_unique),
]


GivenText = Annotated[str | None, Field(max_length=1024), BeforeValidator(_given)]
GivenTitle = Annotated[Title | None, BeforeValidator(_given)]
GivenDescription = Annotated[Description | None, BeforeValidator(_given)]
GivenTags = Annotated[Tags | None, BeforeValidator(_tag_list)]
GivenSize = Annotated[int | None, Field(ge=1), BeforeValidator(_given)]
GivenPartSize = Annotated[
    int | None, Field(ge=5 * 1024**2, le=5 * 1024**3), BeforeValidator(_given)
]
GivenChecksum = Annotated[Annotated[str, AfterValidator(_sha256)] | None, BeforeValidator(_given)]
GivenPartChecksums = Annotated[Literal["sha256"] | None, BeforeValidator(_given)]
"""Fields of an upload's metadata, which clients may send as text whatever they are."""

FileName = Annotated[str, Field(max_length=255), AfterValidator(_file_name)]
PartNumber = Annotated[int, Field(ge=1, le=10_000)]
Key = Annotated[str, Field(min_length=1, max_length=1024)]
UploadId = Annotated[str, Field(max_length=1024, pattern=r"^[A-Za-z0-9._~-]+$")]
"""As S3 has them: "unique URL-ready strings". What else came would be an error of S3's own."""
GivenUploadId = Annotated[UploadId | None, BeforeValidator(_given)]
PartNumbers = Annotated[
    list[PartNumber], Field(min_length=1, max_length=1000), BeforeValidator(_split)
]
Checksums = Annotated[
    list[Annotated[str, AfterValidator(_sha256)]], Field(max_length=1000), BeforeValidator(_split)
]
EventName = Name
Moment = Annotated[str, Field(max_length=40), AfterValidator(_moment)]
PathEmail = Annotated[str, Field(max_length=3 * MAX_EMAIL_BYTES), AfterValidator(_path_email)]


class InitiateUpload(Shape):
    """Body of initiate-upload."""

    file_name: FileName = Field(examples=["sunset.jpg"])
    content_type: str = Field(examples=["image/jpeg"])
    size_bytes: int = Field(ge=1, strict=True, description="Exact size of the file in bytes")
    title: Title | None = None
    description: Description | None = None
    tags: Tags = []
    checksum_sha256: Annotated[str, AfterValidator(_sha256)] | None = Field(
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


class UploadMetadata(Shape):
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


class CreateMultipartUpload(Shape):
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

    PartNumber: Annotated[int, Field(ge=1, le=10_000)]
    ETag: Annotated[str, Field(min_length=1, max_length=200)]


class CompleteMultipartUpload(Shape):
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


class SignRequest(Shape):
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
            self.file_name = _file_name(_UUID_PREFIX.sub("", self.key.rpartition("/")[2])[-255:])
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


class EditPhoto(Shape):
    """Body of a PATCH: only what it names is changed; null clears a title or a description."""

    title: Title | None = None
    description: Description | None = None
    tags: Tags | None = None


class ReportStatus(Shape):
    """Body of PUT status: what the client says became of its upload."""

    status: Literal["uploaded", "failed"]
    reason: Annotated[str, Field(max_length=500), AfterValidator(_plain_text)] | None = None


class WriteStudent(Shape):
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


class RestorePhoto(Shape):
    """Body of restore: how fast, and for how many days it can then be read."""

    tier: Literal["Expedited", "Standard", "Bulk"]
    days: int = Field(ge=1, le=30, strict=True)


class RestoredPhoto(Shape):
    """Answer of restore."""

    photo_id: str
    storage_class: str
    restore: RestoreState | None


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


class CreateEvent(Shape):
    """Body of POST /events."""

    name: EventName = Field(examples=["Summer party"])
    description: Description | None = None
    starts_at: Moment | None = Field(default=None, examples=["2026-05-01T18:00:00+02:00"])


class EditEvent(Shape):
    """Body of a PATCH: only what it names is changed; null clears all but the name."""

    name: EventName = ""
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
