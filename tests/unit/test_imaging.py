import base64
import io
import os
import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pillow_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from photodrop.errors import ContentRejectedError
from photodrop.imaging import thumb_hash, wide_gamut
from photodrop.imaging.budget import Budget
from photodrop.imaging.formats import inspect
from photodrop.imaging.header import ImageFacts
from photodrop.imaging.renditions import Rendition, Thumbnail
from photodrop.imaging.thumbnails import make_thumbnail, make_thumbnails

pillow_heif.register_heif_opener()

FORMATS: dict[str, dict[str, Any]] = {
    "image/jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    "image/png": {"format": "PNG"},
    "image/webp": {"format": "WEBP", "quality": 95},
    "image/gif": {"format": "GIF"},
    "image/heic": {"format": "HEIF", "quality": 95},
    "image/avif": {"format": "AVIF", "quality": 95, "speed": 10},
    "image/tiff": {"format": "TIFF"},
}
RED, GREEN, BLUE, YELLOW = (200, 30, 30), (30, 160, 30), (30, 30, 200), (220, 220, 40)

FUNCTIONS = Path(__file__).parents[2] / "functions"


def make_quadrants(width: int = 80, height: int = 40) -> Image.Image:
    """Red, green over blue, yellow: upside down, mirrored and sideways are all told apart."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(YELLOW, (width // 2, height // 2, width, height))
    return image


def make_noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))


def make_exif(
    orientation: int = 1,
    taken: str | None = "2024:05:01 12:34:56",
    offset: str | None = "+02:00",
    *,
    gps: bool = False,
) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera maker"
    details = {}
    if taken is not None:
        details[0x9003] = taken
    if offset is not None:
        details[0x9011] = offset
    exif._ifds[0x8769] = details
    exif[0x8769] = details
    if gps:
        exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)}
    return exif.tobytes()


def encode(image: Image.Image, content_type: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **(FORMATS[content_type] | options))
    return buffer.getvalue()


def facts_of(data: bytes, budget: Budget | None = None) -> ImageFacts:
    return inspect(io.BytesIO(data), len(data), budget or Budget())


def thumbnails_of(data: bytes, *sizes: int, **options: Any) -> Rendition:
    return make_thumbnails(io.BytesIO(data), sizes or (20,), **options)


def decoded(thumbnail: Thumbnail) -> Image.Image:
    return Image.open(io.BytesIO(thumbnail.data))


def corners(image: Image.Image) -> list[str]:
    """Name the colours of the four quadrants' middles, row by row."""
    names = {"red": RED, "green": GREEN, "blue": BLUE, "yellow": YELLOW}
    image = image.convert("RGB")
    found = []
    for y in (image.height // 4, image.height * 3 // 4):
        for x in (image.width // 4, image.width * 3 // 4):
            pixel = image.getpixel((x, y))
            assert isinstance(pixel, tuple)
            found.append(min(names, key=lambda name: distance(names[name], pixel)))
    return found


UPRIGHT = ["red", "green", "blue", "yellow"]
"""The `corners` of what `make_quadrants` makes, where nothing has turned it."""


def distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def assert_rejected(code: str, data: bytes, budget: Budget | None = None) -> None:
    """Both ends refuse: the reader of headers, and the decoder that trusts nobody."""
    with pytest.raises(ContentRejectedError) as in_header:
        facts_of(data, budget)
    assert in_header.value.code == code
    with pytest.raises(ContentRejectedError) as in_decoder:
        make_thumbnails(io.BytesIO(data), (20,), budget=budget)
    assert in_decoder.value.code == code


class RangedReader(io.RawIOBase):
    """Counts what a reader of 64 KiB ranges would fetch."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)
        self.blocks: set[int] = set()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._data.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "a whole file was asked for"
        start = self._data.tell()
        data = self._data.read(size)
        self.blocks.update(range(start // 65536, (start + max(len(data), 1) - 1) // 65536 + 1))
        return data


# --- every format, end to end -------------------------------------------------------------------


@pytest.mark.parametrize("content_type", FORMATS)
def test_reads_type_and_size_of_every_format(content_type: str) -> None:
    facts = facts_of(encode(make_quadrants(90, 46), content_type))
    assert facts == ImageFacts(content_type, 90, 46, 1, animated=False, frames=1, taken_at=None)


@pytest.mark.parametrize("content_type", FORMATS)
def test_makes_every_step_of_the_ladder_from_every_format(content_type: str) -> None:
    rendition = thumbnails_of(encode(make_quadrants(200, 100), content_type), 16, 64, 128)
    assert [(t.size, t.width, t.height) for t in rendition.thumbnails] == [
        (16, 16, 8),
        (64, 64, 32),
        (128, 128, 64),
    ]
    for thumbnail in rendition.thumbnails:
        image = decoded(thumbnail)
        assert (image.format, thumbnail.content_type) == ("WEBP", "image/webp")
        assert image.size == (thumbnail.width, thumbnail.height)
        assert corners(image) == UPRIGHT


@pytest.mark.parametrize("content_type", FORMATS)
def test_reads_few_blocks_of_a_large_file_of_every_format(content_type: str) -> None:
    extra: dict[str, Any] = {"image/webp": {"lossless": True, "quality": 0, "method": 0}}
    options = {"exif": make_exif(6)} if content_type != "image/gif" else {}
    if content_type == "image/gif":
        image = make_noise(1300, 1000).convert("L")  # choosing colours takes Pillow seconds
    elif content_type in ("image/heic", "image/avif"):  # noise takes their encoders seconds
        image = make_quadrants(1300, 1000)
    else:
        image = make_noise(1300, 1000)
    data = encode(image, content_type, **extra.get(content_type, {}), **options)
    if content_type in ("image/heic", "image/avif"):  # headers behind the pixels, as some write
        ftyp = int.from_bytes(data[:4], "big")
        data = (
            data[:ftyp] + struct.pack(">I4s", 4_000_008, b"free") + bytes(4_000_000) + data[ftyp:]
        )
    assert len(data) > 1_200_000
    stream = RangedReader(data)
    facts = inspect(stream, len(data), Budget())  # type: ignore[arg-type]
    assert sorted((facts.width, facts.height)) == [1000, 1300]
    assert len(stream.blocks) <= 4


@pytest.mark.parametrize("source", ["path", "stream"])
def test_takes_a_path_or_a_stream(source: str, tmp_path: Path) -> None:
    data = encode(make_quadrants(), "image/jpeg")
    path = tmp_path / "no-extension"
    path.write_bytes(data)
    given_source: Path | BinaryIO = path if source == "path" else io.BytesIO(data)
    assert make_thumbnails(given_source, (20,)).thumbnails[0].width == 20


def test_a_missing_file_is_not_held_against_the_photo(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        make_thumbnails(tmp_path / "missing", (20,))


def test_a_failing_download_is_not_held_against_the_photo() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        inspect(Failing(b"x"), 100, Budget())


# --- upright ------------------------------------------------------------------------------------

STORED = {  # how each orientation stores the picture that `make_quadrants` shows
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def make_rotated(content_type: str, orientation: int) -> bytes:
    upright = make_quadrants(640, 320)
    stored = upright.transpose(STORED[orientation]) if orientation > 1 else upright
    return encode(stored, content_type, exif=make_exif(orientation))


@pytest.mark.parametrize("content_type", [name for name in FORMATS if name != "image/gif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_thumbnails_are_upright_for_all_eight_orientations(
    content_type: str, orientation: int
) -> None:
    data = make_rotated(content_type, orientation)
    facts = facts_of(data)
    assert (facts.width, facts.height, facts.orientation) == (640, 320, orientation)
    rendition = thumbnails_of(data, 1600, 160, 40)
    assert [(t.width, t.height) for t in rendition.thumbnails] == [(640, 320), (160, 80), (40, 20)]
    for thumbnail in rendition.thumbnails:
        assert corners(decoded(thumbnail)) == UPRIGHT
        assert decoded(thumbnail).getexif() == {}


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_impossible_orientation_counts_as_upright(orientation: int) -> None:
    data = encode(make_quadrants(), "image/jpeg", exif=make_exif(orientation))
    assert facts_of(data).orientation == 1
    assert corners(decoded(thumbnails_of(data, 40).thumbnails[0])) == UPRIGHT


def test_the_containers_rotation_rules_over_exif_in_heic() -> None:
    plain = encode(make_quadrants(), "image/heic", exif=make_exif(1))
    lying = plain.replace(b"\x01\x12\0\3\0\0\0\1\0\1", b"\x01\x12\0\3\0\0\0\1\0\6")
    little = plain.replace(b"\x12\x01\3\0\1\0\0\0\1\0", b"\x12\x01\3\0\1\0\0\0\6\0")
    data = lying if lying != plain else little
    assert data != plain
    assert facts_of(data).orientation == 1
    assert corners(decoded(thumbnails_of(data, 40).thumbnails[0]))[0] == "red"


# --- capture time -------------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", [name for name in FORMATS if name != "image/gif"])
def test_reads_the_capture_time_of_every_format_that_has_one(content_type: str) -> None:
    data = encode(make_quadrants(), content_type, exif=make_exif())
    assert facts_of(data).taken_at == "2024-05-01T12:34:56+02:00"


@pytest.mark.parametrize(
    ("taken", "offset", "expected"),
    [
        ("2024:05:01 12:34:56", None, "2024-05-01T12:34:56"),
        ("2024:05:01 12:34:56", "-09:30", "2024-05-01T12:34:56-09:30"),
        ("2024:05:01 12:34:56", "   :  ", "2024-05-01T12:34:56"),
        ("2024:05:01 12:34:56", "+99:00", "2024-05-01T12:34:56"),
        ("0000:00:00 00:00:00", "+02:00", None),
        ("2024:02:30 12:00:00", None, None),
        ("    :  :     :  :  ", None, None),
        ("yesterday", None, None),
        ("", None, None),
        (None, "+02:00", None),
    ],
)
def test_an_impossible_capture_time_is_none(
    taken: str | None, offset: str | None, expected: str | None
) -> None:
    data = encode(make_quadrants(), "image/jpeg", exif=make_exif(1, taken, offset))
    assert facts_of(data).taken_at == expected


# --- nothing private in a thumbnail -------------------------------------------------------------


@pytest.mark.parametrize("output", ["image/webp", "image/jpeg", "image/avif"])
@pytest.mark.parametrize("content_type", [name for name in FORMATS if name != "image/gif"])
def test_thumbnails_carry_no_metadata(content_type: str, output: str) -> None:
    secrets: dict[str, Any] = {"exif": make_exif(1, gps=True), "icc_profile": srgb_profile()}
    if content_type != "image/tiff":
        secrets["xmp"] = b"<x:xmpmeta>Secret place</x:xmpmeta>"
    data = encode(make_quadrants(), content_type, **secrets)
    assert b"Camera maker" in data
    for thumbnail in thumbnails_of(data, 1600, 20, content_type=output).thumbnails:
        for secret in (b"Camera maker", b"Secret", b"Exif", b"EXIF", b"ICCP", b"ICC_PROFILE"):
            assert secret not in thumbnail.data
        assert {"exif", "xmp", "icc_profile", "comment"}.isdisjoint(decoded(thumbnail).info)


def test_comments_and_text_chunks_are_dropped() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "Secret place", zip=False)
    for data in (
        encode(make_quadrants(), "image/png", pnginfo=text),
        encode(make_quadrants(), "image/jpeg", comment=b"Secret place"),
        encode(make_quadrants(), "image/gif", comment=b"Secret place"),
    ):
        assert b"Secret place" in data
        for output in ("image/webp", "image/jpeg"):
            thumbnail = thumbnails_of(data, content_type=output).thumbnails[0]
            assert b"Secret" not in thumbnail.data


# --- colours ------------------------------------------------------------------------------------


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def p3_to_srgb(colour: tuple[int, int, int]) -> tuple[int, ...]:
    """Convert by the matrix of CSS Color 4, independently of any ICC profile."""

    def linear(value: int) -> float:
        sample = value / 255
        return sample / 12.92 if sample <= 0.04045 else ((sample + 0.055) / 1.055) ** 2.4

    def encoded(sample: float) -> int:
        sample = min(max(sample, 0), 1)
        curved = sample * 12.92 if sample <= 0.0031308 else 1.055 * sample ** (1 / 2.4) - 0.055
        return round(curved * 255)

    matrix = (
        (1.2249401, -0.2249404, 0.0),
        (-0.0420569, 1.0420571, 0.0),
        (-0.0196376, -0.0786361, 1.0982735),
    )
    linears = [linear(value) for value in colour]
    return tuple(encoded(sum(m * c for m, c in zip(row, linears, strict=True))) for row in matrix)


P3_COLOURS = [(200, 100, 100), (90, 180, 60), (255, 255, 255), (0, 0, 0), (60, 90, 200)]


@pytest.mark.parametrize("colour", P3_COLOURS)
@pytest.mark.parametrize("content_type", [name for name in FORMATS if name != "image/gif"])
def test_display_p3_becomes_srgb(content_type: str, colour: tuple[int, int, int]) -> None:
    profile = wide_gamut.icc_profile(12)
    data = encode(Image.new("RGB", (64, 64), colour), content_type, icc_profile=profile)
    for thumbnail in thumbnails_of(data, 32, quality=100).thumbnails:
        pixel = decoded(thumbnail).convert("RGB").getpixel((16, 16))
        assert isinstance(pixel, tuple)
        assert distance(pixel, p3_to_srgb(colour)) <= 7


def test_display_p3_named_by_a_code_becomes_srgb() -> None:
    colour = (90, 180, 60)
    data = encode(Image.new("RGB", (64, 64), colour), "image/png")
    cicp = b"cICP" + bytes([12, 13, 0, 1])
    chunk = struct.pack(">I", 4) + cicp + struct.pack(">I", zlib.crc32(cicp))
    pixel = decoded(thumbnails_of(data[:33] + chunk + data[33:]).thumbnails[0]).getpixel((9, 9))
    assert isinstance(pixel, tuple)
    assert distance(pixel, p3_to_srgb(colour)) <= 5


def test_alpha_survives_the_conversion_of_colours() -> None:
    image = Image.new("RGBA", (64, 64), (*P3_COLOURS[1], 128))
    data = encode(image, "image/png", icc_profile=wide_gamut.icc_profile(12))
    pixel = decoded(thumbnails_of(data).thumbnails[0]).getpixel((9, 9))
    assert isinstance(pixel, tuple)
    assert distance(pixel, (*p3_to_srgb(P3_COLOURS[1]), 128)) <= 5


@pytest.mark.parametrize(
    "profile", [b"broken", bytes(200), srgb_profile()[:300], b"\xff" * 4000], ids=len
)
def test_a_broken_profile_does_not_fail_the_photo(profile: bytes) -> None:
    data = encode(make_quadrants(), "image/jpeg", icc_profile=profile)
    assert corners(decoded(thumbnails_of(data).thumbnails[0]))[0] == "red"


def test_a_profile_of_another_colour_model_is_ignored() -> None:
    data = encode(Image.new("L", (40, 40), 120), "image/jpeg", icc_profile=srgb_profile())
    pixel = decoded(thumbnails_of(data).thumbnails[0]).getpixel((9, 9))
    assert isinstance(pixel, tuple)
    assert distance(pixel, (120, 120, 120)) <= 3


def test_cmyk_keeps_its_colours() -> None:
    for content_type in ("image/jpeg", "image/tiff"):
        data = encode(make_quadrants().convert("CMYK"), content_type)
        assert corners(decoded(thumbnails_of(data).thumbnails[0])) == UPRIGHT


def test_alpha_is_kept_in_webp_and_becomes_white_in_jpeg() -> None:
    image = make_quadrants().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 40, 20))
    for content_type in ("image/png", "image/webp", "image/tiff", "image/avif", "image/heic"):
        data = encode(image, content_type)
        webp = decoded(thumbnails_of(data, 40).thumbnails[0])
        assert webp.mode == "RGBA"
        assert webp.getpixel((10, 5))[3] < 10  # type: ignore[index]
        assert webp.getpixel((30, 15))[3] > 245  # type: ignore[index]
        jpeg = decoded(thumbnails_of(data, 40, content_type="image/jpeg").thumbnails[0])
        assert distance(jpeg.getpixel((10, 5)), (255, 255, 255)) <= 8  # type: ignore[arg-type]


def test_an_alpha_channel_that_hides_nothing_is_dropped() -> None:
    data = encode(make_quadrants().convert("RGBA"), "image/png")
    assert decoded(thumbnails_of(data).thumbnails[0]).mode == "RGB"


def make_odd_modes() -> dict[str, bytes]:
    quadrants = make_quadrants()
    grey = quadrants.convert("L")
    sixteen = grey.convert("I").point(lambda value: value * 257).convert("I;16")
    transparent_grey = encode(grey, "image/png", transparency=0)
    palette = quadrants.quantize(16)
    return {
        "palette-png": encode(palette, "image/png"),
        "palette-with-transparency-png": encode(  # of the red quadrant
            palette, "image/png", transparency=palette.getpixel((0, 0))
        ),
        "one-bit-png": encode(grey.convert("1"), "image/png"),
        "one-bit-tiff": encode(grey.convert("1"), "image/tiff", compression="group4"),
        "grey-png": encode(grey, "image/png"),
        "grey-with-transparency-png": transparent_grey,
        "grey-and-alpha-png": encode(quadrants.convert("LA"), "image/png"),
        "sixteen-bit-png": encode(sixteen, "image/png"),
        "sixteen-bit-tiff": encode(sixteen, "image/tiff"),
        "float-tiff": encode(grey.convert("F"), "image/tiff"),
        "lab-tiff": encode(
            ImageCms.profileToProfile(
                quadrants,
                ImageCms.createProfile("sRGB"),
                ImageCms.createProfile("LAB"),
                outputMode="LAB",
            )
            or quadrants,
            "image/tiff",
        ),
        "ycbcr-tiff": encode(quadrants.convert("YCbCr"), "image/tiff", compression="jpeg"),
        "lzw-tiff": encode(quadrants, "image/tiff", compression="tiff_lzw"),
        "progressive-jpeg": encode(quadrants, "image/jpeg", progressive=True),
        "grey-jpeg": encode(grey, "image/jpeg"),
        "lossless-webp": encode(quadrants, "image/webp", lossless=True),
        "interlaced-gif": encode(quadrants, "image/gif", interlace=1),
        "tiled-heic": encode(quadrants.resize((300, 150)), "image/heic", tile_size=64),
        "grey-heic": encode(grey, "image/heic"),
        "grey-avif": encode(grey, "image/avif"),
    }


ODD_MODES = make_odd_modes()


@pytest.mark.parametrize("name", ODD_MODES)
def test_every_kind_of_pixel_becomes_eight_bit_colour(name: str) -> None:
    image = decoded(thumbnails_of(ODD_MODES[name], 40).thumbnails[0])
    assert image.size == (40, 20)
    grey = image.convert("L")
    # The yellow quadrant is the brightest and the blue one the darkest in all of them.
    bright, dark = grey.getpixel((30, 15)), grey.getpixel((10, 15))
    assert isinstance(bright, int | float)
    assert isinstance(dark, int | float)
    assert bright > dark + 60


def test_sixteen_bits_keep_their_brightness() -> None:
    data = encode(Image.new("I;16", (40, 40), 128 * 257), "image/png")
    pixel = decoded(thumbnails_of(data).thumbnails[0]).getpixel((9, 9))
    assert isinstance(pixel, tuple)
    assert distance(pixel, (128, 128, 128)) <= 2


# --- sizes --------------------------------------------------------------------------------------


def test_nothing_is_enlarged() -> None:
    rendition = thumbnails_of(encode(make_quadrants(500, 250), "image/jpeg"), 160, 640, 1600)
    assert [(t.size, t.width, t.height) for t in rendition.thumbnails] == [
        (160, 160, 80),
        (640, 500, 250),
        (1600, 500, 250),
    ]


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (3, 2)])
def test_even_a_line_of_pixels_has_thumbnails(size: tuple[int, int]) -> None:
    rendition = thumbnails_of(encode(Image.new("RGB", size, RED), "image/png"), 160, 640)
    for thumbnail in rendition.thumbnails:
        assert min(thumbnail.width, thumbnail.height) >= 1
        assert max(thumbnail.width, thumbnail.height) <= min(thumbnail.size, max(size))


def test_one_thumbnail_fits_into_a_box_of_any_proportions() -> None:
    data = make_rotated("image/jpeg", 6)
    thumbnail = make_thumbnail(io.BytesIO(data), (100, 20), content_type="image/jpeg")
    assert (thumbnail.width, thumbnail.height) == (40, 20)
    assert (thumbnail.size, thumbnail.content_type) == (100, "image/jpeg")
    assert corners(decoded(thumbnail)) == UPRIGHT


def test_a_reduced_jpeg_looks_like_one_resized_from_full_size() -> None:
    photo = make_quadrants(32, 24).resize((3200, 2400), Image.Resampling.BICUBIC)
    data = encode(photo, "image/jpeg")
    ours = decoded(thumbnails_of(data, 640, quality=100).thumbnails[0])
    reference = photo.resize((640, 480), Image.Resampling.LANCZOS)
    worst = max(
        distance(one, other)  # type: ignore[arg-type]
        for one, other in zip(
            ours.resize((80, 60)).get_flattened_data(),
            reference.resize((80, 60)).get_flattened_data(),
            strict=True,
        )
    )
    assert worst <= 8


# --- placeholders -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "width", "height", "opaque", "expected"),
    [  # what thumbhash 0.1.1 of npm makes of the same pixels
        (0, 32, 24, True, "3/cBDYK3WmaQZHd1iWNyZAdsll/Y"),
        (1, 24, 32, False, "3xeCBAIIl6eloCVdVv00wD35ttTlwXg3CA=="),
        (2, 100, 75, True, "H/gBBYCUVotKWFOV+ltpYgaL9uw6"),
    ],
)
def test_the_thumb_hash_is_the_references(
    seed: int, width: int, height: int, opaque: bool, expected: str
) -> None:
    rgba = bytearray(random.Random(seed).randbytes(width * height * 4))
    if opaque:
        rgba[3::4] = b"\xff" * (width * height)
    assert base64.b64encode(thumb_hash.encode(width, height, bytes(rgba))).decode() == expected


def test_the_thumb_hash_takes_no_more_than_100_pixels_a_side() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        thumb_hash.encode(101, 1, bytes(404))
    with pytest.raises(ValueError, match="404 bytes"):
        thumb_hash.encode(1, 1, bytes(404))


def test_a_photo_of_one_colour_has_a_thumb_hash() -> None:
    rendition = thumbnails_of(encode(Image.new("RGB", (64, 48), RED), "image/png"))
    assert len(base64.b64decode(rendition.thumb_hash)) > 5


def test_the_thumb_hash_knows_of_transparency() -> None:
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 40))
    encoded = base64.b64decode(thumbnails_of(encode(image, "image/png")).thumb_hash)
    assert encoded[2] & 0x80


# --- animations and pages -----------------------------------------------------------------------


def make_animation(content_type: str, frames: int = 3) -> bytes:
    images = [make_quadrants()] + [
        Image.new("RGB", (80, 40), (index * 40, 200, 200)) for index in range(1, frames)
    ]
    options: dict[str, Any] = {"save_all": True, "append_images": images[1:]}
    if content_type != "image/tiff":
        options |= {"loop": 0, "duration": 100}
    if content_type == "image/avif":
        options = {"save_all": True, "append_images": images[1:], "duration": 100}
    return encode(images[0], content_type, **options)


@pytest.mark.parametrize("content_type", ["image/gif", "image/webp", "image/png", "image/avif"])
def test_an_animation_is_flagged_and_shown_by_its_first_frame(content_type: str) -> None:
    data = make_animation(content_type)
    facts = facts_of(data)
    assert facts.animated
    assert facts.frames == (None if content_type == "image/avif" else 3)
    assert corners(decoded(thumbnails_of(data, 40).thumbnails[0])) == UPRIGHT


def test_a_tiff_of_several_pages_shows_the_first_and_is_no_animation() -> None:
    data = make_animation("image/tiff")
    facts = facts_of(data)
    assert (facts.animated, facts.frames) == (False, 3)
    assert corners(decoded(thumbnails_of(data, 40).thumbnails[0]))[0] == "red"


@pytest.mark.parametrize("content_type", ["image/gif", "image/webp", "image/png", "image/tiff"])
def test_refuses_too_many_frames(content_type: str) -> None:
    assert_rejected("TooManyFrames", make_animation(content_type, 5), Budget(max_frames=4))


def test_frames_of_a_large_animation_are_not_counted_from_the_header() -> None:
    frames = [make_noise(200, 200).rotate(angle) for angle in (0, 90, 180, 270)]
    for content_type in ("image/gif", "image/webp"):
        data = encode(frames[0], content_type, save_all=True, append_images=frames[1:], loop=0)
        assert len(data) > 65536
        facts = facts_of(data)
        assert (facts.animated, facts.frames) == (True, None)


def test_directories_that_point_at_each_other_end() -> None:
    page = struct.pack("<HHHII", 2, 256, 3, 1, 9) + struct.pack("<HHII", 257, 3, 1, 9)
    data = b"II*\0\x08\0\0\0" + page + struct.pack("<I", 8)
    assert facts_of(data).frames == 1


# --- refusals -----------------------------------------------------------------------------------


def test_refuses_an_empty_file() -> None:
    assert_rejected("EmptyFile", b"")


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n" + bytes(100),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(100),
        b"BM" + bytes(100),
        b"x",
    ],
    ids=["pdf", "svg", "mp4", "bmp", "one-byte"],
)
def test_refuses_what_is_no_accepted_image(data: bytes) -> None:
    assert_rejected("UnsupportedContent", data)


def with_size(data: bytes, content_type: str, width: int, height: int) -> bytes:
    """Return the file with another size in its header: a decompression bomb's, say."""
    patched = bytearray(data)
    if content_type == "image/png":
        patched[16:24] = struct.pack(">II", width, height)
        patched[29:33] = struct.pack(">I", zlib.crc32(patched[12:29]))
    elif content_type == "image/gif":
        patched[6:10] = struct.pack("<HH", width, height)
    elif content_type == "image/jpeg":
        start = data.index(b"\xff\xc0") + 5
        patched[start : start + 4] = struct.pack(">HH", height, width)
    elif content_type in ("image/heic", "image/avif"):
        start = data.index(b"ispe") + 8
        patched[start : start + 8] = struct.pack(">II", width, height)
    elif content_type == "image/tiff":
        image = Image.open(io.BytesIO(data))
        assert image.size == (80, 40)
        for tag, value in ((256, width), (257, height)):
            entry = struct.pack("<HH", tag, 4)
            start = data.find(entry)
            if start < 0:
                start = data.index(struct.pack("<HH", tag, 3))
                patched[start : start + 4] = entry
            patched[start + 8 : start + 12] = struct.pack("<I", value)
    else:
        start = 26 if data[12:16] == b"VP8 " else 0
        assert start
        patched[start : start + 4] = struct.pack("<HH", width, height)
    return bytes(patched)


@pytest.mark.parametrize("content_type", FORMATS)
def test_refuses_a_decompression_bomb_by_its_header(content_type: str) -> None:
    side = 16383 if content_type == "image/webp" else 49_999
    data = with_size(encode(make_quadrants(), content_type), content_type, side, side)
    assert_rejected("TooManyPixels", data)


@pytest.mark.parametrize("content_type", ["image/png", "image/jpeg", "image/tiff", "image/heic"])
def test_refuses_a_side_that_is_too_long(content_type: str) -> None:
    data = with_size(encode(make_quadrants(), content_type), content_type, 60_000, 1)
    assert_rejected("SideTooLong", data)


def test_refuses_what_would_take_too_much_memory_to_decode() -> None:
    budget = Budget(max_decoded_bytes=18_000_000)
    jpeg = encode(make_noise(1000, 1000), "image/jpeg")
    assert facts_of(jpeg, Budget(max_decoded_bytes=25_000_000)).width == 1000
    assert_rejected("TooMuchMemory", encode(make_noise(1000, 1000), "image/png"), budget)
    progressive = encode(make_quadrants(6000, 4000), "image/jpeg", progressive=True)
    assert_rejected("TooMuchMemory", progressive, Budget(max_decoded_bytes=70_000_000))
    baseline = encode(make_quadrants(6000, 4000), "image/jpeg")
    assert facts_of(baseline, Budget(max_decoded_bytes=70_000_000)).width == 6000


def test_refuses_a_tiff_of_one_huge_tile() -> None:
    # Four lone tags: width, height, and a tile's.
    tags = [(256, 80), (257, 40), (322, 60_000), (323, 60_000)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    data = b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)
    assert_rejected("TooMuchMemory", data)


def test_refuses_a_frame_that_is_larger_than_a_gifs_screen() -> None:
    data = bytearray(encode(make_quadrants(), "image/gif"))
    start = data.index(b",\0\0\0\0")
    data[start + 5 : start + 9] = struct.pack("<HH", 50_000, 50_000)
    assert_rejected("TooManyPixels", bytes(data))


def make_png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_a_giant_text_chunk_is_skipped_and_a_text_bomb_refused() -> None:
    plain = encode(make_quadrants(), "image/png")
    text = make_png_chunk(b"tEXt", b"Comment\0" + b"a" * 5_000_000)
    stream = RangedReader(plain[:33] + text + plain[33:])
    assert inspect(stream, 6_000_000, Budget()).width == 80  # type: ignore[arg-type]
    assert len(stream.blocks) <= 3

    bomb = make_png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000)))
    with pytest.raises(ContentRejectedError) as refused:
        thumbnails_of(plain[:33] + bomb + plain[33:])
    assert refused.value.code == "CorruptImage"


def test_headers_without_an_end_are_refused() -> None:
    endless = b"\xff\xd8" + b"\xff\xe5\xff\xff".ljust(65537, b"\0") * 300
    assert_rejected("CorruptImage", endless)
    tiny_segments = b"\xff\xd8" + b"\xff\xe5\0\2" * 100_000
    assert_rejected("CorruptImage", tiny_segments)


def test_refuses_lossless_and_twelve_bit_jpeg() -> None:
    data = encode(make_quadrants(), "image/jpeg")
    start = data.index(b"\xff\xc0")
    assert_rejected("UnsupportedContent", data[:start] + b"\xff\xc3" + data[start + 2 :])
    deep = data[: start + 4] + b"\x0c" + data[start + 5 :]
    assert_rejected("UnsupportedContent", deep)


def test_an_iphone_photo_of_many_tiles_passes_the_decoders_limits() -> None:
    data = encode(make_quadrants(1024, 768), "image/heic", tile_size=64)
    assert data.count(b"hvc1") >= 192
    thumbnail = thumbnails_of(data, 160).thumbnails[0]
    assert corners(decoded(thumbnail)) == UPRIGHT


@pytest.mark.parametrize("content_type", FORMATS)
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.9])
def test_refuses_a_truncated_file(content_type: str, kept: float) -> None:
    data = encode(make_noise(200, 150), content_type)
    truncated = data[: int(len(data) * kept)]
    with pytest.raises(ContentRejectedError) as refused:
        thumbnails_of(truncated)
    assert refused.value.code == "CorruptImage"


# --- garbage ------------------------------------------------------------------------------------

SAMPLES = (
    {content_type: encode(make_quadrants(), content_type) for content_type in FORMATS}
    | {f"{name}-animated": make_animation(name) for name in ("image/gif", "image/webp")}
    | {
        f"{name}-exif": encode(make_quadrants(), name, exif=make_exif(6, gps=True))
        for name in ("image/jpeg", "image/webp", "image/heic", "image/avif", "image/tiff")
    }
    | {name: ODD_MODES[name] for name in ("lzw-tiff", "progressive-jpeg", "tiled-heic")}
)
CODES = {
    "EmptyFile",
    "UnsupportedContent",
    "CorruptImage",
    "TooManyPixels",
    "SideTooLong",
    "TooManyFrames",
    "TooMuchMemory",
}


def succeeds_or_is_rejected(attempt: Callable[[], object]) -> None:
    rejection = None
    try:
        attempt()
    except ContentRejectedError as rejected:
        rejection = rejected
    if rejection is not None:
        assert rejection.code in CODES
        assert rejection.message


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=4)), max_size=5))
def test_a_damaged_file_is_rejected_or_decoded(
    name: str, changes: list[tuple[float, bytes]]
) -> None:
    damaged = bytearray(SAMPLES[name])
    for place, content in changes:
        # Squared: headers are where damage is interesting. Nothing to write means a cut.
        at = int(place * place * len(damaged))
        damaged[at : at + len(content) if content else len(damaged)] = content
    data = bytes(damaged)
    budget = Budget(max_pixels=4_000_000, max_decoded_bytes=100_000_000)
    succeeds_or_is_rejected(lambda: facts_of(data, budget))
    succeeds_or_is_rejected(lambda: thumbnails_of(data, budget=budget))


MAGICS = [
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"GIF89a",
    b"RIFF\0\0\0\0WEBPVP8X",
    b"II*\0\x08\0\0\0",
    b"MM\0+\0\x08\0\0",
    b"\0\0\0\x10ftypheic\0\0\0\0",
    b"\0\0\0\x10ftypavif\0\0\0\0\0\0\1\0meta",
]


@settings(max_examples=400)
@given(magic=st.sampled_from(MAGICS), body=st.binary(max_size=300))
def test_garbage_after_any_magic_number_is_rejected_or_read(magic: bytes, body: bytes) -> None:
    succeeds_or_is_rejected(lambda: facts_of(magic + body))


# --- cost ---------------------------------------------------------------------------------------


def run_alone(code: str, *arguments: str) -> str:
    """Run code in an interpreter of its own; return what it prints."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(FUNCTIONS)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def test_reading_headers_needs_no_pillow() -> None:
    code = "import sys, photodrop.imaging.formats; print('PIL' in sys.modules)"
    assert run_alone(code) == "False"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's peak memory")
def test_a_photo_of_48_megapixels_takes_less_than_100_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "48-megapixels.jpg"
    make_quadrants(8000, 6000).save(path, quality=85)
    code = (
        "import sys\n"
        "from photodrop.imaging.thumbnails import make_thumbnails\n"
        "make_thumbnails(sys.argv[1])\n"
        "peak = [line for line in open('/proc/self/status') if line.startswith('VmHWM')][0]\n"
        "print(int(peak.split()[1]) / 1024)"
    )
    assert float(run_alone(code, str(path))) < 100
