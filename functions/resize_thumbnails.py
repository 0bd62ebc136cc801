"""The thumbnails queue: makes all thumbnails of a verified photo, or a single one on demand."""

from typing import Any

from photodrop import queue_handler
from photodrop.aws.messages import MakeThumbnail, read_thumbnails_message
from photodrop.domain import lifecycle, thumbnails, thumbnails_on_demand

thumbnails.start()


def process_message(message: dict[str, Any]) -> None:
    """Make all thumbnails of the photo that the message names, or only the one that it names."""
    task = read_thumbnails_message(message)
    if isinstance(task, MakeThumbnail):
        thumbnails_on_demand.make(task.photo_id, task.variant)
    else:
        thumbnails.make(task.photo_id)


def count_try(message: dict[str, Any]) -> None:
    """Count that an earlier try to process this photo did not succeed."""
    lifecycle.count_try(read_thumbnails_message(message).photo_id)


handler = queue_handler.handler(process_message, count_try=count_try)
