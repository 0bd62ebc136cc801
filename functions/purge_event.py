"""The purge queue: deletes what belongs to a deleted event, one batch for each message."""

from typing import Any

from photodrop import queue_handler
from photodrop.aws.messages import PurgeEvent
from photodrop.domain import event_purge


def process_message(message: dict[str, Any]) -> None:
    """Purge one batch of the event that the message names."""
    event_purge.purge_batch(PurgeEvent.read(message))


handler = queue_handler.handler(process_message)
