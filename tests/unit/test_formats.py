"""Kinds of images beyond the usual: what is shown right, and what is refused in plain words."""

import io
import itertools
import struct
import zlib
from collections.abc import Sequence

import pytest
from PIL import Image, TiffImagePlugin

from photodrop.errors import ContentRejectedError
from photodrop.imaging.budget import Budget
from photodrop.imaging.formats import inspect
from photodrop.imaging.thumbnails import make_thumbnails
from tests.support import tiffs

RED = (200, 30, 30)
GREEN = (30, 160, 30)


def refusal(data: bytes) -> tuple[str, str]:
    """Return code and message of a file that verification refuses by its header alone."""
    with pytest.raises(ContentRejectedError) as refused:
        inspect(io.BytesIO(data), len(data), Budget())
    return refused.value.code, refused.value.message


def refusal_of_decoder(data: bytes) -> tuple[str, str]:
    inspect(io.BytesIO(data), len(data), Budget())
    with pytest.raises(ContentRejectedError) as refused:
        make_thumbnails(io.BytesIO(data), (160,))
    return refused.value.code, refused.value.message


def shown(data: bytes) -> Image.Image:
    thumbnail = make_thumbnails(io.BytesIO(data), (160,)).thumbnails[0]
    return Image.open(io.BytesIO(thumbnail.data)).convert("RGBA")


def pixel(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    found = image.getpixel((x, y))
    assert isinstance(found, tuple)
    return found


def is_close(one: Sequence[int], other: Sequence[int], by: int = 3) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


# --- TIFF: what no decoder knows ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (
            tiffs.picture(2, 2, bytes(48), photometric=2, bits=(32, 32, 32), sample_format=3),
            "TIFF (32-bit float RGB)",
        ),
        (tiffs.picture(2, 2, bytes(16), bits=(32,), order=">"), "TIFF (32-bit grey, big-endian)"),
        (tiffs.picture(2, 2, bytes(32), bits=(64,), sample_format=3), "TIFF (64-bit float grey)"),
        (
            tiffs.picture(2, 2, bytes(24), photometric=8, bits=(16, 16, 16)),
            "TIFF (16-bit LAB)",
        ),
        (tiffs.picture(2, 2, bytes(8), photometric=3, bits=(16,)), "TIFF (16-bit colour map)"),
        (tiffs.picture(2, 2, bytes(4), sample_format=2), "TIFF (8-bit signed grey)"),
        (tiffs.picture(2, 2, bytes(8), photometric=0, bits=(16,)), "TIFF (16-bit grey)"),
        (tiffs.picture(2, 2, bytes(4), compression=50001), "TIFF (compression 50001)"),
        (
            tiffs.picture(2, 2, bytes(4), photometric=32803),
            "TIFF (photometric interpretation 32803)",
        ),
        (
            tiffs.picture(2, 2, bytes(4), more={50706: ("B", [1, 4, 0, 0])}),
            "TIFF (a camera's raw file)",
        ),
        (
            tiffs.picture(2, 2, bytes(4), more={254: ("I", [1]), 330: ("I", [100])}),
            "TIFF (a camera's raw file)",
        ),
        (
            b"MM\0+\0\x08\0\0"
            + struct.pack(">QQ", 16, 2)
            + struct.pack(">HHQQ", 256, 4, 1, 2 << 32)
            + struct.pack(">HHQQ", 257, 4, 1, 2 << 32),
            "TIFF (big-endian BigTIFF)",
        ),
    ],
)
def test_an_intact_tiff_of_an_unknown_kind_is_not_called_damaged(data: bytes, kind: str) -> None:
    assert refusal(data) == ("UnsupportedContent", f"This kind of {kind} cannot be shown.")


def test_every_kind_of_tiff_that_is_let_through_is_one_that_pillow_opens() -> None:
    """Verification has no decoder and knows by a table of its own, which must not differ."""
    opened = set(TiffImagePlugin.OPEN_INFO)
    extras = [
        (),
        *itertools.chain.from_iterable(
            itertools.product((0, 1, 2, 999), repeat=many) for many in (1, 2, 3)
        ),
    ]
    let_through = 0
    for (mark, order), photometric, sample_format, fill, depth, extra in itertools.product(
        ((b"II", "<"), (b"MM", ">")),
        (0, 1, 2, 3, 5, 6, 8),
        (1, 2, 3),
        (1, 2),
        (1, 2, 4, 8, 10, 12, 14, 16, 24, 32, 64),
        extras,
    ):
        colours = {2: 3, 5: 4, 6: 3, 8: 3}.get(photometric, 1)
        bits = (depth,) * (colours + len(extra))
        more = {266: ("H", [fill]), 530: ("H", [1, 1])}
        data = tiffs.picture(
            1,
            1,
            bytes(64),
            photometric=photometric,
            bits=bits,
            sample_format=sample_format,
            extra_samples=extra,
            more=more,
            order=order,
        )
        try:
            inspect(io.BytesIO(data), len(data), Budget())
        except ContentRejectedError:
            continue
        let_through += 1
        assert (mark, photometric, (sample_format,), fill, bits, extra) in opened
    assert let_through > 80


# --- TIFF: what Pillow alone shows wrongly ------------------------------------------------------


@pytest.mark.parametrize("order", ["<", ">"])
def test_planes_of_sixteen_bits_are_no_noise(order: str) -> None:
    planes = b"".join(struct.pack(f"{order}{40 * 40}H", *[value * 257] * 1600) for value in GREEN)
    data = tiffs.picture(40, 40, planes, photometric=2, bits=(16, 16, 16), planes=True, order=order)
    assert is_close(pixel(shown(data), 9, 9)[:3], GREEN)


@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "dark", "bright"),
    [("h", -300, 12_000), ("i", -70_000, 3_000_000), ("f", -0.5, 7.25)],
)
def test_numbers_are_read_in_the_files_own_byte_order(
    compression: int, order: str, kind: str, dark: float, bright: float
) -> None:
    data = struct.pack(f"{order}1600{kind}", *([dark] * 800 + [bright] * 800))
    if compression == 8:
        data = zlib.compress(data)
    image = shown(
        tiffs.picture(
            40,
            40,
            data,
            bits=(8 * struct.calcsize(kind),),
            sample_format=3 if kind == "f" else 2,
            compression=compression,
            order=order,
        )
    )
    assert is_close(pixel(image, 20, 8), (0, 0, 0, 255))
    assert is_close(pixel(image, 20, 32), (255, 255, 255, 255))


def test_a_colour_map_of_eight_bits_is_not_black() -> None:
    colour_map = [
        value for channel in zip((0, 0, 0), RED, strict=True) for value in (*channel, *[0] * 254)
    ]
    data = tiffs.picture(40, 40, b"\x01" * 1600, photometric=3, more={320: ("H", colour_map)})
    assert is_close(pixel(shown(data), 9, 9)[:3], RED)


def test_twelve_bits_keep_their_brightness() -> None:
    data = tiffs.picture(40, 40, b"\x80\x08\x00" * 800, bits=(12,))
    assert is_close(pixel(shown(data), 9, 9)[:3], (127, 127, 127))


def test_subsampled_colours_that_are_not_compressed_are_shown() -> None:
    # Two by two pixels share their colours: four lightnesses, one of each colour difference.
    data = tiffs.picture(
        40,
        40,
        bytes([76, 76, 76, 76, 85, 255]) * 400,
        photometric=6,
        bits=(8, 8, 8),
        more={530: ("H", [2, 2])},
    )
    assert is_close(pixel(shown(data), 9, 9)[:3], (254, 0, 0), by=6)


def test_a_fax_that_cannot_be_decoded_is_damaged_and_not_a_white_page() -> None:
    fax = tiffs.picture(800, 600, b"\x00\x13\x37" * 700, photometric=0, bits=(1,), compression=4)
    assert refusal_of_decoder(fax)[0] == "CorruptImage"


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
@pytest.mark.parametrize("colour", [0, 1])
def test_an_empty_page_is_no_damaged_fax(compression: str, colour: int) -> None:
    buffer = io.BytesIO()
    Image.new("1", (2480, 3508), colour).save(buffer, "TIFF", compression=compression)
    image = shown(buffer.getvalue())
    assert is_close(pixel(image, 50, 50), (255 * colour,) * 3 + (255,))


@pytest.mark.parametrize("kind", ["B", "H", "I"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_a_tiff_is_applied_whatever_its_type(
    orientation: int, kind: str
) -> None:
    # As stored: the left third is red.
    row = bytes(RED) * 30 + bytes(GREEN) * 60
    data = tiffs.picture(
        90, 60, row * 60, photometric=2, bits=(8, 8, 8), more={274: (kind, [orientation])}
    )
    facts = inspect(io.BytesIO(data), len(data), Budget())
    assert facts.orientation == orientation
    image = shown(data)
    assert image.size == (facts.width, facts.height) == ((90, 60) if orientation < 5 else (60, 90))
    red_at = {
        1: (5, 30),
        2: (85, 30),
        3: (85, 30),
        4: (5, 30),
        5: (30, 5),
        6: (30, 5),
        7: (30, 85),
        8: (30, 85),
    }[orientation]
    assert is_close(pixel(image, *red_at)[:3], RED, by=12)
    opposite = image.width - 1 - red_at[0], image.height - 1 - red_at[1]
    assert is_close(pixel(image, *opposite)[:3], GREEN, by=12)


def test_an_orientation_in_xmp_does_not_squash_a_tiff() -> None:
    xmp = b'<x:xmpmeta xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    data = tiffs.picture(
        90, 60, bytes(RED) * 5400, photometric=2, bits=(8, 8, 8), more={700: ("B", list(xmp))}
    )
    assert shown(data).size == (90, 60)
