"""The facts of a video and a poster frame, read in the sandbox. This module loads no decoder.

The child cannot read the file itself. It asks for ranges, which this side fetches within a budget.

::

    child                                   this side
    {"read": [start, length]}       →
                                    ←       b"+" and the bytes, or b"-": the budget is spent
    {"facts": {...}}                →       the container is read; making a poster may still fail
    {"facts", "thumbnails", ...}    →       the answer, followed by each thumbnail's bytes
    {"rejected": {code, message}}   →       or an error: it is no video, or a damaged one
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
"""What may be fetched to read the container. An index of ten hours at 60 fps is 35 MB."""

POSTER_BYTES = 64 * 1024 * 1024
"""What may be fetched besides to find a frame. A frame of ProRes in 8K is some 10 MB."""

MAX_REQUESTS = 400

BLOCK_BYTES = 256 * 1024
LARGEST_BLOCK_BYTES = 4 * 1024 * 1024
"""The smallest and the largest ranged read."""

LIMITS = Limits(cpu_seconds=45, wall_seconds=60)
MAX_FETCHING_SECONDS = 40
"""The time for all requests together. If S3 takes longer, the video is tried again."""

_sandbox = Sandbox("photodrop.imaging.video_decoder", "video")

start = _sandbox.start
"""Start the decoder's process early, so that it is ready when it is needed."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a video has no thumbnails: `code` for programs, `message` for people."""

    code: str
    message: str


_LIMIT_REACHED = {
    "TooMuchTime": Reason("TooMuchTime", "Decoding a frame takes too long."),
    "TooMuchMemory": Reason("TooMuchMemory", "Decoding needs too much memory."),
}
_DECODER_FAILED = Reason("CorruptVideo", "The decoder cannot read the frames of the video.")


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a video's container says.

    `width` and `height` are as displayed, with the pixels' proportions and, if a frame could be
    decoded, the rotation applied. Facts that the container does not name are None. `codec` is
    FFmpeg's name of the video codec. `taken_at` is ISO 8601.
    """

    width: int | None
    height: int | None
    duration_seconds: float | None
    codec: str | None
    taken_at: str | None


@dataclass(frozen=True, slots=True)
class Video:
    """A video's facts, thumbnails and ThumbHash. `missing` says why there are no thumbnails."""

    facts: VideoFacts
    thumbnails: tuple[Thumbnail, ...] = ()
    thumb_hash: str | None = None
    missing: Reason | None = None


def ranges_of(fetch: Callable[[int, int], bytes], size_bytes: int) -> Ranges:
    """Return the file for `inspect`. `fetch(start, length)` returns bytes of it."""
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
    TimeoutError if that is slow, and DecoderError are not caused by the video: try it again.
    """
    task = {"size": ranges.size_bytes, "contentType": content_type, "sizes": list(sizes)}
    facts: VideoFacts | None = None
    fetching_seconds = 0.0
    with _sandbox.decode(task, limits) as child:
        try:
            while True:
                match child.receive_json():
                    case {"read": [int(start), int(length)]}:
                        started = time.monotonic()
                        found = ranges.read(start, length)
                        fetching_seconds += time.monotonic() - started
                        if fetching_seconds > MAX_FETCHING_SECONDS:
                            raise TimeoutError("It takes too long to fetch the video from S3")
                        child.send(b"-" if found is None else b"+" + found)
                    case {"facts": dict(reported), "thumbnails": list()} as answer:
                        facts = _facts(child, reported)
                        return _video(child, facts, answer, sizes)
                    case {"facts": dict(reported)}:
                        if facts is None:
                            ranges.bytes_left = POSTER_BYTES
                        facts = _facts(child, reported)
                    case _:
                        raise child.corrupt()
        except ContentRejectedError as refusal:
            if facts is None:
                raise
            return Video(facts, missing=_LIMIT_REACHED.get(refusal.code, _DECODER_FAILED))


def _video(child: Child, facts: VideoFacts, answer: dict[str, Any], sizes: Sequence[int]) -> Video:
    match answer["missing"]:
        case {"code": str(code), "message": str(message)}:
            return Video(facts, missing=Reason(code, message))
    made = read_rendition(child, answer, sizes)
    return Video(facts, made.thumbnails, made.thumb_hash)


def _facts(child: Child, reported: dict[str, Any]) -> VideoFacts:
    """Check the facts that a child reports. Raises ContentRejectedError if they make no sense."""
    names = VideoFacts.__slots__
    numbers, texts = names[:3], names[3:]
    if set(reported) != set(names):
        raise child.corrupt()
    if not all(_is_number(reported[name]) for name in numbers):
        raise child.corrupt()
    if not all(_is_text(reported[name]) for name in texts):
        raise child.corrupt()
    return VideoFacts(**reported)


def _is_number(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and 0 < value < 2**31)


def _is_text(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= 64)
