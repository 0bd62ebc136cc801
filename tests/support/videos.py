"""Small real videos, made when they are needed."""

import tempfile
from pathlib import Path
from typing import Any

import av
from PIL import Image


def video(
    kind: str = "mp4",
    codec: str = "mpeg4",
    size: tuple[int, int] = (320, 240),
    *,
    seconds: float = 2,
    dark_seconds: float = 0,
    rotation: int = 0,
    pixel_proportions: Any = None,
    pixel_format: str = "yuv420p",
    metadata: dict[str, str] | None = None,
    **options: str,
) -> bytes:
    """Return a video whose left half is red and whose right half is blue, as stored.

    It has ten frames a second and a key frame in each, all black for the first `dark_seconds`.
    `rotation` is in degrees, counterclockwise. `options` are the container's.
    """
    red_and_blue = Image.new("RGB", size, (220, 30, 30))
    red_and_blue.paste((30, 30, 220), (size[0] // 2, 0, *size))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video"
        with av.open(path, "w", format=kind, options=options) as container:
            container.metadata.update(metadata or {})
            stream: Any = container.add_stream(codec, rate=10)
            stream.width, stream.height = size
            stream.pix_fmt = pixel_format
            stream.gop_size = 1
            stream.codec_context.thread_count = 1
            if pixel_proportions:
                stream.codec_context.sample_aspect_ratio = pixel_proportions
            if rotation:
                stream.set_display_rotation(rotation)
            for number in range(int(seconds * 10)):
                dark = number < dark_seconds * 10
                picture = Image.new("RGB", size) if dark else red_and_blue
                container.mux(stream.encode(av.VideoFrame.from_image(picture)))
            container.mux(stream.encode(None))
        return path.read_bytes()


def audio(kind: str = "mp4", codec: str = "aac") -> bytes:
    """Return a second of silence in a container for videos."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audio"
        with av.open(path, "w", format=kind) as container:
            stream: Any = container.add_stream(codec, rate=48_000)
            frame = av.AudioFrame(format="fltp", layout="stereo", samples=1024)
            frame.sample_rate = 48_000
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            for number in range(48):
                frame.pts = number * 1024
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path.read_bytes()
