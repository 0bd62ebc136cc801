"""The videos queue: the facts of a video that landed, and thumbnails of one of its frames."""

from typing import Any

from photodrop import failures, queues, videos
from photodrop.imaging import video

video.start()  # the decoders are imported while this function starts


def process_message(message: dict[str, Any]) -> None:
    """Verify the one video that a message names, and complete it."""
    videos.process(message["photoId"])


def count_try(message: dict[str, Any]) -> None:
    """Note that an earlier try of this video did not succeed."""
    failures.count_try(message["photoId"])


handler = queues.handler(process_message, count_try=count_try)
