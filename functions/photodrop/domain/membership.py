"""Who belongs to an event: its organizer, and the attendees registered by their e-mail."""

from collections.abc import Iterable
from dataclasses import dataclass

from photodrop import keys
from photodrop.aws.tables import EVENT_ROW, Event, attendee_row
from photodrop.domain.callers import Caller
from photodrop.errors import EventNotFoundError, ForbiddenError


@dataclass(frozen=True, slots=True)
class Membership:
    """An event, and what the caller is to it."""

    event: Event
    is_organizer: bool
    """Otherwise they are an attendee."""


def find(caller: Caller, event_id: str, *, include_deleted: bool = False) -> Membership:
    """Return an event that the caller organizes or attends. `include_deleted`: see `find_all`.

    Raises EventNotFoundError for any other event, whether it exists or not.
    """
    try:
        return find_all(caller, [event_id], include_deleted=include_deleted)[event_id]
    except KeyError:
        raise EventNotFoundError from None


def require(caller: Caller, event_id: str | None) -> None:
    """Raise EventNotFoundError unless the caller belongs to the event. Accepts None: no event."""
    if event_id is not None:
        find(caller, event_id)


def find_organized(caller: Caller, event_id: str, *, include_deleted: bool = False) -> Event:
    """Return an event that the caller organizes. `include_deleted`: see `find_all`.

    Raises EventNotFoundError, or ForbiddenError for one that they attend.
    """
    membership = find(caller, event_id, include_deleted=include_deleted)
    if not membership.is_organizer:
        raise ForbiddenError("Only its organizer may do this to an event.")
    return membership.event


def find_all(
    caller: Caller, event_ids: Iterable[str], *, include_deleted: bool = False
) -> dict[str, Membership]:
    """Return those of the events that the caller organizes or attends, by their ids.

    One consistent BatchGetItem for each hundred rows, so that removing an attendee has effect at
    once. An event that is being deleted is found only by its organizer, and only with
    `include_deleted`.
    """
    ids = [event_id for event_id in event_ids if keys.is_id(event_id)]
    wanted = [(event_id, EVENT_ROW) for event_id in ids]
    if caller.email:
        wanted += [(event_id, attendee_row(caller.email)) for event_id in ids]
    # PynamoDB returns the rows of attendees as events too. Only their keys are used.
    rows = {(row.event_id, row.row): row for row in Event.batch_get(wanted, consistent_read=True)}
    found = {}
    for event_id in ids:
        event = rows.get((event_id, EVENT_ROW))
        if event is None:
            continue
        is_organizer = event.organizer_id == caller.user_id
        if event.is_deleting and not (include_deleted and is_organizer):
            continue
        attends = caller.email and (event_id, attendee_row(caller.email)) in rows
        if is_organizer or attends:
            found[event_id] = Membership(event, is_organizer)
    return found
