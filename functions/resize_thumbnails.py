"""The thumbnails queue: all thumbnails of a verified photo, or one that was asked for later."""

from typing import Any

from photodrop import queue_handler
from photodrop.aws.messages import MakeThumbnail, read_thumbnails_message
from photodrop.domain import lifecycle, thumbnails, thumbnails_on_demand
from photodrop.domain.thumbnails_on_demand import Variant

thumbnails.start()


def process_message(message: dict[str, Any]) -> None:
    """Make the thumbnails of the one photo that a message names, or the one it asks for."""
    wanted = read_thumbnails_message(message)
    if isinstance(wanted, MakeThumbnail):
        thumbnails_on_demand.make(wanted.photo_id, Variant(wanted.resolution, wanted.format))
    else:
        thumbnails.make(wanted.photo_id)


def count_try(message: dict[str, Any]) -> None:
    """Note that an earlier try of this photo did not succeed."""
    lifecycle.count_try(read_thumbnails_message(message).photo_id)


handler = queue_handler.handler(process_message, count_try=count_try)
