"""The purge queue: deletes the next batch of what is left of a deleted event."""

from typing import Any

from photodrop import queue_handler
from photodrop.aws.messages import PurgeEvent
from photodrop.domain import event_deletion


def process_message(message: dict[str, Any]) -> None:
    """Delete the next attendees and photos of the one event that a message names."""
    event_deletion.purge_batch(PurgeEvent.read(message))


handler = queue_handler.handler(process_message)
