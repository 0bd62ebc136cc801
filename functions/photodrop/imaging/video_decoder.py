"""Reading the facts and a poster frame of a video. Only this module imports PyAV (FFmpeg).

The sandbox runs it. It reads the file through `video`, in the parent process.
"""

# A child cannot open files, so it cannot import: everything that decoding needs is imported here.
import contextlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from struct import unpack
from typing import Any, BinaryIO, cast

import av
import av.stream
import av.subtitles.codeccontext
import av.subtitles.stream
import av.subtitles.subtitle
from av.container import InputContainer
from av.packet import Packet
from av.sidedata.sidedata import SideData
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace
from av.video.stream import VideoStream
from PIL import Image, ImageCms, ImageStat  # noqa: F401

from photodrop.errors import ContentRejectedError
from photodrop.imaging import colours
from photodrop.imaging.image_decoder import send_rendition
from photodrop.imaging.renditions import Rendition, fit
from photodrop.imaging.sandbox_process import Parent
from photodrop.imaging.thumbnails import make_frame_thumbnails
from photodrop.imaging.video import Reason, Video, VideoFacts
from photodrop.ranges import SeekableFile

_DEMUXERS = {"video/mp4": "mov", "video/quicktime": "mov", "video/webm": "matroska"}

_DECODERS = frozenset(
    {"h264", "hevc", "libdav1d", "av1", "vp8", "vp9", "mpeg4", "mjpeg", "prores", "h263"}
)
"""The codecs of phones, cameras and browsers. FFmpeg has hundreds more, each of which is a risk."""

MAX_PIXELS = 36_000_000
"""The limit of one frame. 8K has 33 megapixels."""

_MAX_SIDE = 50_000
_BUFFER_BYTES = 64 * 1024
# FFmpeg reads packets until it knows every stream, but no more bytes than this.
_PROBE_BYTES = 1_000_000
# How many packets are decoded to get a frame.
_MAX_PACKETS = 8
# A frame is a good poster if the mean and the standard deviation of its lightness, 0 to 255, are
# above these.
_DARK = 24
_FLAT = 6
_MAX_BOXES = 64
_EBML_HEAD_BYTES = 256
_SCAN_BYTES = 32 * 1024 * 1024
"""Recordings of browsers do not name their duration. Files up to this size are read to the end."""

_UPRIGHT = {
    (0, 1, -1, 0): Image.Transpose.ROTATE_270,
    (-1, 0, 0, -1): Image.Transpose.ROTATE_180,
    (0, -1, 1, 0): Image.Transpose.ROTATE_90,
    (-1, 0, 0, 1): Image.Transpose.FLIP_LEFT_RIGHT,
    (1, 0, 0, -1): Image.Transpose.FLIP_TOP_BOTTOM,
    (0, 1, 1, 0): Image.Transpose.TRANSPOSE,
    (0, -1, -1, 0): Image.Transpose.TRANSVERSE,
}
"""How to turn a frame upright, by a, b, c and d of the matrix in ISO/IEC 14496-12, 8.3.2."""

_TURNED = {
    1: Image.Transpose.ROTATE_90,
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_270,
}
"""How to turn a frame upright, by quarter turns anticlockwise."""

_OFFSET_WITHOUT_COLON = re.compile(r"([+-]\d\d)(\d\d)$")


class OutOfBudgetError(Exception):
    """No more of the file may be read."""


class _NoPosterError(Exception):
    """No frame can be shown. `reason` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.reason = Reason(code, message)


def decode(
    stream: BinaryIO,
    size_bytes: int,
    content_type: str,
    sizes: Sequence[int],
    report: Callable[[VideoFacts], None] = lambda _: None,
) -> Video:
    """Read a video's facts, pass them to `report`, and make thumbnails of a frame.

    Raises ContentRejectedError with the codes of `video.inspect`. Reading `stream` may raise
    OutOfBudgetError.
    """
    with _rejecting():
        end = _end_of_segment(stream) if content_type == "video/webm" else _end_of_boxes(stream)
        _require_whole(end, size_bytes)
        stream.seek(0)
        container = _open(stream, content_type)
    with container:
        with _rejecting():
            track = _video_track(container)
            _require_whole(_end_of_index(container), size_bytes)
            first = _first_packet(container, track)
            facts = _facts(container, track)
        report(facts)
        with contextlib.suppress(OutOfBudgetError, av.FFmpegError):
            if facts.duration_seconds is None and size_bytes <= _SCAN_BYTES:
                facts = replace(facts, duration_seconds=_scan(container, track, first))
                report(facts)
        try:
            return _with_poster(container, track, facts, sizes)
        except _NoPosterError as error:
            return Video(facts, missing=error.reason)


@contextlib.contextmanager
def _rejecting() -> Iterator[None]:
    """Turn every error of the container's parser into ContentRejectedError."""
    try:
        yield
    except ContentRejectedError:
        raise
    except OutOfBudgetError as error:
        raise ContentRejectedError(
            "HeaderTooLarge", "The video's header is larger than is accepted."
        ) from error
    except MemoryError as error:
        raise ContentRejectedError(
            "TooMuchMemory", "Reading the video's header needs too much memory."
        ) from error
    except Exception as error:
        raise ContentRejectedError(
            "CorruptVideo", "The video is damaged or incomplete: it cannot be read."
        ) from error


def _open(stream: BinaryIO, content_type: str) -> InputContainer:
    return av.open(
        stream,
        mode="r",
        format=_DEMUXERS[content_type],
        metadata_errors="replace",
        buffer_size=_BUFFER_BYTES,
        options={
            "probesize": str(_PROBE_BYTES),
            "analyzeduration": "1000000",
            "codec_whitelist": ",".join(sorted(_DECODERS)),
            "threads": "1",
        },
    )


def _video_track(container: InputContainer) -> VideoStream:
    """Return the first video stream that is not a still picture, as the cover of a song is."""
    for track in container.streams.video:
        if not track.disposition & av.stream.Disposition.attached_pic:
            return track
    raise ContentRejectedError("NoVideoStream", "There is no video in the file.")


def _require_whole(end: int, size_bytes: int) -> None:
    """Raise ContentRejectedError if the container is longer than the file.

    FFmpeg plays a file that is cut off, even within its index.
    """
    if end > size_bytes:
        raise ContentRejectedError("CorruptVideo", "The video is incomplete: its end is missing.")


def _end_of_index(container: InputContainer) -> int:
    """Return where the last frame of the index ends, in bytes."""
    last = [track.index_entries[-1] for track in container.streams if len(track.index_entries)]
    return max((entry.pos + entry.size for entry in last), default=0)


def _end_of_boxes(stream: BinaryIO) -> int:
    """Return the end in bytes of the boxes that are needed to show an MP4 or QuickTime file."""
    at = end = 0
    wanted = {b"moov", b"mdat"}
    for _ in range(_MAX_BOXES):
        stream.seek(at)
        size, kind = unpack(">I4s", stream.read(8).ljust(8, b"\0"))
        if size == 1:
            size = int.from_bytes(stream.read(8), "big")
        if size < 8:  # 0 means that the box ends with the file
            break
        at += size
        end = at if kind in wanted else end
        wanted.discard(kind)
        if not wanted:
            break
    return end


def _end_of_segment(stream: BinaryIO) -> int:
    """Return where the segment of a WebM file ends, in bytes, or 0 if it does not say."""
    stream.seek(0)
    head = stream.read(_EBML_HEAD_BYTES)
    header_bytes, at = _ebml_size(head, 4)
    at += header_bytes
    if head[at : at + 4] != b"\x18\x53\x80\x67":
        return 0
    segment_bytes, at = _ebml_size(head, at + 4)
    return at + segment_bytes


def _ebml_size(head: bytes, at: int) -> tuple[int, int]:
    """Parse the size at a position (RFC 8794, section 4). Returns it, and the position after it.

    An unknown size is 0.
    """
    length = 9 - head[at].bit_length()
    ones = (1 << 7 * length) - 1
    size = int.from_bytes(head[at : at + length], "big") & ones
    return (0 if size == ones else size), at + length


def _facts(container: InputContainer, track: VideoStream) -> VideoFacts:
    context = track.codec_context
    width = height = codec = None
    if context is not None:
        codec = context.codec.canonical_name
        width, height = _shown_size(context.width, context.height, track.sample_aspect_ratio)
    duration = None
    if container.duration and container.duration > 0:
        duration = container.duration / av.time_base
    elif track.duration and track.duration > 0 and track.time_base:
        duration = float(track.duration * track.time_base)
    return VideoFacts(
        width=width or None,
        height=height or None,
        duration_seconds=round(duration, 3) if duration else None,
        codec=codec,
        taken_at=_taken_at({**track.metadata, **container.metadata}),
    )


def _shown_size(width: int, height: int, proportions: Fraction | None) -> tuple[int, int]:
    """Apply the proportions of one pixel (width to height), unless they are absurd."""
    if proportions and Fraction(1, 8) <= proportions <= 8:
        width = round(width * proportions)
    return width, height


def _taken_at(metadata: dict[str, str]) -> str | None:
    """Return when it was taken, in ISO 8601: Apple's local time, or the header's time in UTC."""
    for name in ("com.apple.quicktime.creationdate", "creation_time"):
        text = _OFFSET_WITHOUT_COLON.sub(r"\1:\2", metadata.get(name, ""))
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            continue
        known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        # Clocks that were never set write 1904 or 1970.
        if known.year >= 1990 and known < datetime.now(UTC) + timedelta(days=1):
            return moment.isoformat(timespec="seconds")
    return None


def _first_packet(container: InputContainer, track: VideoStream) -> "Packet[VideoStream] | None":
    """Return the first packet of a video without an index, or None if there is an index.

    Raises ContentRejectedError if there is no packet either: the first segment of a DASH stream,
    for example, is only a header.
    """
    if len(track.index_entries) or track.frames:
        return None
    first = next((packet for packet in container.demux(track) if packet.size), None)
    if first is None:
        raise ContentRejectedError(
            "NoVideoStream", "There is no video in the file, only the header of one."
        )
    return first


def _scan(
    container: InputContainer, track: VideoStream, first: "Packet[VideoStream] | None"
) -> float | None:
    """Return the duration in seconds, by the time of the last packet."""
    end = start = track.start_time or 0
    for packet in itertools.chain([first] if first else [], container.demux(track)):
        if packet.pts is not None:
            end = max(end, packet.pts + (packet.duration or 0))
    return round(float((end - start) * track.time_base), 3) if track.time_base else None


def _with_poster(
    container: InputContainer, track: VideoStream, facts: VideoFacts, sizes: Sequence[int]
) -> Video:
    """Make thumbnails of a frame. Raises _NoPosterError."""
    context = track.codec_context
    if context is None or context.name not in _DECODERS:
        raise _NoPosterError("UnsupportedCodec", "This kind of video codec is not decoded.")
    width, height = facts.width or 0, facts.height or 0
    if width < 1 or height < 1 or max(width, height) > _MAX_SIDE:
        raise _NoPosterError("UnknownSize", "The video does not say how large it is.")
    if context.width * context.height > MAX_PIXELS:
        raise _NoPosterError("TooManyPixels", f"A frame has more than {MAX_PIXELS} pixels.")
    context.thread_count = 1
    context.options = {"max_pixels": str(MAX_PIXELS)}
    try:
        frame = _choose(container, track, facts)
        return _render(frame, facts, sizes)
    except OutOfBudgetError as error:
        raise _NoPosterError("TooMuchData", "A frame takes too many bytes to read.") from error
    except MemoryError as error:
        raise _NoPosterError("TooMuchMemory", "Decoding needs too much memory.") from error
    except Exception as error:
        raise _NoPosterError("UndecodableFrame", "No frame of the video can be decoded.") from error


def _choose(container: InputContainer, track: VideoStream, facts: VideoFacts) -> VideoFrame:
    """Return the key frame at about one second, or a later one if that is nearly black.

    If none is good, return the one with the highest contrast.
    """
    duration = facts.duration_seconds or 0.0
    moments = sorted({min(1.0, duration / 10), duration / 10, duration / 2})
    best: tuple[float, VideoFrame] | None = None
    for moment in moments:
        try:
            frame = _key_frame(container, track, moment)
        except (OutOfBudgetError, av.FFmpegError):
            if best is None and moment == moments[-1]:
                raise
            continue
        statistics = ImageStat.Stat(frame.reformat(32, 32, "gray", threads=1).to_image())
        light, contrast = statistics.mean[0], statistics.stddev[0]
        if light > _DARK and contrast > _FLAT:
            return frame
        if best is None or contrast > best[0]:
            best = contrast, frame
    if best is None:
        raise _NoPosterError("UndecodableFrame", "No frame of the video can be decoded.")
    return best[1]


def _key_frame(container: InputContainer, track: VideoStream, seconds: float) -> VideoFrame:
    """Decode the key frame at or before a moment. Raises EOFError when there is none."""
    if track.time_base is None:
        raise EOFError
    container.seek(int(seconds / track.time_base) + (track.start_time or 0), stream=track)
    packets = itertools.islice(container.demux(track), _MAX_PACKETS)
    for packet in itertools.chain(
        packets, [None]
    ):  # None makes the decoder return the frames that it still holds
        for frame in track.codec_context.decode(packet):
            if frame.width * frame.height <= MAX_PIXELS:
                return frame
    raise EOFError


def _render(frame: VideoFrame, facts: VideoFacts, sizes: Sequence[int]) -> Video:
    transpose = _transpose(frame)
    shown = facts.width or frame.width, facts.height or frame.height
    largest = fit(shown, (max(sizes), max(sizes)))
    # Resizing and converting to RGB in one step, before turning, is faster.
    small = frame.reformat(
        *largest,
        format="rgb24",
        src_colorspace=_colour_matrix(frame),
        threads=1,
        interpolation="BICUBIC",
    ).to_image()
    if transpose is not None:
        small = small.transpose(transpose)
    if small.size != largest:  # a quarter turn
        shown, facts = shown[::-1], replace(facts, width=shown[1], height=shown[0])
    small = colours.to_srgb(small, None, frame.color_primaries, frame.color_trc)
    made = make_frame_thumbnails(small, shown, sizes)
    return Video(facts, made.thumbnails, made.thumb_hash)


def _colour_matrix(frame: VideoFrame) -> int:
    """Return the colour matrix of a frame. If none is named, its size decides, as in players."""
    if frame.colorspace in (Colorspace.ITU709, Colorspace.ITU601, Colorspace.FCC):
        return frame.colorspace
    if frame.colorspace in (Colorspace.SMPTE240M, Colorspace.BT2020):
        return frame.colorspace
    return Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601


def _transpose(frame: VideoFrame) -> Image.Transpose | None:
    """Return how to turn a frame upright. None if it is upright or not at a right angle."""
    try:
        side_data = list(cast(Iterable[SideData], frame.side_data))  # its type stub is wrong
    except ValueError:
        # PyAV fails for any kind of side data that it does not know, such as EXIF, the second view
        # of a spatial video or LCEVC. Then the rotation is known, but not whether it is mirrored.
        return _TURNED.get(round(frame.rotation / 90) % 4)
    for item in side_data:
        if item.type == SideDataType.DISPLAYMATRIX:
            a, b, _, c, d = unpack("=5i", bytes(item)[:20])
            return _UPRIGHT.get((_sign(a), _sign(b), _sign(c), _sign(d)))
    return None


def _sign(fixed_point: int) -> int:
    return round(fixed_point / 65536)


class _RemoteFile(SeekableFile):
    """The file, which the parent process reads."""

    def __init__(self, size_bytes: int, parent: Parent) -> None:
        super().__init__(size_bytes)
        self._parent = parent

    def read(self, size: int = -1) -> bytes:
        """Return some bytes, or none at the end of the file."""
        self._parent.send_json({"read": [self._at, size]})
        answer = self._parent.receive()
        if not answer.startswith(b"+"):
            raise OutOfBudgetError
        self._at += len(answer) - 1
        return answer[1:]


def prepare(content_types: Sequence[str]) -> None:
    """Do nothing: FFmpeg is one for all types."""


def run(parent: Parent, task: Any, original: BinaryIO | None) -> None:  # noqa: ARG001
    """Read the video through `parent`, and make thumbnails. Raises ContentRejectedError."""
    stream = cast(BinaryIO, _RemoteFile(task["size"], parent))
    video = decode(
        stream,
        task["size"],
        task["contentType"],
        task["sizes"],
        lambda facts: parent.send_json({"facts": asdict(facts)}),
    )
    missing = asdict(video.missing) if video.missing else None
    made = Rendition(video.thumbnails, video.thumb_hash or "")
    send_rendition(parent, made, facts=asdict(video.facts), missing=missing)
