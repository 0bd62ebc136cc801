"""The facts of a video and a poster frame, read in a sandbox: this module loads no decoder.

The sandbox cannot reach the file. It asks for ranges of it, which this side fetches, and counts.

::

    child                                   this side
    {"read": [start, length]}       →
                                    ←       b"+" and the bytes, or b"-": the budget is spent
    {"facts": {...}}                →       the container is fine; what follows may fail
    {"facts", "thumbnails", ...}    →       the answer, then each thumbnail's bytes
    {"rejected": {code, message}}   →       instead: it is no video, or a damaged one
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from photodrop.errors import ContentRejectedError
from photodrop.imaging.images import read_rendition
from photodrop.imaging.renditions import Thumbnail
from photodrop.imaging.sandbox import Child, Limits, Sandbox
from photodrop.ranges import Ranges

HEADER_BYTES = 128 * 1024 * 1024
"""What reading the container may fetch. The index of ten hours at 60 frames a second is 35 MB."""

POSTER_BYTES = 64 * 1024 * 1024
"""What looking for a frame may fetch besides. One of ProRes in 8K is some 10 MB."""

MAX_REQUESTS = 400

BLOCK_BYTES = 256 * 1024
LARGEST_BLOCK_BYTES = 4 * 1024 * 1024
"""One ranged read."""

LIMITS = Limits(cpu_seconds=45, wall_seconds=60)
MAX_FETCHING_SECONDS = 40
"""All requests together. It is S3 that is slow then, and not the video: it is tried again."""

_sandbox = Sandbox("photodrop.imaging.video_decoder", "video")

start = _sandbox.start
"""Start the decoder's process already: it gets ready while something else is done."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a video has no thumbnails: `code` for programs, `message` for people."""

    code: str
    message: str


_BROKEN_OFF = {
    "TooMuchTime": Reason("TooMuchTime", "Decoding a frame takes too long."),
    "TooMuchMemory": Reason("TooMuchMemory", "Decoding needs too much memory."),
}
_DECODER_BROKE = Reason("CorruptVideo", "The decoder cannot read the frames of the video.")


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a video's container says.

    `width` and `height` are as displayed: with the rotation (as far as a frame could be decoded)
    and the pixels' own proportions applied. None is what it does not say. `codec` is FFmpeg's name
    of the video codec. `taken_at` is ISO 8601.
    """

    width: int | None
    height: int | None
    duration_seconds: float | None
    codec: str | None
    taken_at: str | None


@dataclass(frozen=True, slots=True)
class Video:
    """A video's facts, and its thumbnails and ThumbHash; or why there are none, in `missing`."""

    facts: VideoFacts
    thumbnails: tuple[Thumbnail, ...] = ()
    thumb_hash: str | None = None
    missing: Reason | None = None


def ranges_of(fetch: Callable[[int, int], bytes], size_bytes: int) -> Ranges:
    """Return what `inspect` reads: `fetch` returns so many bytes from a position on."""
    return Ranges(
        fetch,
        size_bytes,
        BLOCK_BYTES,
        LARGEST_BLOCK_BYTES,
        bytes_left=HEADER_BYTES,
        requests_left=MAX_REQUESTS,
    )


def inspect(ranges: Ranges, content_type: str, sizes: Sequence[int], *, limits: Limits) -> Video:
    """Read the facts of a video, and make thumbnails of one of its frames.

    `sizes` are the longest sides, in pixels. Raises ContentRejectedError: `CorruptVideo`,
    `NoVideoStream`, `HeaderTooLarge`, `TooMuchMemory`, `TooMuchTime`. Errors of `ranges.fetch`,
    TimeoutError when that is slow, and DecoderError are not the video's fault: try it again.
    """
    task = {"size": ranges.size_bytes, "contentType": content_type, "sizes": list(sizes)}
    facts: VideoFacts | None = None
    fetching_seconds = 0.0
    with _sandbox.decode(task, limits) as child:
        try:
            while True:
                match child.answer():
                    case {"read": [int(start), int(length)]}:
                        began = time.monotonic()
                        found = ranges.read(start, length)
                        fetching_seconds += time.monotonic() - began
                        if fetching_seconds > MAX_FETCHING_SECONDS:
                            raise TimeoutError("It takes too long to fetch the video from S3")
                        child.send(b"-" if found is None else b"+" + found)
                    case {"facts": dict(said), "thumbnails": list()} as answer:
                        facts = _facts(child, said)
                        return _video(child, facts, answer, sizes)
                    case {"facts": dict(said)}:
                        if facts is None:
                            ranges.bytes_left = POSTER_BYTES
                        facts = _facts(child, said)
                    case _:
                        raise child.corrupt()
        except ContentRejectedError as refusal:
            if facts is None:
                raise
            return Video(facts, missing=_BROKEN_OFF.get(refusal.code, _DECODER_BROKE))


def _video(child: Child, facts: VideoFacts, answer: dict[str, Any], sizes: Sequence[int]) -> Video:
    match answer["missing"]:
        case {"code": str(code), "message": str(message)}:
            return Video(facts, missing=Reason(code, message))
    made = read_rendition(child, answer, sizes)
    return Video(facts, made.thumbnails, made.thumb_hash)


def _facts(child: Child, said: dict[str, Any]) -> VideoFacts:
    """Read the facts that a child tells. Raises ContentRejectedError where they make no sense."""
    names = VideoFacts.__slots__
    numbers, texts = names[:3], names[3:]
    if set(said) != set(names):
        raise child.corrupt()
    if not all(_is_number(said[name]) for name in numbers):
        raise child.corrupt()
    if not all(_is_text(said[name]) for name in texts):
        raise child.corrupt()
    return VideoFacts(**said)


def _is_number(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and 0 < value < 2**31)


def _is_text(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= 64)
