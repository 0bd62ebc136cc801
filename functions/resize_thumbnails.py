"""A verified photo, by way of the thumbnails queue: makes its thumbnails and completes it."""

from typing import Any

from photodrop import queues, thumbnails


def process_message(message: dict[str, Any]) -> None:
    """Make the thumbnails of the one photo that a message names."""
    thumbnails.make(message["photoId"])


handler = queues.handler(process_message)
