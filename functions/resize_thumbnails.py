"""The thumbnails queue: all thumbnails of a verified photo, or one that was asked for later."""

from typing import Any

from photodrop import failures, queues, thumbnails, variants
from photodrop.imaging import images
from photodrop.variants import Variant

images.start()  # the decoders are imported while this function starts


def process_message(message: dict[str, Any]) -> None:
    """Make the thumbnails of the one photo that a message names, or the one it asks for."""
    if "res" in message:
        variants.make(message["photoId"], Variant(message["res"], message["format"]))
    else:
        thumbnails.make(message["photoId"])


def count_try(message: dict[str, Any]) -> None:
    """Note that an earlier try of this photo did not succeed."""
    failures.count_try(message["photoId"])


handler = queues.handler(process_message, count_try=count_try)
