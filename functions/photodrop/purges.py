"""Deleting an event: at once for everybody, and in pieces for what is left of it.

The event's row stays while its attendees and photos are removed, marked, so that nobody sees the
event and a repeated message knows what was asked for. Each message removes so much and asks for the
next, until nothing is left: no number of photos runs into a timeout. All of it may happen twice.
"""

import json
import time
from typing import Literal

from aws_lambda_powertools.metrics import MetricUnit
from pynamodb.exceptions import UpdateError

from photodrop import changes, clients
from photodrop.access import Caller
from photodrop.config import settings
from photodrop.errors import EventNotFoundError
from photodrop.membership import find_organized
from photodrop.models import (
    ATTENDEE_ROWS,
    EVENT_ROW,
    Attendee,
    Event,
    Photo,
    event_place,
    list_key,
)
from photodrop.observability import logger, metrics
from photodrop.schemas import DeletedEvent

BATCH = 200
"""Rows or photos that one message removes at most."""

BATCH_SECONDS = 60
"""After so long it leaves the rest to the next message: half of the function's timeout."""

LAST_LOOK_SECONDS = 60
"""What was begun before the event was deleted has arrived, and in the index, by then."""

_sqs = clients.sqs()


def begin(
    caller: Caller, event_id: str, photos: Literal["keep", "delete"], *, correlation_id: str
) -> DeletedEvent:
    """Delete an event that the caller organizes: from now on it is nobody's.

    Its photos are kept by their owners, or deleted as well. Deleting again while that goes on is
    answered in the same way: the first word on the photos holds. Raises EventNotFoundError, or
    ForbiddenError for an event that the caller attends.
    """
    event = find_organized(caller, event_id, also_deleted=True)
    if event.photos_become is None:
        _mark(event, "kept" if photos == "keep" else "deleted")
    # Also the second time: the first may have been cut off before it could ask.
    _ask(event_id, correlation_id, last_look=False)
    return DeletedEvent(
        event_id=event_id,
        status="deleting",
        photos="kept" if event.photos_become == "kept" else "deleted",
    )


def go_on(event_id: str, correlation_id: str, *, last_look: bool) -> None:
    """Remove the next attendees and photos of an event that is being deleted, and ask to go on.

    When nothing is left, the last look comes a little later; then the event's row goes too.
    """
    logger.set_correlation_id(correlation_id)
    logger.append_keys(event_id=event_id)
    try:
        event = Event.get(event_id, EVENT_ROW, consistent_read=True)
    except Event.DoesNotExist:
        return  # another delivery has done all
    if event.photos_become is None:
        raise ValueError("This event is not being deleted.")
    removed = _remove_attendees(event_id, BATCH)
    if event.photos_become == "deleted" and removed < BATCH:
        removed += _remove_photos(event_id, BATCH - removed)
    if removed:
        logger.info("Event was purged of some", removed=removed)
        _ask(event_id, correlation_id, last_look=False)
    elif not last_look:
        _ask(event_id, correlation_id, last_look=True)
    else:
        event.delete()
        logger.info("Event purged")
        metrics.add_metric(name="EventsPurged", unit=MetricUnit.Count, value=1)


def _mark(event: Event, photos_become: str) -> None:
    """Mark an event as being deleted, unless somebody was faster: then it is as they marked it."""
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


def _ask(event_id: str, correlation_id: str, *, last_look: bool) -> None:
    message = {"eventId": event_id, "correlationId": correlation_id, "lastLook": last_look}
    _sqs.send_message(
        QueueUrl=settings().purge_queue_url,
        MessageBody=json.dumps(message),
        DelaySeconds=LAST_LOOK_SECONDS if last_look else 0,
    )


def _remove_attendees(event_id: str, limit: int) -> int:
    found = Attendee.query(
        event_id, Attendee.row.startswith(ATTENDEE_ROWS), consistent_read=True, limit=limit
    )
    removed = 0
    with Attendee.batch_write() as batch:
        for attendee in found:
            batch.delete(attendee)
            removed += 1
    return removed


def _remove_photos(event_id: str, limit: int) -> int:
    end = time.monotonic() + BATCH_SECONDS
    removed = 0
    for photo in Photo.by_event.query(list_key(event_place(event_id)), limit=limit):
        changes.delete(photo)
        removed += 1
        if time.monotonic() > end:
            break
    metrics.add_metric(name="PhotosPurged", unit=MetricUnit.Count, value=removed)
    return removed
