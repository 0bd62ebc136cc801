"""Events: creating, editing and listing them, and registering who attends."""

import heapq
import re
import uuid
from collections.abc import Iterator, Mapping
from itertools import groupby, islice

from photodrop.aws.tables import (
    ATTENDEE_ROWS,
    Attendee,
    Event,
    attendee_row,
    organizer_member,
)
from photodrop.aws.tables.connection import write_if
from photodrop.clock import now_iso
from photodrop.domain import membership, paging
from photodrop.domain.callers import Caller
from photodrop.domain.paging import Page
from photodrop.errors import EventNotFoundError, ForbiddenError

_BATCH = 50
"""How many events are read in one request. With the caller's attendance of each, that is a hundred
rows, which is the limit of BatchGetItem."""

_EMAIL_POSITION = re.compile(r"\S{3,254}")


def create(caller: Caller, *, name: str, description: str | None, starts_at: str | None) -> Event:
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
        name=name,
        description=description,
        starts_at=starts_at,
        organizer_id=caller.user_id,
        created_at=created_at,
    )
    event.save()
    return event


def edit(event: Event, changes: Mapping[str, str | None]) -> None:
    """Set `name`, `description` and `starts_at` of an event, or some of them; None removes one.

    Raises EventNotFoundError when the event is deleted in the meantime.
    """
    if not changes:
        return
    actions = [
        getattr(Event, name).remove() if value is None else getattr(Event, name).set(value)
        for name, value in changes.items()
    ]
    if not write_if(lambda: event.update(actions, Event.is_kept())):
        raise EventNotFoundError


def list_events(caller: Caller, *, limit: int, cursor: str | None) -> Page[Event]:
    """Return one page of the events that the caller organizes or attends, newest first.

    One Query for each of the two lists, and one consistent read that leaves out events that the
    caller has just left, while the index still has them. Raises InvalidRequestError for a cursor
    that no list returned.
    """
    position = paging.decode(cursor) if cursor else None
    found = _iterate(caller, position, limit + 1)
    return paging.read_page(found, limit, lambda event: str(event.list_order))


def _iterate(caller: Caller, position: str | None, count: int) -> Iterator[Event]:
    """Yield the caller's events before a position, newest first.

    `count` is about how many the caller of this function will read.
    """
    members = [organizer_member(caller.user_id)]
    if caller.email:
        members.append(attendee_row(caller.email))
    older = Event.list_order < position if position else None
    lists = (
        Event.by_member.query(member, older, scan_index_forward=False, page_size=count)
        for member in members
    )
    merged = heapq.merge(*lists, key=lambda row: row.list_order, reverse=True)
    # An organizer may attend their own event: it is listed once.
    event_ids = (event_id for event_id, _ in groupby(merged, key=lambda row: row.event_id))
    while batch := list(islice(event_ids, min(count, _BATCH))):
        memberships = membership.find_all(caller, batch)
        yield from (memberships[event_id].event for event_id in batch if event_id in memberships)


def register(event: Event, email: str) -> Attendee:
    """Let the user with this verified e-mail attend. Registering again changes nothing."""
    attendee = Attendee(
        event.event_id,
        attendee_row(email),
        member=attendee_row(email),
        list_order=event.list_order,
        email=email,
        registered_at=now_iso(),
    )
    if write_if(lambda: attendee.save(Attendee.row.does_not_exist())):
        return attendee
    try:
        return Attendee.get(event.event_id, attendee.row, consistent_read=True)
    except Attendee.DoesNotExist:
        return register(event, email)  # they were removed in the meantime


def remove(event: Event, email: str) -> None:
    """Remove an attendee at once. Their photos stay. Removing again changes nothing."""
    Attendee(event.event_id, attendee_row(email)).delete()


def list_attendees(event: Event, *, limit: int, cursor: str | None) -> Page[Attendee]:
    """Return one page of those who attend, by their e-mails.

    One Query. Raises InvalidRequestError for a cursor that no list returned.
    """
    start = None
    if cursor:
        row = attendee_row(paging.decode(cursor, _EMAIL_POSITION))
        start = {"eventId": {"S": event.event_id}, "row": {"S": row}}
    found = Attendee.query(
        event.event_id,
        Attendee.row.startswith(ATTENDEE_ROWS),
        consistent_read=True,
        limit=limit + 1,
        last_evaluated_key=start,
    )
    return paging.read_page(found, limit, lambda attendee: str(attendee.email))
