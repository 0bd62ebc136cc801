"""Reading a video in a process of its own, which nothing but this one can be harmed by.

A video is what a stranger wrote, and FFmpeg reads it. So that a crafted file can neither end the
function nor take its memory and time, `video_decoder` runs in a child process: with limits on
memory and processor time, without AWS's credentials in its environment, and without a way to the
file but to ask for ranges of it, which this side counts.

::

    child                                   this side
    {"read": [start, length]}       →
                                    ←       b"+" and the bytes, or b"-": the budget is spent
    {"facts": {...}}                →       the container is fine; what follows may fail
    {"video": {...}}                →       the facts, and thumbnails or why there are none
    {"rejected": {code, message}}   →       instead: it is no video, or a damaged one

Each message is its length in four bytes, big-endian, and then itself.
"""

import base64
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from photodrop.config import decoder_environment
from photodrop.errors import ContentRejectedError

HEADER_BYTES = 128 * 1024 * 1024
"""What reading the container may fetch. The index of ten hours at 60 frames a second is 35 MB."""

POSTER_BYTES = 64 * 1024 * 1024
"""What looking for a frame may fetch besides. One of ProRes in 8K is some 10 MB."""

MAX_REQUESTS = 400

FIRST_BLOCK_BYTES = 256 * 1024
LARGEST_BLOCK_BYTES = 4 * 1024 * 1024
"""One ranged read: small where the decoder jumps, twice the last one where it reads on."""

_KEPT_BLOCKS = 4
_MAX_MESSAGE_BYTES = 32 * 1024 * 1024

CPU_SECONDS = 45
WALL_SECONDS = 100
MEMORY_BYTES = 1_400_000_000
"""What the child may take: the function's own limits are a little wider."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a video has no thumbnails: `code` for programs, `message` for people."""

    code: str
    message: str


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
class PosterThumbnail:
    """One thumbnail of the poster frame, in WebP: `size` is the step of the ladder."""

    size: int
    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Video:
    """A video's facts, and its thumbnails and ThumbHash; or why there are none, in `missing`."""

    facts: VideoFacts
    thumbnails: tuple[PosterThumbnail, ...] = ()
    thumb_hash: str | None = None
    missing: Reason | None = None


@dataclass
class Ranges:
    """A file that is read in ranges, within a budget of bytes and of requests.

    `fetch` returns `length` bytes from `start`, fewer only at the end of the file.
    """

    fetch: Callable[[int, int], bytes]
    size_bytes: int
    bytes_left: int = HEADER_BYTES
    requests_left: int = MAX_REQUESTS
    fetched_bytes: int = 0
    requests: int = 0
    _blocks: list[tuple[int, bytes]] = field(default_factory=list)

    def read(self, start: int, length: int) -> bytes | None:
        """Return up to `length` bytes, none at the end of the file; None: the budget is spent."""
        length = min(length, LARGEST_BLOCK_BYTES)
        if length <= 0 or not 0 <= start < self.size_bytes:
            return b""
        for begin, block in self._blocks:
            if begin <= start < begin + len(block):
                return block[start - begin : start - begin + length]
        wanted = min(max(length, self._ahead(start)), self.size_bytes - start)
        if wanted > self.bytes_left or not self.requests_left:
            return None
        block = self.fetch(start, wanted)
        self.bytes_left -= wanted
        self.requests_left -= 1
        self.fetched_bytes += len(block)
        self.requests += 1
        self._blocks = [(start, block), *self._blocks[: _KEPT_BLOCKS - 1]]
        return block[:length]

    def _ahead(self, start: int) -> int:
        for begin, block in self._blocks:
            if begin + len(block) == start:
                return min(2 * len(block), LARGEST_BLOCK_BYTES)
        return FIRST_BLOCK_BYTES


def inspect(ranges: Ranges, content_type: str, sizes: Sequence[int]) -> Video:
    """Read the facts of a video, and make thumbnails of one of its frames.

    `sizes` are the longest sides, in pixels. Raises ContentRejectedError: `CorruptVideo`,
    `NoVideoStream`, `HeaderTooLarge`, `TooMuchMemory`, `TooMuchTime`. Errors of `ranges.fetch`
    pass through, so that they are tried again; TimeoutError, when it took too long to read.
    """
    task = {
        "size": ranges.size_bytes,
        "contentType": content_type,
        "sizes": list(sizes),
        "cpuSeconds": CPU_SECONDS,
        "memoryBytes": MEMORY_BYTES,
    }
    child = subprocess.Popen(  # noqa: S603 - nothing in it is a user's
        [sys.executable, "-S", "-m", "photodrop.imaging.video_decoder", json.dumps(task)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=decoder_environment(),
        close_fds=True,
    )
    timer = threading.Timer(WALL_SECONDS, child.kill)
    timer.start()
    try:
        return _converse(child, ranges, is_late=timer.finished.is_set)
    finally:
        timer.cancel()
        child.kill()
        child.communicate()


def _converse(
    child: "subprocess.Popen[bytes]", ranges: Ranges, *, is_late: Callable[[], bool]
) -> Video:
    assert child.stdin is not None  # noqa: S101
    assert child.stdout is not None  # noqa: S101
    facts: VideoFacts | None = None
    while (message := receive(child.stdout)) is not None:
        match json.loads(message):
            case {"read": [int(start), int(length)]}:
                found = ranges.read(start, length)
                try:
                    send(child.stdin, b"-" if found is None else b"+" + found)
                except BrokenPipeError:
                    break
            case {"facts": dict(said)}:
                facts = VideoFacts(**said)
                ranges.bytes_left = POSTER_BYTES
            case {"video": dict(said)}:
                return _video(said)
            case {"rejected": {"code": str(code), "message": str(text)}}:
                raise ContentRejectedError(code, text)
    reason = _end(child.wait(), is_late=is_late())
    if facts is not None:
        return Video(facts, missing=reason)
    if is_late():  # perhaps because S3 was slow
        raise TimeoutError(f"The video was not read in {WALL_SECONDS} s")
    raise ContentRejectedError(reason.code, reason.message)


def _end(return_code: int, *, is_late: bool) -> Reason:
    """Explain a child that ended without an answer."""
    if is_late or return_code == -signal.SIGXCPU:
        return Reason("TooMuchTime", "Decoding the video takes too long.")
    if return_code == -signal.SIGKILL:  # by the kernel, which was out of memory
        return Reason("TooMuchMemory", "Decoding the video needs too much memory.")
    return Reason("CorruptVideo", "The video is damaged: the decoder cannot read it.")


def _video(said: dict[str, Any]) -> Video:
    return Video(
        facts=VideoFacts(**said["facts"]),
        thumbnails=tuple(
            PosterThumbnail(
                made["size"], made["width"], made["height"], base64.b64decode(made["data"])
            )
            for made in said["thumbnails"]
        ),
        thumb_hash=said["thumbHash"],
        missing=Reason(**said["missing"]) if said["missing"] else None,
    )


def send(stream: IO[bytes], message: bytes) -> None:
    """Send one message to the other side."""
    stream.write(len(message).to_bytes(4, "big") + message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Return the other side's next message, or None when there is none any more."""
    head = stream.read(4)
    length = int.from_bytes(head, "big")
    if len(head) < 4 or length > _MAX_MESSAGE_BYTES:
        return None
    message = stream.read(length)
    return message if len(message) == length else None
