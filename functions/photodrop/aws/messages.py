"""The messages of the queues: how each is sent, and how it is read again.

Every queue carries JSON. The uploads queue carries S3's own events: see `s3_events`.
"""

import json
from dataclasses import dataclass
from typing import Any

from photodrop.aws import clients
from photodrop.config import settings
from photodrop.file_types import ThumbnailFormat

_sqs = clients.sqs()


@dataclass(frozen=True, slots=True)
class MakeThumbnails:
    """On the thumbnails queue: make all thumbnails of a verified photo, and complete it."""

    photo_id: str

    def send(self) -> None:
        """Put it on the queue."""
        _send(settings().thumbnails_queue_url, {"photoId": self.photo_id})


@dataclass(frozen=True, slots=True)
class MakeThumbnail:
    """On the thumbnails queue: make one thumbnail that a request asked for.

    `resolution` is 640 or "640x480", in pixels; `format` is webp, jpeg or avif.
    """

    photo_id: str
    resolution: str
    format: ThumbnailFormat

    def send(self) -> None:
        """Put it on the queue."""
        body = {"photoId": self.photo_id, "res": self.resolution, "format": self.format}
        _send(settings().thumbnails_queue_url, body)


def read_thumbnails_message(body: dict[str, Any]) -> MakeThumbnails | MakeThumbnail:
    """Return what a message of the thumbnails queue asks for. Raises KeyError."""
    if "res" in body:
        return MakeThumbnail(body["photoId"], body["res"], body["format"])
    return MakeThumbnails(body["photoId"])


@dataclass(frozen=True, slots=True)
class ProcessVideo:
    """On the videos queue: read the facts of a video and make its thumbnails."""

    photo_id: str

    def send(self) -> None:
        """Put it on the queue."""
        _send(settings().videos_queue_url, {"photoId": self.photo_id})

    @classmethod
    def read(cls, body: dict[str, Any]) -> "ProcessVideo":
        """Return what a message says. Raises KeyError."""
        return cls(body["photoId"])


@dataclass(frozen=True, slots=True)
class PurgeEvent:
    """On the purge queue: delete the next rows and photos of a deleted event.

    `last_look`: nothing was left at the look before, so the event's own row goes now.
    """

    event_id: str
    correlation_id: str
    last_look: bool = False

    def send(self, *, delay_seconds: int = 0) -> None:
        """Put it on the queue, where it stays hidden for so long."""
        body = {
            "eventId": self.event_id,
            "correlationId": self.correlation_id,
            "lastLook": self.last_look,
        }
        _send(settings().purge_queue_url, body, delay_seconds=delay_seconds)

    @classmethod
    def read(cls, body: dict[str, Any]) -> "PurgeEvent":
        """Return what a message says. Raises KeyError."""
        return cls(body["eventId"], body["correlationId"], body["lastLook"])


def send_object_created(stored: dict[str, Any]) -> None:
    """Put S3's event of an object on the uploads queue, in place of one that was lost.

    `stored` describes the object as S3's events do: see `storage.find_original`.
    """
    _send(settings().uploads_queue_url, {"Records": [{"s3": {"object": stored}}]})


def _send(queue_url: str, body: dict[str, Any], *, delay_seconds: int = 0) -> None:
    _sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(body), DelaySeconds=delay_seconds)
