"""Purging a deleted event: its attendees and photos, in batches.

Each message of the purge queue deletes one batch and sends the next message, until nothing is left,
so that an event of any size is purged without a timeout. Every step can be repeated.
"""

import time
from itertools import chain, islice

from aws_lambda_powertools.metrics import MetricUnit

from photodrop.aws.messages import PurgeEvent
from photodrop.aws.tables import (
    ATTENDEE_ROWS,
    EVENT_ROW,
    Attendee,
    Event,
    Photo,
    event_scope,
    list_keys,
)
from photodrop.domain.photo_deletion import delete as delete_photo
from photodrop.observability import logger, metrics

MAX_BATCH = 200
"""How many attendees and photos one message deletes at most."""

BATCH_SECONDS = 60
"""After this time a batch ends early. It is half of the function's timeout."""

LAST_CHECK_DELAY_SECONDS = 60
"""The last check waits for this long: uploads that were begun just before the event was deleted may
reach the index a little later."""


def purge_batch(message: PurgeEvent) -> None:
    """Delete the next attendees and photos of a deleted event, and send the next message.

    When nothing is left, one last message checks that again a little later, and then deletes the
    event's row.
    """
    event_id, correlation_id = message.event_id, message.correlation_id
    logger.set_correlation_id(correlation_id)
    logger.append_keys(event_id=event_id)
    try:
        event = Event.get(event_id, EVENT_ROW, consistent_read=True)
    except Event.DoesNotExist:
        return  # another delivery has purged everything
    if not event.is_deleting:
        raise ValueError("This event is not being deleted.")
    removed = _purge_attendees(event_id, MAX_BATCH)
    if event.photos_become == "deleted" and removed < MAX_BATCH:
        removed += _purge_photos(event_id, MAX_BATCH - removed)
    if removed:
        logger.info("Batch of the event purged", removed=removed)
        PurgeEvent(event_id, correlation_id).send()
    elif not message.is_last_check:
        last = PurgeEvent(event_id, correlation_id, is_last_check=True)
        last.send(delay_seconds=LAST_CHECK_DELAY_SECONDS)
    else:
        event.delete()
        logger.info("Event purged")
        metrics.add_metric(name="EventsPurged", unit=MetricUnit.Count, value=1)


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
    lists = (Photo.by_event.query(key, limit=limit) for key in list_keys(event_scope(event_id)))
    for photo in islice(chain.from_iterable(lists), limit):
        delete_photo(photo)
        removed += 1
        if time.monotonic() > end:
            break
    metrics.add_metric(name="PhotosPurged", unit=MetricUnit.Count, value=removed)
    return removed
