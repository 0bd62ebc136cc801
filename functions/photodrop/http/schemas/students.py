"""Students and their pictures."""

from pydantic import Field

from photodrop.http.fields import Email, Name
from photodrop.http.schemas.base import RequestSchema, Schema
from photodrop.http.schemas.photos import FailureReason, ThumbnailLink
from photodrop.http.schemas.uploads import PutRequest
from photodrop.status import Status


class WriteStudent(RequestSchema):
    """Body of POST and PUT: all that is written of a student."""

    name: Name
    email: Email = Field(examples=["grace@example.com"])
    course: Name


class PictureReplacement(Schema):
    """A newer upload than the picture that is shown. It is shown instead once it is completed."""

    picture_key: str
    status: Status
    failure: FailureReason | None


class Picture(Schema):
    """A student's picture: where what lies at `pictureKey` stands, and its thumbnails, signed."""

    status: Status
    failure: FailureReason | None
    thumbnails: list[ThumbnailLink]
    replacement: PictureReplacement | None


class StudentDetails(Schema):
    """A student. `pictureKey` is null only after the picture was deleted."""

    student_id: str
    name: str
    email: str
    course: str
    picture_key: str | None
    picture: Picture | None
    created_at: str
    updated_at: str


class StudentPage(Schema):
    """One page of the students, newest first. `nextCursor` is null on the last one."""

    items: list[StudentDetails]
    next_cursor: str | None


class PictureUpload(Schema):
    """Answer of picture-upload-url."""

    picture_key: str
    upload: PutRequest
