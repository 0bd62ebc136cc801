"""The events table: events, those who attend, and events that were never purged to the end."""

from __future__ import annotations

import uuid
from typing import Any

from local.reconciliation import queues
from local.reconciliation.differences import Difference, Kind, Page, Rules
from photodrop.aws.messages import PurgeEvent
from photodrop.aws.tables import (
    ATTENDEE_ROWS,
    EVENT_ROW,
    Attendee,
    Event,
    attendee_row,
    organizer_member,
)
from photodrop.aws.tables.connection import write_if
from photodrop.config import settings

PAGE = 500


class Events:
    """Each event, with its attendees."""

    name = "events"

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def read_page(self, position: Any) -> Page:
        """Scan a page of the table. Attendees without an event in their page are read again."""
        found = Event.scan(limit=PAGE, page_size=PAGE, last_evaluated_key=position)
        rows = list(found)
        events = {row.event_id: row for row in rows if row.row == EVENT_ROW}
        suspects = [
            event_id
            for event_id in dict.fromkeys(row.event_id for row in rows)
            if event_id not in events or events[event_id].is_deleting
        ]
        suspects += [event_id for event_id, event in events.items() if _lists_differ(event)]
        suspects += [
            row.event_id
            for row in rows
            if row.event_id in events
            and row.row.startswith(ATTENDEE_ROWS)
            and (row.member, row.list_order) != (row.row, events[row.event_id].list_order)
        ]
        return Page(list(dict.fromkeys(suspects)), found.last_evaluated_key, len(rows))

    def examine(self, suspect: str) -> list[Difference]:
        """Read an event and its attendees again."""
        try:
            event = Event.get(suspect, EVENT_ROW, consistent_read=True)
        except Event.DoesNotExist:
            return _compare_attendees(suspect)
        if event.is_deleting:
            return _compare_purge(event)
        wrong = [row for row in _attendees(suspect) if _attendee_differs(row, event)]
        if not wrong and not _lists_differ(event):
            return []
        return [
            Difference(
                Kind.EVENT_LISTS_DIFFER,
                suspect,
                f"The event or {len(wrong)} attendees are in lists that do not fit the record.",
                lambda: _write_lists(event, wrong),
            )
        ]


def _compare_attendees(event_id: str) -> list[Difference]:
    attendees = _attendees(event_id)
    if not attendees:
        return []
    return [
        Difference(
            Kind.ATTENDEES_WITHOUT_EVENT,
            event_id,
            f"{len(attendees)} attendees of an event that does not exist.",
            lambda: _delete(attendees),
        )
    ]


def _compare_purge(event: Event) -> list[Difference]:
    """Find out whether a message says that an event is purged, until the event is gone."""
    purge_queue = settings().purge_queue_url
    dead_letters = queues.dead_letter_queue(purge_queue)
    if queues.waiting(purge_queue) or (dead_letters and queues.waiting(dead_letters)):
        return []
    try:
        event.refresh(consistent_read=True)
    except Event.DoesNotExist:
        return []
    return [
        Difference(
            Kind.EVENT_NOT_PURGED,
            event.event_id,
            "The event is being deleted, and no message says that it is purged.",
            lambda: _purge(event),
        )
    ]


def _delete(attendees: list[Attendee]) -> bool:
    for attendee in attendees:  # the id of an event that was deleted is never used again
        attendee.delete()
    return True


def _purge(event: Event) -> bool:
    PurgeEvent(event.event_id, str(uuid.uuid4())).send()
    return True


def _attendees(event_id: str) -> list[Attendee]:
    return list(
        Attendee.query(event_id, Attendee.row.startswith(ATTENDEE_ROWS), consistent_read=True)
    )


def _order(event: Event) -> str:
    return f"{event.created_at}#{event.event_id}"


def _lists_differ(event: Event) -> bool:
    wanted = None if event.is_deleting else organizer_member(event.organizer_id)
    return (event.member, event.list_order) != (wanted, _order(event))


def _attendee_differs(row: Attendee, event: Event) -> bool:
    expected = (attendee_row(row.email), attendee_row(row.email), _order(event))
    return (row.row, row.member, row.list_order) != expected


def _write_lists(event: Event, attendees: list[Attendee]) -> bool:
    order = Event.list_order.set(_order(event))
    member = Event.member.set(organizer_member(event.organizer_id))
    is_written = write_if(lambda: event.update([member, order], Event.is_kept()))
    return is_written and all(_write_attendee(row, event) for row in attendees)


def _write_attendee(row: Attendee, event: Event) -> bool:
    """Write the lists of an attendee, unless they were removed in the meantime."""
    order, member = Attendee.list_order.set(_order(event)), Attendee.member.set(row.row)
    return write_if(lambda: row.update([member, order], Attendee.row.exists()))
