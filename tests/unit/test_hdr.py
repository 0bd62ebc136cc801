"""HDR images and videos: shown on ordinary screens, neither dull nor cut off."""

import io
import struct
import zlib
from typing import Any

import pillow_heif
import pytest
from PIL import Image

from photodrop.imaging import colours, tone_mapping, video_decoder, wide_gamut
from photodrop.imaging.thumbnails import make_thumbnails
from tests.support import videos

PATCHES = (10, 100, 203, 400, 1000)  # cd/m2
EXPECTED = {
    # The first two as an ordinary picture has them; diffuse white is light, and all highlights
    # differ from it and from each other.
    "pq": (62, 187, 229, 250, 255),
    "hlg": (62, 187, 229, 250, 255),
}
TRANSFERS = {"pq": tone_mapping.PQ, "hlg": tone_mapping.HLG}


def coded(light: float, curve: str) -> int:
    """Return the sample for a light in cd/m2: the smallest that gives at least as much."""
    to_light = tone_mapping._pq_to_light if curve == "pq" else tone_mapping._hlg_to_light
    return min(range(256), key=lambda sample: abs(to_light(sample / 255) - light))


def make_patches(curve: str) -> Image.Image:
    image = Image.new("RGB", (40 * len(PATCHES), 80))
    for number, light in enumerate(PATCHES):
        image.paste((coded(light, curve),) * 3, (40 * number, 0, 40 * number + 40, 80))
    return image


def greys(data: bytes) -> list[int]:
    """Return the grey of each patch of the thumbnail, and check that it is grey."""
    shown = Image.open(io.BytesIO(data)).convert("RGB")
    step = shown.width // len(PATCHES)
    found = [shown.getpixel((step * number + step // 2, 40)) for number in range(len(PATCHES))]
    for one in found:
        assert isinstance(one, tuple)
        assert max(one) - min(one) <= 4
    return [one[1] for one in found]  # type: ignore[index]


def with_codes(data: bytes, primaries: int, transfer: int) -> bytes:
    """Return a PNG that names these codes in a cICP chunk."""
    chunk = b"cICP" + bytes([primaries, transfer, 0, 1])
    return (
        data[:33] + struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + data[33:]
    )


def make_file(kind: str, curve: str) -> bytes:
    buffer = io.BytesIO()
    image = make_patches(curve)
    if kind == "png":
        image.save(buffer, "PNG")
        return with_codes(buffer.getvalue(), 9, TRANSFERS[curve])
    if kind == "heic":
        pillow_heif.register_heif_opener()
        image.save(
            buffer,
            "HEIF",
            quality=95,
            chroma=444,
            color_primaries=9,
            transfer_characteristics=TRANSFERS[curve],
            matrix_coefficients=9,
            full_range_flag=1,
        )
        return buffer.getvalue()
    image.save(buffer, "AVIF", quality=100, speed=10, subsampling="4:4:4")
    data = buffer.getvalue()
    start = data.index(b"nclx") + 4
    codes = struct.unpack(">HHH", data[start : start + 6])
    changed = struct.pack(">HHH", 9, TRANSFERS[curve], codes[2])
    return data[:start] + changed + data[start + 6 :]


@pytest.mark.parametrize("curve", EXPECTED)
@pytest.mark.parametrize("kind", ["png", "heic", "avif"])
def test_an_hdr_image_is_neither_dull_nor_cut_off(kind: str, curve: str) -> None:
    made = make_thumbnails(io.BytesIO(make_file(kind, curve)), (200,), quality=100)
    for found, expected in zip(greys(made.thumbnails[0].data), EXPECTED[curve], strict=True):
        assert abs(found - expected) <= 7


@pytest.mark.parametrize("curve", EXPECTED)
def test_an_hdr_video_is_shown_as_an_hdr_image_is(curve: str) -> None:
    data = videos.video(
        "mp4",
        "libx265",
        (200, 80),
        picture=make_patches(curve),
        pixel_format="yuv420p10le",
        colour={"primaries": 9, "transfer": TRANSFERS[curve], "matrix": 9},
    )
    made = video_decoder.decode(io.BytesIO(data), len(data), "video/mp4", (200,))
    for found, expected in zip(greys(made.thumbnails[0].data), EXPECTED[curve], strict=True):
        assert abs(found - expected) <= 10


def test_the_curve_is_the_eetf_of_bt_2390() -> None:
    # By the report's formula, worked out by hand for a peak of 1000 and white at 203 cd/m2.
    assert tone_mapping._compressed(50, 1000) == pytest.approx(50)
    assert tone_mapping._compressed(203, 1000) == pytest.approx(158, abs=2)
    assert tone_mapping._compressed(1000, 1000) == pytest.approx(203, abs=0.1)


@pytest.mark.parametrize("peak", [203, 400, 1000, 2000, 4000, 10_000])
@pytest.mark.parametrize("transfer", [tone_mapping.PQ, tone_mapping.HLG])
def test_what_is_brighter_stays_brighter_and_black_stays_black(transfer: int, peak: int) -> None:
    brightest = coded(peak, "pq") if transfer == tone_mapping.PQ else 255
    table = tone_mapping.table(transfer, brightest)
    assert table == sorted(table)
    assert table[0] == 0
    assert table[255] >= 254


def test_a_picture_within_ordinary_light_is_not_compressed() -> None:
    table = tone_mapping.table(tone_mapping.PQ, coded(203, "pq"))
    assert table[coded(203, "pq")] >= 253


def make_profile(*tags: tuple[bytes, bytes]) -> bytes:
    at = 132 + 12 * len(tags)
    table, bodies = struct.pack(">I", len(tags)), b""
    for name, body in tags:
        table += struct.pack(">4sII", name, at + len(bodies), len(body))
        bodies += body
    return b"\0" * 128 + table + bodies


@pytest.mark.parametrize(
    ("profile", "codes"),
    [
        (make_profile((b"cicp", b"cicp\0\0\0\0" + bytes([9, 16, 0, 1]))), (9, 16)),
        (make_profile((b"cicp", b"cicp\0\0\0\0" + bytes([12, 18, 0, 1]))), (12, 18)),
        (make_profile((b"cicp", b"cicp\0\0\0\0" + bytes([12, 13, 0, 1]))), None),
        (make_profile((b"desc", b"mluc" + bytes(24) + "BT.2100 PQ".encode("utf-16-be"))), (9, 16)),
        (make_profile((b"desc", b"desc" + bytes(8) + b"ITU-R BT.2100 HLG\0")), (9, 18)),
        (wide_gamut.icc_profile(12), None),
        (b"", None),
        (b"\xff" * 300, None),
    ],
)
def test_profiles_of_hdr_displays_are_recognised(
    profile: bytes, codes: tuple[int, int] | None
) -> None:
    assert tone_mapping.codes_of(profile) == codes


@pytest.mark.parametrize("transfer", [None, 1, 2, 6, 13])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_ordinary_pictures_are_not_touched(transfer: int | None, mode: str) -> None:
    image = Image.linear_gradient("L").convert(mode)
    assert colours.to_srgb(image, None, 1, transfer).tobytes() == image.convert("RGB").tobytes()


def test_transparency_survives() -> None:
    image = make_patches("pq").convert("RGBA")
    image.putalpha(100)
    shown: Any = colours.to_srgb(image, None, 9, tone_mapping.PQ).getpixel((60, 10))
    assert shown[3] == 100
    assert abs(shown[1] - EXPECTED["pq"][1]) <= 3
