"""Deleting an event: at once for everybody, while what is left of it is purged in batches.

The event's row stays while its attendees and photos are deleted. It is marked, so that nobody sees
the event and a repeated message knows what was asked for. Each message purges one batch and sends
the next message, until nothing is left: no number of photos runs into a timeout. Every step may be
repeated.
"""

import time
from typing import Literal

from aws_lambda_powertools.metrics import MetricUnit
from pynamodb.exceptions import UpdateError

from photodrop.aws.messages import PurgeEvent
from photodrop.aws.tables import (
    ATTENDEE_ROWS,
    EVENT_ROW,
    Attendee,
    Event,
    Photo,
    event_scope,
    list_key,
)
from photodrop.domain.callers import Caller
from photodrop.domain.membership import find_organized
from photodrop.domain.photos import delete as delete_photo
from photodrop.errors import EventNotFoundError
from photodrop.observability import logger, metrics

BATCH = 200
"""Rows or photos that one message deletes at most."""

BATCH_SECONDS = 60
"""After so long it leaves the rest to the next message: half of the function's timeout."""

LAST_LOOK_SECONDS = 60
"""What was begun before the event was deleted has arrived, and in the index, by then."""


def begin(
    caller: Caller, event_id: str, photos: Literal["keep", "delete"], *, correlation_id: str
) -> Literal["kept", "deleted"]:
    """Delete an event that the caller organizes: from now on nobody finds it.

    Its photos are kept by their owners, or deleted as well: returns which. Deleting again while
    the event is purged returns what the first call asked for. Raises EventNotFoundError, or
    ForbiddenError for an event that the caller attends.
    """
    event = find_organized(caller, event_id, also_deleted=True)
    if event.photos_become is None:
        _mark(event, "kept" if photos == "keep" else "deleted")
    # Also the second time: the first call may have been cut off before it sent the message.
    PurgeEvent(event_id, correlation_id).send()
    return "kept" if event.photos_become == "kept" else "deleted"


def purge_batch(message: PurgeEvent) -> None:
    """Delete the next attendees and photos of a deleted event, and send the next message.

    When nothing is left, a last message comes a little later; then the event's row is deleted too.
    """
    event_id, correlation_id = message.event_id, message.correlation_id
    logger.set_correlation_id(correlation_id)
    logger.append_keys(event_id=event_id)
    try:
        event = Event.get(event_id, EVENT_ROW, consistent_read=True)
    except Event.DoesNotExist:
        return  # another delivery has done everything
    if event.photos_become is None:
        raise ValueError("This event is not being deleted.")
    removed = _purge_attendees(event_id, BATCH)
    if event.photos_become == "deleted" and removed < BATCH:
        removed += _purge_photos(event_id, BATCH - removed)
    if removed:
        logger.info("Batch of the event purged", removed=removed)
        PurgeEvent(event_id, correlation_id).send()
    elif not message.last_look:
        last = PurgeEvent(event_id, correlation_id, last_look=True)
        last.send(delay_seconds=LAST_LOOK_SECONDS)
    else:
        event.delete()
        logger.info("Event purged")
        metrics.add_metric(name="EventsPurged", unit=MetricUnit.Count, value=1)


def _mark(event: Event, photos_become: str) -> None:
    """Mark an event as being deleted, unless another call has marked it already."""
    try:
        event.update(
            [Event.photos_become.set(photos_become), Event.member.remove()],
            Event.row.exists() & Event.photos_become.does_not_exist(),
        )
    except UpdateError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        try:
            event.refresh(consistent_read=True)
        except Event.DoesNotExist:
            raise EventNotFoundError from None


def _purge_attendees(event_id: str, limit: int) -> int:
    found = Attendee.query(
        event_id, Attendee.row.startswith(ATTENDEE_ROWS), consistent_read=True, limit=limit
    )
    removed = 0
    with Attendee.batch_write() as batch:
        for attendee in found:
            batch.delete(attendee)
            removed += 1
    return removed


def _purge_photos(event_id: str, limit: int) -> int:
    end = time.monotonic() + BATCH_SECONDS
    removed = 0
    for photo in Photo.by_event.query(list_key(event_scope(event_id)), limit=limit):
        delete_photo(photo)
        removed += 1
        if time.monotonic() > end:
            break
    metrics.add_metric(name="PhotosPurged", unit=MetricUnit.Count, value=removed)
    return removed
