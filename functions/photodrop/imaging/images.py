"""Thumbnails of images, made in a sandbox: this module loads no decoder."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, Any

from photodrop.imaging.budget import Budget
from photodrop.imaging.renditions import Rendition, Thumbnail
from photodrop.imaging.sandbox import Child, Limits, Sandbox

LIMITS = Limits(cpu_seconds=20, wall_seconds=40)
"""What is within the budget of pixels took at most 4 s of CPU where it was measured, and a
progressive JPEG of 200 megapixels 5."""

LIMITS_OF_A_REQUEST = Limits(cpu_seconds=10, wall_seconds=20)
"""For what is made while a client waits. API Gateway waits 29 s."""

_sandbox = Sandbox("photodrop.imaging.image_decoder", "image")

start = _sandbox.start
"""Start the decoder's process already: it gets ready while something else is done."""


def make_thumbnails(
    original: IO[bytes],
    sizes: Sequence[int],
    *,
    budget: Budget,
    limits: Limits,
) -> Rendition:
    """Make a WebP thumbnail for each of `sizes`: see `thumbnails.make_thumbnails`.

    `original` is a file of this machine. Raises ContentRejectedError with the codes of
    `formats.inspect`, and `TooMuchTime`; DecoderError when it may be tried again.
    """
    task = {"sizes": list(sizes), "budget": asdict(budget)}
    with _sandbox.decode(task, limits, original) as child:
        answer = child.answer()
        return read_rendition(child, answer, sizes)


def make_thumbnail(
    original: IO[bytes],
    box: tuple[int, int],
    *,
    budget: Budget,
    content_type: str,
    limits: Limits,
) -> Thumbnail:
    """Make one thumbnail that fits into `box` (width, height in pixels).

    Raises as `make_thumbnails`.
    """
    task = {"box": box, "budget": asdict(budget), "contentType": content_type}
    with _sandbox.decode(task, limits, original) as child:
        answer = child.answer()
        return read_rendition(child, answer, [max(box)], content_type).thumbnails[0]


def read_rendition(
    child: Child, answer: Any, sizes: Sequence[int], content_type: str = "image/webp"
) -> Rendition:
    """Read what a child made for `sizes`: its answer tells of it, each thumbnail's bytes follow.

    Raises ContentRejectedError where it is not what was asked for.
    """
    match answer:
        case {"thumbnails": list(said), "thumbHash": str(thumb_hash)} if (
            len(said) == len(sizes) and len(thumb_hash) <= _MAX_THUMB_HASH
        ):
            made = [
                _read_thumbnail(child, one, size, content_type)
                for one, size in zip(said, sizes, strict=True)
            ]
            return Rendition(tuple(made), thumb_hash)
    raise child.corrupt()


def _read_thumbnail(child: Child, said: Any, size: int, content_type: str) -> Thumbnail:
    match said:
        case [int(width), int(height)] if 1 <= width <= size and 1 <= height <= size:
            return Thumbnail(size, width, height, content_type, child.receive())
    raise child.corrupt()


_MAX_THUMB_HASH = 64
"""Characters. ThumbHash has at most 25 bytes, which are 36."""
