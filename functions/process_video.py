"""The videos queue: reads the facts of a video, and makes thumbnails of one of its frames."""

from typing import Any

from photodrop import queue_handler
from photodrop.aws.messages import ProcessVideo
from photodrop.domain import lifecycle, videos

videos.start()


def process_message(message: dict[str, Any]) -> None:
    """Verify the one video that a message names, and complete it."""
    videos.process(ProcessVideo.read(message).photo_id)


def count_try(message: dict[str, Any]) -> None:
    """Count that an earlier try to process this video did not succeed."""
    lifecycle.count_try(ProcessVideo.read(message).photo_id)


handler = queue_handler.handler(process_message, count_try=count_try)
