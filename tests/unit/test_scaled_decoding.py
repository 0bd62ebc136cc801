"""What libvips decodes looks as Pillow shows it, and the rest is left to Pillow."""

import io
import struct
import zlib

import pytest
from PIL import Image, ImageChops, ImageStat

from photodrop.imaging import scaled_decoding, wide_gamut
from photodrop.imaging.budget import Budget
from photodrop.imaging.formats import read_header
from photodrop.imaging.thumbnails import make_thumbnails
from tests.unit.test_imaging import (
    ODD_MODES,
    encode,
    make_animation,
    make_exif,
    make_png_chunk,
    make_quadrants,
)


def make_smooth(mode: str = "RGB", width: int = 400, height: int = 300) -> Image.Image:
    smooth = make_quadrants(4, 4).resize((width, height), Image.Resampling.BICUBIC)
    if mode in ("LA", "RGBA"):
        smooth.putalpha(Image.linear_gradient("L").resize((width, height)))
    return smooth.convert(mode)


def with_chunk(png: bytes, kind: bytes, body: bytes) -> bytes:
    return png[:33] + make_png_chunk(kind, body) + png[33:]


def make_interlaced_png(image: Image.Image) -> bytes:
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)]
    passes += [(0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = bytearray()
    for left, top, right, down in passes:
        for y in range(top, image.height, down):
            pixels = [image.getpixel((x, y)) for x in range(left, image.width, right)]
            rows += b"\0" + b"".join(bytes(pixel) for pixel in pixels)  # type: ignore[arg-type]
    header = struct.pack(">IIBBBBB", *image.size, 8, 2, 0, 0, 1)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(make_png_chunk(*chunk) for chunk in chunks)


def is_decoded_by_libvips(data: bytes, size: tuple[int, int]) -> bool:
    stream = io.BytesIO(data)
    header = read_header(stream, len(data), Budget())
    stream.seek(0)
    return scaled_decoding.decode(stream, header, size) is not None


PLAIN = {
    "rgb-png": encode(make_smooth(), "image/png"),
    "grey-png": encode(make_smooth("L"), "image/png"),
    "transparent-png": encode(make_smooth("RGBA"), "image/png"),
    "png-with-gamma": with_chunk(
        encode(make_smooth(), "image/png"), b"gAMA", struct.pack(">I", 100_000)
    ),
    "png-in-display-p3": encode(make_smooth(), "image/png", icc_profile=wide_gamut.icc_profile(12)),
    "rotated-png": encode(make_smooth(), "image/png", exif=make_exif(6)),
    "webp": encode(make_smooth(), "image/webp"),
    "webp-of-odd-size": encode(make_smooth("RGB", 401, 299), "image/webp"),
    "lossless-webp": encode(make_smooth(), "image/webp", lossless=True),
    "webp-in-display-p3": encode(
        make_smooth(), "image/webp", icc_profile=wide_gamut.icc_profile(12)
    ),
    "rotated-webp": encode(make_smooth(), "image/webp", exif=make_exif(6)),
}


@pytest.mark.parametrize("name", PLAIN)
def test_what_libvips_decodes_looks_as_decoded_by_pillow(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = PLAIN[name]
    assert is_decoded_by_libvips(data, (100, 75))
    sizes = (100, 50)
    ours = make_thumbnails(io.BytesIO(data), sizes, quality=100)
    monkeypatch.setattr(scaled_decoding, "decode", lambda *_: None)
    expected = make_thumbnails(io.BytesIO(data), sizes, quality=100)
    for one, other in zip(ours.thumbnails, expected.thumbnails, strict=True):
        found, wanted = (Image.open(io.BytesIO(made.data)) for made in (one, other))
        assert (found.mode, found.size) == (wanted.mode, wanted.size)
        difference = ImageChops.difference(found.convert("RGBa"), wanted.convert("RGBa"))
        assert max(ImageStat.Stat(difference).mean) <= 2


CORRUPT_CRC = bytearray(PLAIN["rgb-png"])
CORRUPT_CRC[-13] ^= 1  # of the last chunk of pixels, before the 12 bytes of IEND

LEFT_TO_PILLOW = {
    **{name: data for name, data in ODD_MODES.items() if name.endswith(("-png", "-jpeg", "-heic"))},
    "interlaced-png": make_interlaced_png(make_quadrants()),
    "png-with-transparent-colour": encode(make_quadrants(), "image/png", transparency=(1, 2, 3)),
    "animated-png": make_animation("image/png"),
    "png-animation-of-one-frame": with_chunk(
        encode(make_quadrants(), "image/png"), b"acTL", struct.pack(">II", 1, 0)
    ),
    "animated-webp": make_animation("image/webp"),
    "transparent-webp": encode(make_smooth("RGBA"), "image/webp"),
    "png-with-a-wrong-checksum": bytes(CORRUPT_CRC),
    "jpeg": encode(make_quadrants(), "image/jpeg"),
}
del LEFT_TO_PILLOW["grey-png"]


@pytest.mark.parametrize("name", LEFT_TO_PILLOW)
def test_pillow_decodes_what_libvips_may_show_otherwise(name: str) -> None:
    data = LEFT_TO_PILLOW[name]
    assert not is_decoded_by_libvips(data, (40, 20))
    assert make_thumbnails(io.BytesIO(data), (40,)).thumbnails[0].width == 40


@pytest.mark.parametrize("size", [(399, 299), (17, 11), (1, 300), (300, 1), (2, 2)])
@pytest.mark.parametrize("content_type", ["image/png", "image/webp"])
def test_every_size_is_made_of_every_size(content_type: str, size: tuple[int, int]) -> None:
    data = encode(make_smooth("RGB", *size), content_type)
    for side in (1, 7, 16, 63, 298):
        made = make_thumbnails(io.BytesIO(data), (side,)).thumbnails[0]
        assert max(made.width, made.height) == min(side, max(size))
