"""Thumbnails of images, made in the sandbox. This module loads no decoder."""

import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, Any

from photodrop import file_types
from photodrop.imaging.budget import Budget
from photodrop.imaging.renditions import Rendition, Thumbnail
from photodrop.imaging.sandbox import Child, Limits, Sandbox
from photodrop.variants import Gravity

LIMITS = Limits(cpu_seconds=20, wall_seconds=40)
"""Measured were at most 4 s of CPU for images within the budget, and 5 s for a progressive JPEG of
200 megapixels."""

REQUEST_LIMITS = Limits(cpu_seconds=10, wall_seconds=20)
"""The limits while a client waits. API Gateway waits 29 s."""

_sandbox = Sandbox("photodrop.imaging.image_decoder", "image")

start = _sandbox.start
"""Start the decoder's process early, so that it is ready when it is needed."""


def make_thumbnails(
    original: IO[bytes],
    sizes: Sequence[int],
    *,
    budget: Budget,
    limits: Limits,
) -> Rendition:
    """Make a WebP thumbnail for each of `sizes`: see `thumbnails.make_thumbnails`.

    `original` is a local file. Raises ContentRejectedError with the codes of `formats.inspect` and
    `TooMuchTime`, and DecoderError if it can be tried again.
    """
    task = {"sizes": list(sizes), "budget": asdict(budget)}
    with _sandbox.decode(task, limits, original, _types(original)) as child:
        answer = child.receive_json()
        return read_rendition(child, answer, sizes)


def make_thumbnail(
    original: IO[bytes],
    box: tuple[int, int],
    *,
    budget: Budget,
    content_type: str,
    limits: Limits,
    crop: Gravity | None = None,
) -> Thumbnail:
    """Make one thumbnail that fits into `box` (width, height in pixels), or with `crop` fills it.

    Raises the errors of `make_thumbnails`.
    """
    task = {"box": box, "budget": asdict(budget), "crop": crop, "contentType": content_type}
    with _sandbox.decode(task, limits, original, _types(original, content_type)) as child:
        answer = child.receive_json()
        return read_rendition(child, answer, [max(box)], content_type).thumbnails[0]


def _types(original: IO[bytes], made: str = "image/webp") -> list[str]:
    """Return the content types of the original, sniffed as in its child, and of what is made."""
    # The child has the same position in the file, so this must not move it.
    sniffed = file_types.sniff(os.pread(original.fileno(), file_types.SNIFF_BYTES, 0))
    return [sniffed, made] if sniffed else [made]


def read_rendition(
    child: Child, answer: Any, sizes: Sequence[int], content_type: str = "image/webp"
) -> Rendition:
    """Read the thumbnails that a child has made for `sizes`: its answer, then the bytes of each.

    Raises ContentRejectedError if the answer does not match the task.
    """
    match answer:
        case {"thumbnails": list(reported), "thumbHash": str(thumb_hash)} if (
            len(reported) == len(sizes) and len(thumb_hash) <= _MAX_THUMB_HASH
        ):
            made = [
                _read_thumbnail(child, one, size, content_type)
                for one, size in zip(reported, sizes, strict=True)
            ]
            return Rendition(tuple(made), thumb_hash)
    raise child.corrupt()


def _read_thumbnail(child: Child, reported: Any, size: int, content_type: str) -> Thumbnail:
    match reported:
        case [int(width), int(height)] if 1 <= width <= size and 1 <= height <= size:
            return Thumbnail(size, width, height, content_type, child.receive())
    raise child.corrupt()


_MAX_THUMB_HASH = 64
"""In characters. A ThumbHash has at most 25 bytes, which are 36 characters of base64."""
