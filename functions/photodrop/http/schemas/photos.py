"""Photos, as requests change them and as viewers see them."""

from typing import Literal

from pydantic import Field

from photodrop.http.fields import Description, Reason, Tags, Title
from photodrop.http.schemas.base import RequestSchema, Schema
from photodrop.status import Status


class EditPhoto(RequestSchema):
    """Body of a PATCH: only what it names is changed; null clears a title or a description."""

    title: Title | None = None
    description: Description | None = None
    tags: Tags | None = None


class ReportStatus(RequestSchema):
    """Body of PUT status: what the client says became of its upload."""

    status: Literal["uploaded", "failed"]
    reason: Reason | None = None


class FailureReason(Schema):
    """Why a photo failed."""

    code: str
    message: str


class ThumbnailsMissing(Schema):
    """Why a completed video has no thumbnails."""

    code: str
    message: str


class ThumbnailLink(Schema):
    """One thumbnail, signed. `size` is the longest side asked for."""

    size: int
    width: int
    height: int
    content_type: str
    url: str
    expires_at: str


class Thumbnail(Schema):
    """Answer of a thumbnail on demand, signed."""

    url: str
    width: int
    height: int
    content_type: str
    expires_at: str


class ThumbnailInWork(Schema):
    """Answer of a thumbnail on demand that takes longer: ask again at `location`, in a while."""

    status: Literal["processing"] = "processing"
    retry_after_seconds: int
    location: str = Field(description="Path and query, below the API's base URL")


class RestoreState(Schema):
    """How far the restoring of an archived original is, and until when it can be read then."""

    status: Literal["ongoing", "completed"]
    expires_at: str | None


class RestorePhoto(RequestSchema):
    """Body of restore: how fast, and for how many days it can then be read."""

    tier: Literal["Expedited", "Standard", "Bulk"]
    days: int = Field(ge=1, le=30, strict=True)


class RestoredPhoto(Schema):
    """Answer of restore."""

    photo_id: str
    storage_class: str
    restore: RestoreState | None


class RetriedPhoto(Schema):
    """A photo that is processed again: where it stands now."""

    photo_id: str
    status: Status


class RetriedPhotos(Schema):
    """Answer of retrying all photos that failed by our fault: those that this call took on."""

    items: list[RetriedPhoto]
    more: bool


class PhotoDetails(Schema):
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
    image_url: str | None = Field(
        description=(
            "Where CloudFront delivers: the link to the picture in any size. Replace {variant} "
            "by a size and options, as 640x480,fit=cover,gravity=auto,format=auto"
        )
    )
    thumbnails_missing: ThumbnailsMissing | None
    storage_class: str
    restore: RestoreState | None
    created_at: str
    updated_at: str


class PhotoPage(Schema):
    """One page of a list, newest first. `nextCursor` is null on the last one."""

    items: list[PhotoDetails]
    next_cursor: str | None


class ViewUrl(Schema):
    """A signed URL to an original."""

    url: str
    expires_at: str
