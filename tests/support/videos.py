"""Small real videos, made when they are needed."""

import io
import tempfile
from fractions import Fraction
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
    picture: Image.Image | None = None,
    colour: dict[str, int] | None = None,
    **options: str,
) -> bytes:
    """Return a video whose left half is red and whose right half is blue, as stored.

    It has ten frames a second and a key frame in each, all black for the first `dark_seconds`.
    `rotation` is in degrees, counterclockwise. `picture` is shown instead of red and blue, and
    `colour` names the codes (ITU-T H.273) of primaries, transfer and matrix. `options` are the
    container's.
    """
    red_and_blue = Image.new("RGB", size, (220, 30, 30))
    red_and_blue.paste((30, 30, 220), (size[0] // 2, 0, *size))
    shown = picture or red_and_blue
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
            if colour:
                stream.codec_context.color_primaries = colour["primaries"]
                stream.codec_context.color_trc = colour["transfer"]
                stream.codec_context.colorspace = colour["matrix"]
            if rotation:
                stream.set_display_rotation(rotation)
            for number in range(int(seconds * 10)):
                dark = number < dark_seconds * 10
                frame = av.VideoFrame.from_image(Image.new("RGB", size) if dark else shown)
                if colour:
                    frame = frame.reformat(format=pixel_format, dst_colorspace=colour["matrix"])
                    frame.colorspace = colour["matrix"]
                    frame.color_primaries = colour["primaries"]
                    frame.color_trc = colour["transfer"]
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path.read_bytes()


def motion_jpeg(frame: bytes) -> bytes:
    """Return a QuickTime video of a second whose frames are all this JPEG."""
    output = io.BytesIO()
    with av.open(output, "w", format="mov") as container:
        stream: Any = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height = Image.open(io.BytesIO(frame)).size
        stream.pix_fmt = "yuvj420p"
        for number in range(10):
            packet = av.Packet(frame)
            packet.stream, packet.time_base = stream, Fraction(1, 10)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            container.mux(packet)
    return output.getvalue()


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
