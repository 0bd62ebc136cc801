"""Thumbnails of every accepted kind of image, made in the process that calls this.

Functions do not: they ask `images`, whose sandbox runs this.

The fast way, measured in `benchmarks/thumbnails.py`: let the decoder itself reduce a JPEG, resize
once to the largest thumbnail, put that small image upright and into sRGB, and make each smaller
one from the next larger.
"""

import base64
import io
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

# Plugins are imported by name, here or where they are needed: Image.init() would import them all.
from PIL import Image, ImageFile, JpegImagePlugin, WebPImagePlugin

from photodrop.errors import ContentRejectedError
from photodrop.imaging import thumb_hash, wide_gamut
from photodrop.imaging.budget import Budget, check_budget
from photodrop.imaging.formats import read_header
from photodrop.imaging.header import Header
from photodrop.imaging.renditions import LADDER, Rendition, Thumbnail, fit

# The budget is checked here, from the header, with a code and a message of our own.
Image.MAX_IMAGE_PIXELS = None
# A truncated photo is refused and not filled up with grey.
ImageFile.LOAD_TRUNCATED_IMAGES = False

# A reducing gap of 1.25 is not told from none at 1600 pixels (SSIM 0.995), and is much faster.
_REDUCING_GAP = 1.25
# ThumbHash keeps at most 7 x 7 frequencies: more pixels than this cost time and change nothing.
_THUMB_HASH_SIDE = 32

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# These decoders apply the orientation themselves.
_DECODED_UPRIGHT = frozenset({"image/heic", "image/heif", "image/tiff"})
# The profile classes that fit an image's mode (bytes 16 to 20 of an ICC profile).
_PROFILE_MODES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}


def make_thumbnails(
    source: str | os.PathLike[str] | BinaryIO,
    sizes: Sequence[int] = LADDER,
    *,
    budget: Budget | None = None,
    content_type: str = "image/webp",
    quality: int = 80,
    method: int = 2,
) -> Rendition:
    """Make a thumbnail for each of `sizes`, the longest side in pixels.

    They are upright, in sRGB, without metadata and never larger than the original: a step above
    it gets the original's size. Of an animation or a document it is the first frame or page.

    `source` is a path or a seekable stream, and local: an error in reading a stream counts against
    the image. `content_type` is image/webp, image/jpeg (what was transparent becomes white) or
    image/avif. `method` is WebP's effort, 0 to 6.

    Raises ContentRejectedError with the codes of `formats.inspect`; what cannot be decoded to the
    end is `CorruptImage`.
    """
    boxes = [(size, size) for size in sizes]
    images = _render(source, boxes, budget or Budget())
    thumbnails = _encode_all(images, sizes, content_type, quality, method)
    return Rendition(thumbnails, _thumb_hash(_smallest(images)))


def make_frame_thumbnails(
    frame: Image.Image, shown_size: tuple[int, int], sizes: Sequence[int] = LADDER
) -> Rendition:
    """Make a WebP thumbnail for each of `sizes` from a frame of a video.

    `frame` is decoded, upright and in sRGB; it may be smaller than `shown_size`, the video's width
    and height, but not than the largest thumbnail.
    """
    images = _reduce(frame, [fit(shown_size, (size, size)) for size in sizes])
    thumbnails = _encode_all(images, sizes, "image/webp", 80, 2)
    return Rendition(thumbnails, _thumb_hash(_smallest(images)))


def make_thumbnail(
    source: str | os.PathLike[str] | BinaryIO,
    box: tuple[int, int],
    *,
    budget: Budget | None = None,
    content_type: str = "image/webp",
    quality: int = 80,
    method: int = 2,
) -> Thumbnail:
    """Make one thumbnail that fits into `box` (width, height in pixels), else as `make_thumbnails`.

    Its `size` is the longer side of the box.
    """
    (image,) = _render(source, [box], budget or Budget())
    data = _encode(image, content_type, quality, method)
    return Thumbnail(max(box), image.width, image.height, content_type, data)


def _render(
    source: str | os.PathLike[str] | BinaryIO, boxes: Sequence[tuple[int, int]], budget: Budget
) -> list[Image.Image]:
    """Return an upright sRGB image (mode RGB or RGBA) for each box."""
    if isinstance(source, str | os.PathLike):
        with Path(source).open("rb") as stream:
            return _render(stream, boxes, budget)

    largest = max(max(box) for box in boxes)
    header = read_header(source, source.seek(0, os.SEEK_END), budget, largest)
    facts = header.facts
    fitted = [fit((facts.width, facts.height), box) for box in boxes]
    source.seek(0)
    with _rejecting():
        image = _decode(source, header, max(fitted), budget, largest)
    return _reduce(image, fitted)


def _reduce(image: Image.Image, fitted: Sequence[tuple[int, int]]) -> list[Image.Image]:
    """Return the image in each of these sizes, each made from the next larger one."""
    images: dict[tuple[int, int], Image.Image] = {}
    for size in sorted(set(fitted), reverse=True):
        if image.size != size:
            image = image.resize(size, Image.Resampling.LANCZOS)
        images[size] = image
    return [images[size] for size in fitted]


def _smallest(images: Sequence[Image.Image]) -> Image.Image:
    return min(images, key=lambda image: image.width * image.height)


@contextmanager
def _rejecting() -> Iterator[None]:
    """Turn whatever a decoder raises into ContentRejectedError.

    Pillow's plugins raise a dozen unrelated exceptions for malformed files. Warnings are dropped:
    they speak to developers about files that are not theirs.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ContentRejectedError:
        raise
    except MemoryError as error:
        raise ContentRejectedError(
            "TooMuchMemory", "Decoding the image needs too much memory."
        ) from error
    except Exception as error:
        raise ContentRejectedError(
            "CorruptImage", "The image is damaged or incomplete: it cannot be decoded."
        ) from error


def _decode(
    source: BinaryIO, header: Header, upright_size: tuple[int, int], budget: Budget, largest: int
) -> Image.Image:
    """Return the image at `upright_size`, upright, in sRGB, as RGB or RGBA, without metadata."""
    facts = header.facts
    image = _open(source, facts.content_type)
    # The decoder's own reading of the header has the last word on what it will allocate.
    check_budget(_with_size(header, image.size), budget, largest)
    orientation = 1 if facts.content_type in _DECODED_UPRIGHT else facts.orientation
    size = upright_size if orientation < 5 else (upright_size[1], upright_size[0])

    # Before the orientation is applied: only then can the decoder skip pixels.
    drafted = image.draft("RGB", size) if facts.content_type == "image/jpeg" else None
    box = drafted[1] if drafted else None
    profile = image.info.get("icc_profile") or wide_gamut.icc_profile(header.primaries)
    small = _resizable(image).resize(
        size, Image.Resampling.LANCZOS, box=box, reducing_gap=_REDUCING_GAP
    )
    del image
    if orientation != 1:
        small = small.transpose(_UPRIGHT[orientation])
    small = to_srgb(_to_eight_bits(small), profile)
    small.info = {}  # encoders would copy EXIF, XMP and profiles from here
    return small


def _with_size(header: Header, size: tuple[int, int]) -> Header:
    facts = replace(header.facts, width=size[0], height=size[1], orientation=1)
    return replace(header, facts=facts)


def _open(source: BinaryIO, content_type: str) -> ImageFile.ImageFile:
    # The plugin is chosen by our own reading of the first bytes. Calling its class directly leaves
    # out Pillow's guessing, and the factory that makes a phone's JPEG with a preview an "MPO".
    match content_type:
        case "image/jpeg":
            return JpegImagePlugin.JpegImageFile(source)
        case "image/webp":
            return WebPImagePlugin.WebPImageFile(source)
        case "image/png":
            from PIL import PngImagePlugin

            return PngImagePlugin.PngImageFile(source)
        case "image/gif":
            from PIL import GifImagePlugin

            return GifImagePlugin.GifImageFile(source)
        case "image/tiff":
            from PIL import TiffImagePlugin

            return TiffImagePlugin.TiffImageFile(source)
        case "image/avif":
            from PIL import AvifImagePlugin

            return AvifImagePlugin.AvifImageFile(source)
        case _:
            return _open_heif(source)


def _open_heif(source: BinaryIO) -> ImageFile.ImageFile:
    import pillow_heif

    # libheif's own limits stay on: 1000 items, which a 48 MP iPhone photo (about 250) passes.
    pillow_heif.options.DISABLE_SECURITY_LIMITS = False
    # An embedded preview may show something else than the photo; depth and gain maps are not shown.
    pillow_heif.options.THUMBNAILS = False
    pillow_heif.options.DEPTH_IMAGES = False
    pillow_heif.options.AUX_IMAGES = False
    pillow_heif.options.DECODE_THREADS = 1  # a child of the sandbox may start no other
    return pillow_heif.HeifImageFile(source)  # type: ignore[no-untyped-call]


def _resizable(image: Image.Image) -> Image.Image:
    """Return the image in a mode in which neighbouring pixels may be averaged."""
    transparent = "transparency" in image.info
    match image.mode:
        case "P" | "PA":
            return image.convert("RGBA" if transparent or image.mode == "PA" else "RGB")
        case "L" | "RGB" | "1" if transparent:
            return image.convert("RGBA")
        case "1":
            return image.convert("L")
        case "LAB":
            return _transformed(image, "LAB", None)
        case mode if mode.startswith("I;16"):
            return image.convert("I")
    return image


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Bring samples of 16 bits, or of any range, to 0 to 255."""
    if image.mode not in ("I", "F"):
        return image
    low, high = cast(tuple[float, float], image.getextrema())
    if image.mode == "I" and low >= 0 and high <= 65535:
        low, high = 0, 65535
    scale = 255 / ((high - low) or 1)
    return image.convert("F").point(lambda sample: sample * scale - low * scale).convert("L")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the image as RGB, or as RGBA where it is not opaque, with its colours in sRGB."""
    alpha = None
    if image.mode in ("LA", "La", "RGBA", "RGBa"):
        image = image.convert({"La": "LA", "RGBa": "RGBA"}.get(image.mode, image.mode))
        alpha = image.getchannel("A")
        image = image.convert(image.mode[:-1])
    mode = _PROFILE_MODES.get(profile[16:20]) if profile else None
    if mode == "RGB" and image.mode not in ("CMYK", "L"):
        image = image.convert("RGB")
    if mode == image.mode:
        image = _transformed(image, mode, profile)
    image = image.convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):
        image.putalpha(alpha)
    return image


def _transformed(image: Image.Image, mode: str, profile: bytes | None) -> Image.Image:
    """Convert from `profile` (without one: from L*a*b*) to sRGB; a broken one changes nothing."""
    from PIL import ImageCms

    try:
        source = (
            ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if profile
            else ImageCms.createProfile("LAB")
        )
        target = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, target, mode, "RGB")
        return transform.apply(image)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image


class _NamedBuffer(io.BytesIO):
    """A buffer whose name tells `save` the format: given `format=`, it imports five plugins."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def _encode_all(
    images: Sequence[Image.Image],
    sizes: Sequence[int],
    content_type: str,
    quality: int,
    method: int,
) -> tuple[Thumbnail, ...]:
    """Encode each image; where the original is small, several are the same one."""
    encoded: dict[tuple[int, int], bytes] = {}
    for image in images:
        if image.size not in encoded:
            encoded[image.size] = _encode(image, content_type, quality, method)
    return tuple(
        Thumbnail(size, image.width, image.height, content_type, encoded[image.size])
        for size, image in zip(sizes, images, strict=True)
    )


def _encode(image: Image.Image, content_type: str, quality: int, method: int) -> bytes:
    match content_type:
        case "image/webp":
            buffer = _NamedBuffer("thumbnail.webp")
            image.save(buffer, quality=quality, method=method)
        case "image/jpeg":
            buffer = _NamedBuffer("thumbnail.jpg")
            if image.mode == "RGBA":
                white = Image.new("RGB", image.size, "white")
                white.paste(image, mask=image.getchannel("A"))
                image = white
            image.save(buffer, quality=quality)
        case "image/avif":
            buffer = _NamedBuffer("thumbnail.avif")
            # Speed 9 of 10: at the default 6 one thumbnail takes longer than a client waits.
            image.save(buffer, quality=quality, speed=9)
        case _:
            raise ValueError(f"no thumbnails of type {content_type}")
    return buffer.getvalue()


def _thumb_hash(image: Image.Image) -> str:
    small = image.resize(
        fit(image.size, (_THUMB_HASH_SIDE, _THUMB_HASH_SIDE)), Image.Resampling.LANCZOS
    ).convert("RGBA")
    encoded = thumb_hash.encode(small.width, small.height, small.tobytes())
    return base64.b64encode(encoded).decode("ascii")
