"""Deleting an event: nobody sees it any more at once, and `event_purge` deletes the rest.

The event's row is marked as being deleted, with what becomes of its photos. It is itself deleted
last.
"""

from typing import Literal

from pynamodb.expressions.update import Action

from photodrop.aws.messages import PurgeEvent
from photodrop.aws.tables import Event
from photodrop.aws.tables.connection import write_if
from photodrop.domain.callers import Caller
from photodrop.domain.membership import find_organized


def begin(
    caller: Caller, event_id: str, photos: Literal["keep", "delete"], *, correlation_id: str
) -> Literal["kept", "deleted"]:
    """Begin to delete an event that the caller organizes. From now on nobody finds it.

    Returns whether its owners keep its photos, or they are deleted too. A repeated call returns
    what the first one chose. Raises EventNotFoundError, or ForbiddenError for an event that the
    caller attends.
    """
    event = find_organized(caller, event_id, include_deleted=True)
    if not event.is_deleting and not _mark(event, "kept" if photos == "keep" else "deleted"):
        event = find_organized(caller, event_id, include_deleted=True)
    # A repeated call sends the message too: the first one may have been cut off before it did.
    PurgeEvent(event_id, correlation_id).send()
    return "kept" if event.photos_become == "kept" else "deleted"


def _mark(event: Event, photos_become: str) -> bool:
    """Mark an event as being deleted. Returns False if another call has marked it already."""
    actions: list[Action] = [Event.photos_become.set(photos_become), Event.member.remove()]
    return write_if(lambda: event.update(actions, Event.is_kept()))
