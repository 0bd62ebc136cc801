"""Events: creating, editing and listing them, and registering who attends."""

import heapq
import re
import uuid
from collections.abc import Iterator
from itertools import groupby, islice

from pynamodb.exceptions import PutError, UpdateError

from photodrop import cursors, membership
from photodrop.access import Caller
from photodrop.errors import EventNotFoundError, ForbiddenError
from photodrop.models import (
    ATTENDEE_ROWS,
    Attendee,
    Event,
    attendee_row,
    now_iso,
    organizer_member,
)
from photodrop.schemas import (
    AttendeeDetails,
    AttendeePage,
    CreateEvent,
    EditEvent,
    EventDetails,
    EventPage,
)

_BATCH = 50
"""Events looked up at once: with the caller's attendance of each, a hundred rows."""

_EMAIL_POSITION = re.compile(r"\S{3,254}")


def create(caller: Caller, wish: CreateEvent) -> Event:
    """Create an event with the caller as its organizer.

    Raises ForbiddenError unless they are in the organizers group.
    """
    if not caller.is_organizer:
        raise ForbiddenError("Only members of the organizers group may create events.")
    event_id, created_at = str(uuid.uuid4()), now_iso()
    event = Event(
        event_id,
        member=organizer_member(caller.user_id),
        list_order=f"{created_at}#{event_id}",
        name=wish.name,
        description=wish.description,
        starts_at=wish.starts_at,
        organizer_id=caller.user_id,
        created_at=created_at,
    )
    event.save()
    return event


def edit(event: Event, wish: EditEvent) -> None:
    """Change the fields of an event that `wish` names, and no others.

    Raises EventNotFoundError when the event is deleted in the meantime.
    """
    changes = {name: getattr(wish, name) for name in wish.model_fields_set}
    if not changes:
        return
    actions = [
        getattr(Event, name).remove() if value is None else getattr(Event, name).set(value)
        for name, value in changes.items()
    ]
    try:
        event.update(actions, Event.row.exists() & Event.photos_become.does_not_exist())
    except UpdateError as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            raise EventNotFoundError from None
        raise


def list_events(caller: Caller, *, limit: int, cursor: str | None) -> EventPage:
    """Return one page of the events that the caller organizes or attends, newest first.

    One Query for either kind, and one look-up that leaves out what the index still has and the
    caller no more. Raises InvalidRequestError for a cursor that no list gave out.
    """
    position = cursors.decode(cursor) if cursor else None
    # One more than asked for: it tells whether there is a next page.
    found = list(islice(_visible(caller, position, limit + 1), limit + 1))
    page = found[:limit]
    return EventPage(
        items=[describe(event) for event in page],
        next_cursor=cursors.encode(page[-1].list_order) if len(found) > limit else None,
    )


def _visible(caller: Caller, position: str | None, wanted: int) -> Iterator[Event]:
    """Give the caller's events before a position, newest first; `wanted` will probably be read."""
    members = [organizer_member(caller.user_id)]
    if caller.email:
        members.append(attendee_row(caller.email))
    older = Event.list_order < position if position else None
    lists = (
        Event.by_member.query(member, older, scan_index_forward=False, page_size=wanted)
        for member in members
    )
    merged = heapq.merge(*lists, key=lambda row: row.list_order, reverse=True)
    # An organizer may attend their own event: it is listed once.
    event_ids = (event_id for event_id, _ in groupby(merged, key=lambda row: row.event_id))
    while batch := list(islice(event_ids, min(wanted, _BATCH))):
        memberships = membership.find_all(caller, batch)
        yield from (memberships[event_id].event for event_id in batch if event_id in memberships)


def describe(event: Event) -> EventDetails:
    """Return what a member of the event sees."""
    return EventDetails(
        event_id=event.event_id,
        name=event.name,
        description=event.description,
        starts_at=event.starts_at,
        organizer_id=event.organizer_id,
        created_at=event.created_at,
    )


def register(event: Event, email: str) -> AttendeeDetails:
    """Let the user with this verified e-mail attend. Registering again changes nothing."""
    attendee = Attendee(
        event.event_id,
        attendee_row(email),
        member=attendee_row(email),
        list_order=event.list_order,
        email=email,
        registered_at=now_iso(),
    )
    try:
        attendee.save(Attendee.row.does_not_exist())
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        try:
            attendee = Attendee.get(event.event_id, attendee.row, consistent_read=True)
        except Attendee.DoesNotExist:
            return register(event, email)  # removed since: they are registered anew
    return _describe_attendee(attendee)


def remove(event: Event, email: str) -> None:
    """End somebody's attendance, at once. Their photos stay. Removing again changes nothing."""
    Attendee(event.event_id, attendee_row(email)).delete()


def list_attendees(event: Event, *, limit: int, cursor: str | None) -> AttendeePage:
    """Return one page of those who attend, by their e-mails.

    One Query. Raises InvalidRequestError for a cursor that no list gave out.
    """
    start = None
    if cursor:
        row = attendee_row(cursors.decode(cursor, _EMAIL_POSITION))
        start = {"eventId": {"S": event.event_id}, "row": {"S": row}}
    # One more than asked for: it tells whether there is a next page.
    found = list(
        Attendee.query(
            event.event_id,
            Attendee.row.startswith(ATTENDEE_ROWS),
            consistent_read=True,
            limit=limit + 1,
            last_evaluated_key=start,
        )
    )
    page = found[:limit]
    return AttendeePage(
        items=[_describe_attendee(attendee) for attendee in page],
        next_cursor=cursors.encode(page[-1].email) if len(found) > limit else None,
    )


def _describe_attendee(attendee: Attendee) -> AttendeeDetails:
    return AttendeeDetails(email=attendee.email, registered_at=attendee.registered_at)
