"""Making thumbnails of every accepted kind of image, in this process.

Functions call `images` instead, which runs this in the sandbox.

For speed (`benchmarks/thumbnails.py` measures it), the decoder itself reduces a JPEG, the image is
resized once to the largest thumbnail, and only then turned upright and converted to sRGB. Each
smaller thumbnail is made from the next larger one.
"""

import base64
import io
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from photodrop.errors import ContentRejectedError
from photodrop.imaging import colours, cropping, decoders, resampling, scaled_decoding, thumb_hash
from photodrop.imaging.budget import Budget
from photodrop.imaging.formats import read_header
from photodrop.imaging.header import Header
from photodrop.imaging.renditions import DEFAULT_SIZES, Rendition, Thumbnail, cover, fit
from photodrop.variants import Gravity

# The decoder's reduction of a JPEG costs as much as one step of this: with it, thumbnails look no
# worse than those of quality 80 that are made of the full size (`benchmarks/quality.py`).
_QUALITY = 82
# What looks as WebP of that quality (SSIMULACRA2 of ten photographs: 64.2 with 65, WebP 65.0), at
# 7 % fewer bytes. With the same number it would take half as many bytes again.
_AVIF_QUALITY = 66
# ThumbHash keeps at most 7 x 7 frequencies. More pixels than this cost time and change nothing.
_THUMB_HASH_SIDE = 32
# Up to this longest side, in pixels, thumbnails are encoded without reducing the colours.
_TINY_SIDE = 64

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def make_thumbnails(
    source: str | os.PathLike[str] | BinaryIO,
    sizes: Sequence[int] = DEFAULT_SIZES,
    *,
    budget: Budget | None = None,
    content_type: str = "image/webp",
    quality: int | None = None,
    method: int = 2,
) -> Rendition:
    """Make a thumbnail for each of `sizes`, the longest side in pixels.

    They are upright, in sRGB, without metadata, and never larger than the original. Of an animation
    or a document, they show the first frame or page.

    `source` is a path or a seekable stream. It must be local, because an error of reading it is
    taken for an error of the image. `content_type` is image/webp, image/jpeg (transparent areas
    become white) or image/avif. `method` is WebP's effort, 0 to 6.

    Raises ContentRejectedError with the codes of `formats.inspect`: `CorruptImage` for an image
    that cannot be decoded to its end.
    """
    boxes = [(size, size) for size in sizes]
    images = _render(source, boxes, budget or Budget())
    thumbnails = _encode_all(images, sizes, content_type, quality, method)
    return Rendition(thumbnails, _thumb_hash(_smallest(images)))


def make_frame_thumbnails(
    frame: Image.Image, shown_size: tuple[int, int], sizes: Sequence[int] = DEFAULT_SIZES
) -> Rendition:
    """Make a WebP thumbnail for each of `sizes` from a frame of a video.

    `frame` is decoded, upright and in sRGB. It must not be smaller than the largest thumbnail, but
    may be smaller than `shown_size`, the video's width and height.
    """
    images = _reduce(frame, [fit(shown_size, (size, size)) for size in sizes])
    thumbnails = _encode_all(images, sizes, "image/webp", None, 2)
    return Rendition(thumbnails, _thumb_hash(_smallest(images)))


def make_thumbnail(
    source: str | os.PathLike[str] | BinaryIO,
    box: tuple[int, int],
    *,
    budget: Budget | None = None,
    crop: Gravity | None = None,
    content_type: str = "image/webp",
    quality: int | None = None,
    method: int = 2,
) -> Thumbnail:
    """Make one thumbnail that fits into `box` (width, height in pixels): see `make_thumbnails`.

    With `crop` it fills the box, and what does not fit is cut off. Its `size` is the longer side of
    the box.
    """
    (image,) = _render(source, [box], budget or Budget(), crop)
    data = _encode(image, content_type, quality, method)
    return Thumbnail(max(box), image.width, image.height, content_type, data)


def _render(
    source: str | os.PathLike[str] | BinaryIO,
    boxes: Sequence[tuple[int, int]],
    budget: Budget,
    crop: Gravity | None = None,
) -> list[Image.Image]:
    """Return an upright sRGB image (mode RGB or RGBA) for each box."""
    if isinstance(source, str | os.PathLike):
        with Path(source).open("rb") as stream:
            return _render(stream, boxes, budget, crop)

    budget = replace(budget, largest_thumbnail=max(max(box) for box in boxes))
    header = read_header(source, source.seek(0, os.SEEK_END), budget)
    size = header.facts.width, header.facts.height
    source.seek(0)
    if crop:
        covers = [cover(size, box) for box in boxes]
        scaled = [to_scale for to_scale, _ in covers]
        with _rejecting():
            image = _decode(source, header, max(scaled))
            return [
                cropping.crop(one, to_cut, crop)
                for one, (_, to_cut) in zip(_reduce(image, scaled), covers, strict=True)
            ]
    fitted = [fit(size, box) for box in boxes]
    with _rejecting():
        image = _decode(source, header, max(fitted))
    return _reduce(image, fitted)


def _reduce(image: Image.Image, fitted: Sequence[tuple[int, int]]) -> list[Image.Image]:
    """Return the image in each of these sizes, each made from the next larger one."""
    images: dict[tuple[int, int], Image.Image] = {}
    for size in sorted(set(fitted), reverse=True):
        if image.size != size:
            image = resampling.resize(image, size)
        images[size] = image
    return [images[size] for size in fitted]


def _smallest(images: Sequence[Image.Image]) -> Image.Image:
    return min(images, key=lambda image: image.width * image.height)


@contextmanager
def _rejecting() -> Iterator[None]:
    """Turn whatever a decoder raises into ContentRejectedError.

    Pillow's plugins raise a dozen unrelated exceptions for malformed files. Their warnings are
    dropped: they are about users' files, which nobody here can repair.
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


def _decode(source: BinaryIO, header: Header, upright_size: tuple[int, int]) -> Image.Image:
    """Return the image at `upright_size`, upright, in sRGB, as RGB or RGBA, without metadata."""
    orientation = 1 if decoders.is_upright(header) else header.facts.orientation
    size = upright_size if orientation < 5 else (upright_size[1], upright_size[0])

    # Reduce before the orientation is applied: only then the decoder can skip pixels.
    if decoded := scaled_decoding.decode(source, header, size):
        small, profile = decoded
        if small.size != size:
            small = resampling.resize(small, size, may_average=True)
    else:
        source.seek(0)
        image = decoders.open_image(source, header)
        drafted = image.draft("RGB", size) if header.facts.content_type == "image/jpeg" else None
        profile = image.info.get("icc_profile")
        small = decoders.to_resizable(image, header)
        del image
        small = resampling.resize(small, size, drafted[1] if drafted else None, may_average=True)
    if orientation != 1:
        small = small.transpose(_UPRIGHT[orientation])
    small = colours.to_eight_bits(small, header.white)
    small = colours.to_srgb(small, profile, header.primaries, header.transfer)
    small.info = {}  # encoders would copy EXIF, XMP and profiles from here
    return small


class _NamedBuffer(io.BytesIO):
    """A buffer with a name, from which `save` knows the format: `format=` imports five plugins."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def _encode_all(
    images: Sequence[Image.Image],
    sizes: Sequence[int],
    content_type: str,
    quality: int | None,
    method: int,
) -> tuple[Thumbnail, ...]:
    """Encode the images. Those of the same size, of a small original, are encoded only once."""
    encoded: dict[tuple[int, int], bytes] = {}
    for image in images:
        if image.size not in encoded:
            encoded[image.size] = _encode(image, content_type, quality, method)
    return tuple(
        Thumbnail(size, image.width, image.height, content_type, encoded[image.size])
        for size, image in zip(sizes, images, strict=True)
    )


def _encode(image: Image.Image, content_type: str, quality: int | None, method: int) -> bytes:
    quality = quality or (_AVIF_QUALITY if content_type == "image/avif" else _QUALITY)
    # In icons and pixel art, colours at half the resolution would smear, and would save nothing.
    is_tiny = max(image.size) <= _TINY_SIDE
    match content_type:
        case "image/webp":
            buffer = _NamedBuffer("thumbnail.webp")
            if is_tiny:
                image.save(buffer, lossless=True, method=method)
            else:
                image.save(buffer, quality=quality, method=method)
        case "image/jpeg":
            buffer = _NamedBuffer("thumbnail.jpg")
            if image.mode == "RGBA":
                white = Image.new("RGB", image.size, "white")
                white.paste(image, mask=image.getchannel("A"))
                image = white
            image.save(buffer, quality=quality, subsampling=0 if is_tiny else 2)
        case "image/avif":
            buffer = _NamedBuffer("thumbnail.avif")
            # Speed 9 of 10. At the default of 6, a thumbnail takes longer than a client waits.
            subsampling = "4:4:4" if is_tiny else "4:2:0"
            image.save(buffer, quality=quality, speed=9, subsampling=subsampling)
        case _:
            raise ValueError(f"no thumbnails of type {content_type}")
    return buffer.getvalue()


def _thumb_hash(image: Image.Image) -> str:
    small = image.resize(
        fit(image.size, (_THUMB_HASH_SIDE, _THUMB_HASH_SIDE)), Image.Resampling.LANCZOS
    ).convert("RGBA")
    encoded = thumb_hash.encode(small.width, small.height, small.tobytes())
    return base64.b64encode(encoded).decode("ascii")
