"""Pictures and videos, and what stands in for their decoders: orders are about calls of AWS."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from photodrop.domain import thumbnails_on_demand
from photodrop.errors import ContentRejectedError
from photodrop.imaging import images, video
from photodrop.imaging.renditions import Rendition, Thumbnail
from photodrop.observability import metrics
from tests.orders.clock import Clock, polling
from tests.support import pictures

GOOD = pictures.jpeg(40, 30) + bytes(16)
SECOND = GOOD[:-1] + b"\x01"
"""Another picture of the same length."""
NOT_A_PICTURE = b"not a picture".ljust(len(GOOD))
BROKEN = pictures.jpeg(640, 480)[:3000]
"""A picture by its header, which cannot be decoded."""
VIDEO = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom".ljust(2000, b"v")

ACCEPTED = {GOOD, SECOND, VIDEO}
"""What may be viewed. BROKEN passes the first look only."""


def _make_thumbnails(original: Any, sizes: Sequence[int], **_: Any) -> Rendition:
    _require_whole(original.read())
    return Rendition(tuple(_thumbnail(size) for size in sizes), "hash")


def _make_thumbnail(original: Any, box: tuple[int, int], **_: Any) -> Thumbnail:
    original.read()
    return _thumbnail(max(box))


def _thumbnail(size: int) -> Thumbnail:
    return Thumbnail(size, min(size, 40), min(size, 30), "image/webp", b"thumbnail")


def _require_whole(content: bytes) -> None:
    if content == BROKEN:
        raise ContentRejectedError("CorruptFile", "The picture is cut off.")


def _inspect(ranges: Any, content_type: str, sizes: Sequence[int], **_: Any) -> video.Video:
    ranges.read(0, 1000)  # the real one reads some parts of the file, too
    facts = video.VideoFacts(40, 30, 2.0, "mpeg4", None)
    return video.Video(facts, tuple(_thumbnail(size) for size in sizes), "hash")


@contextmanager
def in_place(clock: Clock) -> Iterator[None]:
    """Put them in the place of the real ones."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(images, "make_thumbnails", _make_thumbnails))
        stack.enter_context(patch.object(images, "make_thumbnail", _make_thumbnail))
        stack.enter_context(patch.object(images, "start", lambda: None))
        stack.enter_context(patch.object(video, "inspect", _inspect))
        stack.enter_context(patch.object(thumbnails_on_demand, "time", polling(clock)))
        for name in ("add_metric", "flush_metrics"):
            stack.enter_context(patch.object(metrics, name, lambda **_: None))
        yield
