"""The messages of each queue: what they hold, how they are sent, and how they are read.

- Thumbnails queue: `MakeThumbnails` for all standard thumbnails of a photo, or `MakeThumbnail`.
- Videos queue: `ProcessVideo`.
- Purge queue: `PurgeEvent`.
- Uploads queue: S3's own events, see `s3_events`. `send_object_created` sends one in S3's place.

All are JSON.
"""

import json
from dataclasses import dataclass
from typing import Any

from photodrop import variants
from photodrop.aws import clients
from photodrop.config import settings
from photodrop.variants import Variant

_sqs = clients.sqs()


@dataclass(frozen=True, slots=True)
class MakeThumbnails:
    """On the thumbnails queue: make the standard thumbnails of a verified photo."""

    photo_id: str

    def send(self) -> None:
        """Send the message."""
        _send(settings().thumbnails_queue_url, {"photoId": self.photo_id})


@dataclass(frozen=True, slots=True)
class MakeThumbnail:
    """On the thumbnails queue: make one thumbnail on demand."""

    photo_id: str
    variant: Variant

    def send(self) -> None:
        """Send the message."""
        body = {"photoId": self.photo_id, "variant": self.variant.name}
        _send(settings().thumbnails_queue_url, body)


def read_thumbnails_message(body: dict[str, Any]) -> MakeThumbnails | MakeThumbnail:
    """Parse a message of the thumbnails queue. Raises KeyError, and ValueError for no variant."""
    if "variant" in body:
        if variant := variants.parse(body["variant"]):
            return MakeThumbnail(body["photoId"], variant)
        raise ValueError("The message names no variant of a thumbnail.")
    if "res" in body:  # sent by a version before variants had names
        return MakeThumbnail(body["photoId"], Variant(body["res"], body["format"]))
    return MakeThumbnails(body["photoId"])


@dataclass(frozen=True, slots=True)
class ProcessVideo:
    """On the videos queue: read the facts of a video and make its thumbnails."""

    photo_id: str

    def send(self) -> None:
        """Send the message."""
        _send(settings().videos_queue_url, {"photoId": self.photo_id})

    @classmethod
    def read(cls, body: dict[str, Any]) -> "ProcessVideo":
        """Parse a message. Raises KeyError."""
        return cls(body["photoId"])


@dataclass(frozen=True, slots=True)
class PurgeEvent:
    """On the purge queue: delete the next attendees and photos of a deleted event.

    With `is_last_check`, the message before found nothing left. If this one finds nothing either,
    it deletes the event's own row.
    """

    event_id: str
    correlation_id: str
    is_last_check: bool = False

    def send(self, *, delay_seconds: int = 0) -> None:
        """Send the message. It is delivered after `delay_seconds`."""
        body = {
            "eventId": self.event_id,
            "correlationId": self.correlation_id,
            "lastLook": self.is_last_check,
        }
        _send(settings().purge_queue_url, body, delay_seconds=delay_seconds)

    @classmethod
    def read(cls, body: dict[str, Any]) -> "PurgeEvent":
        """Parse a message. Raises KeyError."""
        return cls(body["eventId"], body["correlationId"], body["lastLook"])


def send_object_created(stored: dict[str, Any]) -> None:
    """Send S3's event of an object to the uploads queue again, because it may have been lost.

    `stored` describes the object as S3's events do: see `storage.find_original`.
    """
    _send(settings().uploads_queue_url, {"Records": [{"s3": {"object": stored}}]})


def _send(queue_url: str, body: dict[str, Any], *, delay_seconds: int = 0) -> None:
    _sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(body), DelaySeconds=delay_seconds)
