"""Events and who attends them."""

from typing import Literal

from pydantic import Field

from photodrop.http.fields import Description, Name, Timestamp
from photodrop.http.schemas.base import RequestSchema, Schema


class CreateEvent(RequestSchema):
    """Body of POST /events."""

    name: Name = Field(examples=["Summer party"])
    description: Description | None = None
    starts_at: Timestamp | None = Field(default=None, examples=["2026-05-01T18:00:00+02:00"])


class EditEvent(RequestSchema):
    """Body of a PATCH: only what it names is changed; null clears all but the name."""

    name: Name = Field(default_factory=str)
    description: Description | None = None
    starts_at: Timestamp | None = None


class EventDetails(Schema):
    """An event as its organizer and its attendees see it."""

    event_id: str
    name: str
    description: str | None
    starts_at: str | None
    organizer_id: str
    created_at: str


class EventPage(Schema):
    """One page of a list, newest first. `nextCursor` is null on the last one."""

    items: list[EventDetails]
    next_cursor: str | None


class DeletedEvent(Schema):
    """Answer of DELETE of an event: nobody sees it any more; what is left of it goes on its own."""

    event_id: str
    status: Literal["deleting"]
    photos: Literal["kept", "deleted"]


class AttendeeDetails(Schema):
    """Somebody who attends an event: whoever has verified this e-mail, in lower case."""

    email: str
    registered_at: str


class AttendeePage(Schema):
    """One page of a list, by e-mail. `nextCursor` is null on the last one."""

    items: list[AttendeeDetails]
    next_cursor: str | None
