"""Reading videos: what they are, which frame is shown, and what damaged or crafted ones can do."""

import io
import math
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from photodrop.errors import ContentRejectedError
from photodrop.imaging import video, video_decoder
from photodrop.imaging.sandbox import Limits
from photodrop.imaging.video import Video, VideoFacts
from photodrop.ranges import Ranges
from tests.support import pictures, videos
from tests.support.decoders import Decoders

SIZES = (160, 640, 1600)
TYPES = {"mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm"}


def in_this_process(content: bytes, kind: str = "mp4") -> Video:
    return video_decoder.decode(io.BytesIO(content), len(content), TYPES[kind], SIZES)


def ranges_of(content: bytes, **budget: int) -> Ranges:
    def fetch(start: int, length: int) -> bytes:
        return content[start : start + length]

    return replace(video.ranges_of(fetch, len(content)), **budget)


def in_a_child(content: bytes, kind: str = "mp4", **budget: int) -> tuple[Video, Ranges]:
    ranges = ranges_of(content, **budget)
    return video.inspect(ranges, TYPES[kind], SIZES, limits=video.LIMITS), ranges


def refusal_of(read: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    with pytest.raises(ContentRejectedError) as refused:
        read(*arguments, **options)
    assert refused.value.message
    return refused.value.code


def shows(made: Video, number: int = 0) -> Image.Image:
    return Image.open(io.BytesIO(made.thumbnails[number].data)).convert("RGB")


def is_red(picture: Image.Image, x: float, y: float) -> bool:
    at = int(x * picture.width), int(y * picture.height)
    pixel: Any = picture.getpixel(at)
    return bool(pixel[0] > 150 and pixel[2] < 90)


@pytest.mark.parametrize(
    ("kind", "codec", "name", "pixel_format"),
    [
        ("mp4", "libx264", "h264", "yuv420p"),
        ("mp4", "libx265", "hevc", "yuv420p10le"),
        ("mp4", "mpeg4", "mpeg4", "yuv420p"),
        ("mov", "mjpeg", "mjpeg", "yuvj420p"),
        ("mov", "prores_ks", "prores", "yuv422p10le"),
        ("webm", "libvpx", "vp8", "yuv420p"),
        ("webm", "libvpx-vp9", "vp9", "yuv420p"),
        ("webm", "libsvtav1", "av1", "yuv420p"),
    ],
)
def test_reads_what_phones_cameras_and_browsers_write(
    kind: str, codec: str, name: str, pixel_format: str
) -> None:
    made, ranges = in_a_child(videos.video(kind, codec, pixel_format=pixel_format), kind)
    assert made.missing is None
    assert (made.facts.width, made.facts.height) == (320, 240)
    assert made.facts.duration_seconds == 2
    assert made.facts.codec == name
    assert made.thumb_hash
    sizes = [(made.size, made.width, made.height) for made in made.thumbnails]
    assert sizes == [(160, 160, 120), (640, 320, 240), (1600, 320, 240)]
    picture = shows(made)
    assert is_red(picture, 0.1, 0.5)
    assert not is_red(picture, 0.9, 0.5)
    assert ranges.requests == 1


@pytest.mark.parametrize("options", [{"movflags": "+faststart"}, {"movflags": "frag_keyframe"}])
def test_the_index_may_stand_before_the_frames_or_among_them(options: dict[str, str]) -> None:
    made = in_this_process(videos.video(**options))
    assert made.facts.duration_seconds == 2
    assert len(made.thumbnails) == 3


def test_a_recording_that_does_not_say_how_long_it_became_is_read_to_the_end() -> None:
    made = in_this_process(videos.video("webm", "libvpx", live="1"), "webm")
    assert made.facts.duration_seconds == pytest.approx(2, abs=0.11)
    assert len(made.thumbnails) == 3


@pytest.mark.parametrize(
    ("rotation", "red_side"), [(90, (0.5, 0.9)), (-90, (0.5, 0.1)), (180, (0.9, 0.5))]
)
def test_a_turned_video_is_shown_upright(rotation: int, red_side: tuple[float, float]) -> None:
    made = in_this_process(videos.video(rotation=rotation))
    expected = (320, 240) if rotation == 180 else (240, 320)
    assert (made.facts.width, made.facts.height) == expected
    picture = shows(made)
    assert (picture.width > picture.height) == (rotation == 180)
    assert is_red(picture, *red_side)
    assert not is_red(picture, 1 - red_side[0], 1 - red_side[1])


@pytest.mark.parametrize(
    ("orientation", "red_side"),
    [(1, (0.1, 0.5)), (3, (0.9, 0.5)), (6, (0.5, 0.1)), (8, (0.5, 0.9))],
)
def test_what_pyav_does_not_know_of_a_frame_does_not_cost_its_poster(
    orientation: int, red_side: tuple[float, float]
) -> None:
    """PyAV's list of what may come with a frame lacks EXIF: asking for any of it fails."""
    made = in_this_process(
        videos.motion_jpeg(pictures.jpeg(320, 240, orientation=orientation)), "mov"
    )
    assert made.missing is None
    picture = shows(made)
    assert (picture.width > picture.height) == (orientation in (1, 3))
    assert is_red(picture, *red_side)
    assert not is_red(picture, 1 - red_side[0], 1 - red_side[1])


def test_pixels_that_are_no_squares_are_stretched() -> None:
    content = videos.video(size=(720, 576), pixel_proportions=Fraction(16, 11))
    made = in_this_process(content)
    assert (made.facts.width, made.facts.height) == (1047, 576)
    assert (made.thumbnails[1].width, made.thumbnails[1].height) == (640, 352)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"creation_time": "2024-05-01T12:00:00Z"}, "2024-05-01T12:00:00+00:00"),
        ({"creation_time": "1904-01-01T00:00:00Z"}, None),
        ({"creation_time": "1970-01-01T00:00:00Z"}, None),
        ({"creation_time": "2190-01-01T00:00:00Z"}, None),
        ({}, None),
    ],
)
def test_the_time_it_was_taken_is_believed_where_it_can_be(
    written: dict[str, str], expected: str | None
) -> None:
    assert in_this_process(videos.video(metadata=written)).facts.taken_at == expected


def test_apples_local_time_is_better_than_utc() -> None:
    metadata = {
        "creation_time": "2024-05-01T12:00:00.000000Z",
        "com.apple.quicktime.creationdate": "2024-05-01T14:00:00+0200",
    }
    assert video_decoder._taken_at(metadata) == "2024-05-01T14:00:00+02:00"


def test_a_dark_beginning_is_not_what_is_shown() -> None:
    made = in_this_process(videos.video(seconds=20, dark_seconds=5))
    assert is_red(shows(made), 0.1, 0.5)


def test_a_video_that_is_dark_to_its_end_is_shown_all_the_same() -> None:
    made = in_this_process(videos.video(dark_seconds=2))
    assert made.missing is None
    assert not is_red(shows(made), 0.1, 0.5)


@pytest.mark.parametrize("codec", ["mpeg2video", "qtrle"])
def test_other_codecs_are_not_decoded(codec: str) -> None:
    pixel_format = "rgb24" if codec == "qtrle" else "yuv420p"
    made = in_this_process(videos.video("mov", codec, pixel_format=pixel_format), "mov")
    assert made.missing is not None
    assert made.missing.code == "UnsupportedCodec"
    assert made.facts.codec == codec
    assert (made.facts.width, made.facts.height) == (320, 240)


def test_a_codec_that_nobody_knows_has_no_name() -> None:
    made = in_this_process(videos.video(codec="libx264").replace(b"avc1", b"zzzz"))
    assert made.missing is not None
    assert made.missing.code == "UnsupportedCodec"
    assert made.facts.codec is None


def test_too_many_pixels_are_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    content = videos.video()
    monkeypatch.setattr(video_decoder, "MAX_PIXELS", 320 * 240 - 1)
    made = in_this_process(content)
    assert made.missing is not None
    assert made.missing.code == "TooManyPixels"
    assert (made.facts.width, made.facts.height) == (320, 240)


def test_frames_that_are_damaged_leave_the_facts() -> None:
    content = bytearray(videos.video(codec="libx264"))
    frames = content.index(b"mdat") + 4
    end = content.index(b"moov") - 4
    content[frames:end] = bytes(end - frames)
    made = in_this_process(bytes(content))
    assert made.missing is not None
    assert made.missing.code == "UndecodableFrame"
    assert made.facts.duration_seconds == 2


@pytest.mark.parametrize("kind", ["mp4", "webm"])
@pytest.mark.parametrize("lost", [1, 100, 600])
def test_a_video_without_its_end_is_refused(kind: str, lost: int) -> None:
    content = videos.video(kind, "libvpx" if kind == "webm" else "mpeg4")
    assert refusal_of(in_this_process, content[:-lost], kind) == "CorruptVideo"


def test_a_video_with_its_index_first_and_without_its_end_is_refused() -> None:
    content = videos.video(movflags="+faststart")
    assert refusal_of(in_this_process, content[:-10]) == "CorruptVideo"


@pytest.mark.parametrize("kind", ["mp4", "mov", "webm"])
def test_sound_alone_is_no_video(kind: str) -> None:
    content = videos.audio(kind, "libopus" if kind == "webm" else "aac")
    assert refusal_of(in_this_process, content, kind) == "NoVideoStream"


def test_the_first_segment_of_a_stream_is_no_video() -> None:
    content = videos.video(movflags="frag_keyframe+empty_moov+default_base_moof")
    header = content[: content.index(b"moof") - 4]
    assert refusal_of(in_this_process, header) == "NoVideoStream"
    assert refusal_of(in_a_child, header) == "NoVideoStream"


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_random_bytes_behind_a_right_beginning_are_refused(kind: str) -> None:
    content = whole(kind)[:40] + b"random" * 1000
    assert refusal_of(in_this_process, content, kind) == "CorruptVideo"


def test_an_index_beyond_the_budget_is_refused() -> None:
    assert refusal_of(in_a_child, videos.video(), bytes_left=1000) == "HeaderTooLarge"
    assert refusal_of(in_a_child, videos.video(), requests_left=0) == "HeaderTooLarge"


def test_frames_beyond_the_budget_leave_the_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "POSTER_BYTES", 0)
    content = videos.video("mov", "prores_ks", seconds=20, pixel_format="yuv422p10le")
    assert content.index(b"moov") > 200_000
    made, _ = in_a_child(content, "mov", block_bytes=1024, largest_bytes=1024)
    assert made.missing is not None
    assert made.missing.code == "TooMuchData"
    assert made.facts.duration_seconds == 20


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Let something else run in the sandbox."""
    decoders = Decoders(tmp_path, monkeypatch)

    def run(source: str) -> None:
        monkeypatch.setattr(video, "_sandbox", decoders.make(source, noun="video"))

    yield run
    decoders.stop()


ENDS = {
    "os.kill(os.getpid(), signal.SIGXCPU)": "TooMuchTime",
    "os.kill(os.getpid(), signal.SIGKILL)": "TooMuchMemory",
    "os.kill(os.getpid(), signal.SIGSEGV)": "CorruptVideo",
    "os._exit(1)": "CorruptVideo",
    "parent._channel.write(bytes([255] * 8))": "CorruptVideo",
    "tell({'facts': {'width': 1}})": "CorruptVideo",
    "tell({'read': ['a', 'b']})": "CorruptVideo",
}
FACTS = VideoFacts(320, 240, 2.0, "h264", None)


@pytest.mark.parametrize("end", ENDS)
def test_a_child_that_ends_before_it_knows_the_facts_refuses_the_video(
    child: Callable[[str], None], end: str
) -> None:
    child(end)
    assert refusal_of(in_a_child, b"video") == ENDS[end]


@pytest.mark.parametrize("end", ENDS)
def test_a_child_that_ends_after_it_knows_the_facts_leaves_them(
    child: Callable[[str], None], end: str
) -> None:
    child(f"tell({{'facts': {asdict(FACTS)!r}}})\n{end}")
    made, _ = in_a_child(b"video")
    assert made.facts == FACTS
    assert made.missing is not None
    assert made.missing.code == ENDS[end]


@pytest.mark.parametrize(
    "impossible",
    [
        {"width": -1},
        {"height": "240"},
        {"width": True},
        {"duration_seconds": math.nan},
        {"duration_seconds": 10**300},
        {"codec": "x" * 1000},
        {"taken_at": 5},
    ],
)
def test_facts_that_make_no_sense_are_not_believed(
    child: Callable[[str], None], impossible: dict[str, Any]
) -> None:
    child(f"nan = float('nan')\ntell({{'facts': {asdict(FACTS) | impossible!r}}})")
    assert refusal_of(in_a_child, b"video") == "CorruptVideo"


def test_telling_the_facts_again_gives_no_more_to_read(
    child: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "POSTER_BYTES", 3 * video.BLOCK_BYTES)
    child(
        f"""
for block in range(9):
    tell({{'facts': {asdict(FACTS)!r}}})
    tell({{'read': [10_000_000 * block, 1]}})
    parent.receive()
"""
    )
    _, ranges = in_a_child(bytes(100_000_000))
    assert ranges.requests == 3


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not limit a process's memory")
def test_an_index_larger_than_the_memory_is_not_built() -> None:
    """A few bytes name 150 million frames: 3.6 GB of index."""
    made, _ = in_a_child(many_frames(150_000_000))
    assert made.missing is not None
    assert made.missing.code == "UndecodableFrame"


def many_frames(count: int) -> bytes:
    """Return an MP4 that says to have so many frames, all in one chunk and of one size."""
    content = videos.video(codec="libx264", seconds=0.2)
    for name, body in {
        b"stsz": struct.pack(">4xII", 1, count),
        b"stsc": struct.pack(">4xIIII", 1, 1, count, 1),
        b"stts": struct.pack(">4xIII", 1, count, 1),
    }.items():
        at = content.index(name) + 4
        content = content[:at] + body + content[at + len(body) :]
    return content


def test_a_file_that_is_slow_to_read_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "MAX_FETCHING_SECONDS", 0)
    with pytest.raises(TimeoutError):
        in_a_child(videos.video())


def test_what_takes_too_long_to_decode_is_refused(child: Callable[[str], None]) -> None:
    child("time.sleep(600)")
    limits = Limits(cpu_seconds=5, wall_seconds=0.5)
    ranges = ranges_of(bytes(1000))
    assert refusal_of(video.inspect, ranges, "video/mp4", SIZES, limits=limits) == "TooMuchTime"


def test_an_error_of_the_source_passes_through_and_ends_the_child() -> None:
    def fetch(start: int, length: int) -> bytes:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        video.inspect(video.ranges_of(fetch, 1000), "video/mp4", SIZES, limits=video.LIMITS)


@cache
def whole(kind: str) -> bytes:
    codec = {"mp4": "libx264", "mov": "mpeg4", "webm": "libvpx-vp9"}[kind]
    return videos.video(kind, codec, (64, 48), seconds=0.5)


@pytest.mark.parametrize("kind", ["mp4", "mov", "webm"])
# The same examples in every run: FFmpeg's own faults, which the child contains, would end this one.
@settings(max_examples=150, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_bytes_end_in_a_refusal_or_a_result(kind: str, data: st.DataObject) -> None:
    content = bytearray(whole(kind))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(content) - 1))
        damage = data.draw(st.binary(min_size=1, max_size=8))
        content[at : at + len(damage)] = damage
    cut = data.draw(st.integers(0, len(content))) if data.draw(st.booleans()) else len(content)
    try:
        made = in_this_process(bytes(content[:cut]), kind)
    except ContentRejectedError:
        return
    assert bool(made.thumbnails) != bool(made.missing)
