"""Kinds of images beyond the usual: what is shown right, and what is refused in plain words."""

import dataclasses
import io
import re
import struct
import tempfile
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import AvifImagePlugin, Image, ImageCms

from photodrop.errors import ContentRejectedError
from photodrop.imaging import avif_repair, formats, images
from photodrop.imaging.budget import Budget, check_budget
from photodrop.imaging.formats import inspect, read_header
from photodrop.imaging.formats.heif import boxes
from photodrop.imaging.formats.reader import Reader
from photodrop.imaging.header import Header
from photodrop.imaging.thumbnails import make_thumbnails
from tests.support import tiffs
from tests.support.template import ROOT

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


def file_of(kind: str, image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pillow_heif.register_heif_opener()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


COLOURS = Image.new("RGB", (64, 64), RED)


def with_codes(data: bytes, primaries: int, transfer: int) -> bytes:
    """Return a PNG that names the codes of its colours in a cICP chunk."""
    return data[:33] + chunk(b"cICP", bytes([primaries, transfer, 0, 1])) + data[33:]


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


# --- TIFF: what Pillow alone shows wrongly ------------------------------------------------------


@pytest.mark.parametrize("order", ["<", ">"])
def test_planes_of_sixteen_bits_are_no_noise(order: str) -> None:
    planes = b"".join(
        struct.pack(f"{order}{40 * 40}H", *[value << 8 | value ^ 0xFF] * 1600) for value in GREEN
    )
    data = tiffs.picture(40, 40, planes, photometric=2, bits=(16, 16, 16), planes=True, order=order)
    assert is_close(pixel(shown(data), 9, 9)[:3], GREEN)


@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("kind", "dark", "bright"),
    # In the other order the first of each is the larger one.
    [("h", -255, 256), ("i", -255, 256), ("f", struct.unpack(">f", b"\xc0\0\0A")[0], 1)],
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


@pytest.mark.parametrize(("compression", "data"), [(4, b"\x02" * 2100), (3, b"\0\xff" * 9000)])
def test_a_fax_that_cannot_be_decoded_is_damaged_and_not_a_white_page(
    compression: int, data: bytes
) -> None:
    fax = tiffs.picture(800, 600, data, photometric=0, bits=(1,), compression=compression)
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


# --- HEIF and AVIF ------------------------------------------------------------------------------


def box(kind: bytes, *bodies: bytes) -> bytes:
    body = b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def make_heif(
    item_type: bytes, *, parts: Sequence[bytes] = (), brand: bytes = b"mif1", size: int = 64
) -> bytes:
    """Return the header of a file whose main image is of this type and is made of these parts."""
    items = [item_type, *parts]
    infos = b"".join(
        box(b"infe", b"\2\0\0\0", struct.pack(">HH", number, 0), kind, b"\0")
        for number, kind in enumerate(items, 1)
    )
    part_ids = struct.pack(f">{len(parts)}H", *range(2, len(items) + 1))
    references = box(b"dimg", struct.pack(">HH", 1, len(parts)), part_ids) if parts else b""
    sizes = box(b"ispe", b"\0\0\0\0", struct.pack(">II", size, size))
    meta = box(
        b"meta",
        b"\0\0\0\0",
        box(b"pitm", b"\0\0\0\0\0\1"),
        box(b"iinf", b"\0\0\0\0", struct.pack(">H", len(items)), infos),
        box(b"iref", b"\0\0\0\0", references),
        box(
            b"iprp",
            box(b"ipco", sizes),
            box(b"ipma", bytes(4), struct.pack(">IHBB", 1, 1, 1, 1)),
        ),
    )
    return box(b"ftyp", brand, bytes(4), brand) + meta


def make_sequence(brand: bytes, *, handler: bytes = b"pict", matrix: int = 9) -> bytes:
    """Return the header of a sequence of pictures that has no main image."""
    entry = box(b"av01", bytes(78), box(b"colr", b"nclx", struct.pack(">HHHB", 9, 16, matrix, 0)))
    track = box(
        b"trak",
        box(b"tkhd", bytes(76), struct.pack(">II", 480 << 16, 270 << 16)),
        box(
            b"mdia",
            box(b"hdlr", bytes(8), handler, bytes(13)),
            box(b"minf", box(b"stbl", box(b"stsd", bytes(4), struct.pack(">I", 1), entry))),
        ),
    )
    return box(b"ftyp", brand, bytes(4), brand, b"msf1") + box(b"moov", track)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (make_heif(b"unci"), "HEIF (unci)"),
        (make_heif(b"jpeg"), "HEIF (jpeg)"),
        (make_heif(b"av01"), "HEIF (av01)"),
        (make_heif(b"grid", parts=[b"hvc1", b"unci"]), "HEIF (unci)"),
        (make_sequence(b"hevc"), "HEIF (a sequence without a main image)"),
        (make_sequence(b"msf1"), "HEIF (a sequence without a main image)"),
        (make_sequence(b"avis", matrix=10), "AVIF (matrix coefficients 10)"),
    ],
)
def test_an_intact_heif_or_avif_of_an_unknown_kind_is_not_called_damaged(
    data: bytes, kind: str
) -> None:
    assert refusal(data) == ("UnsupportedContent", f"This kind of {kind} cannot be shown.")


@pytest.mark.parametrize("item", [b"hvc1", b"grid"])
def test_a_heif_of_hevc_is_let_through(item: bytes) -> None:
    data = make_heif(item, parts=[b"hvc1"] * 2 if item == b"grid" else ())
    assert inspect(io.BytesIO(data), len(data), Budget()).width == 64


def test_an_animated_avif_without_a_main_image_has_the_size_of_its_track() -> None:
    data = make_sequence(b"avis")
    facts = inspect(io.BytesIO(data), len(data), Budget())
    assert (facts.width, facts.height, facts.animated) == (480, 270, True)


def test_an_animated_avif_whose_main_image_is_lost_is_shown_by_its_track() -> None:
    frames = [Image.new("RGB", (64, 48), colour) for colour in (RED, GREEN)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "AVIF", save_all=True, append_images=frames[1:], duration=100)
    data = buffer.getvalue()
    assert data.count(b"pitm") == 1
    assert is_close(pixel(shown(data.replace(b"pitm", b"free")), 9, 9)[:3], RED, by=8)


def make_transparent_avif() -> bytes:
    image = Image.new("RGBA", (64, 48), (*RED, 255))
    image.paste((0, 0, 0, 0), (32, 0, 64, 48))
    buffer = io.BytesIO()
    image.save(buffer, "AVIF", quality=95, speed=10)
    return buffer.getvalue()


def rewritten(data: bytes, change: Callable[[bytes, bytes], bytes]) -> bytes:
    """Return an AVIF each of whose boxes inside the description is what `change` makes of it.

    The new description stands at the end: nothing else moves.
    """
    start = data.index(b"meta") - 4
    size = int.from_bytes(data[start : start + 4], "big")
    body = data[start + 12 : start + size]
    changed = b"".join(
        box(kind, b"".join(change(*one) for one in boxes(inner)))
        if kind == b"iprp"
        else change(kind, inner)
        for kind, inner in boxes(body)
    )
    meta = box(b"meta", bytes(4), changed)
    return data[: start + 4] + b"free" + data[start + 8 :] + meta


def without_alpha_size(kind: bytes, body: bytes) -> bytes:
    """Take the size, which comes first, from the second picture: as cavif did."""
    if kind != b"ipma":
        return box(kind, body)
    count = body[10]
    second = 11 + count
    alpha_count = body[second + 2]
    shorter = body[second : second + 2] + bytes([alpha_count - 1]) + body[second + 4 :]
    return box(kind, body[:second] + shorter)


def with_two_lists(kind: bytes, body: bytes) -> bytes:
    """Give each picture a list of properties of its own: as link-u's first cavif did."""
    if kind != b"ipma":
        return box(kind, body)
    second = 11 + body[10]
    one = struct.pack(">I", 1)
    return box(kind, body[:4], one, body[8:second]) + box(kind, body[:4], one, body[second:])


@pytest.mark.parametrize("fault", [without_alpha_size, with_two_lists])
def test_the_faults_of_early_avif_encoders_are_put_right(
    fault: Callable[[bytes, bytes], bytes],
) -> None:
    data = rewritten(make_transparent_avif(), fault)
    with pytest.raises(SyntaxError, match="BMFF"):
        AvifImagePlugin.AvifImageFile(io.BytesIO(data))
    image = shown(data)
    assert is_close(pixel(image, 9, 9), (*RED, 255), by=8)
    assert pixel(image, 50, 20)[3] == 0


def test_an_avif_without_faults_is_not_rewritten() -> None:
    data = make_transparent_avif()
    assert avif_repair.repaired(data) is data


@given(
    changes=st.lists(st.tuples(st.integers(0, 600), st.binary(min_size=1, max_size=4)), max_size=5),
    fault=st.sampled_from([without_alpha_size, with_two_lists]),
)
def test_a_damaged_avif_is_repaired_or_left(
    changes: list[tuple[int, bytes]], fault: Callable[[bytes, bytes], bytes]
) -> None:
    damaged = bytearray(rewritten(make_transparent_avif(), fault))
    for at, content in changes:
        damaged[-at - len(content) : len(damaged) - at] = content
    assert isinstance(avif_repair.repaired(bytes(damaged)), bytes)


# --- the decoder finds another image than the header --------------------------------------------


def test_a_picture_that_its_decoder_finds_in_another_size_is_not_shown_squashed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = io.BytesIO()
    Image.new("RGB", (64, 48), RED).save(data, "PNG")
    original = formats.png.read

    def read(reader: Reader) -> Header:
        header = original(reader)
        return dataclasses.replace(header, facts=dataclasses.replace(header.facts, height=64))

    monkeypatch.setattr(formats.png, "read", read)
    code, message = refusal_of_decoder(data.getvalue())
    assert code == "UnsupportedContent"
    assert "its header says 64 x 64 pixels, and its decoder finds 64 x 48" in message


# --- PNG ----------------------------------------------------------------------------------------


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def make_png(
    depth: int, colour_type: int, rows: Sequence[bytes], width: int, *more: bytes
) -> bytes:
    head = struct.pack(">IIBBBBB", width, len(rows), depth, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", head),
            *more,
            chunk(b"IDAT", pixels),
            chunk(b"IEND", b""),
        )
    )


@pytest.mark.parametrize(
    ("depth", "row", "transparent"),
    [
        (1, b"\x0f", 1),
        (2, b"\x55\xaa", 2),
        (4, b"\x55\x55\xbb\xbb", 11),
        (8, b"\x55" * 4 + b"\xbb" * 4, 0xBB),
        (16, b"\x55\x55" * 4 + b"\x55\x56" * 4, 0x5556),
    ],
)
def test_the_transparent_grey_of_every_depth_is_transparent(
    depth: int, row: bytes, transparent: int
) -> None:
    # The left half is another grey, with 16 bits one that differs in its last bit alone.
    data = make_png(depth, 0, [row] * 8, 8, chunk(b"tRNS", struct.pack(">H", transparent)))
    image = shown(data)
    assert pixel(image, 1, 4)[3] == 255
    assert pixel(image, 6, 4)[3] == 0


@pytest.mark.parametrize("depth", [8, 16])
def test_the_transparent_colour_of_every_depth_is_transparent(depth: int) -> None:
    scale, rest, kind = (256, 7, "H") if depth == 16 else (1, 0, "B")
    left, right = (
        struct.pack(f">3{kind}", *(part * scale + rest for part in colour))
        for colour in (RED, GREEN)
    )
    transparent = struct.pack(">3H", *(part * scale + rest for part in GREEN))
    image = shown(make_png(depth, 2, [left * 4 + right * 4] * 8, 8, chunk(b"tRNS", transparent)))
    assert is_close(pixel(image, 1, 4), (*RED, 255))
    assert pixel(image, 6, 4)[3] == 0


def test_a_png_with_a_printers_large_profile_is_shown() -> None:
    profile = zlib.compress(bytes(3_000_000))
    data = make_png(8, 2, [bytes(RED) * 8] * 8, 8, chunk(b"iCCP", b"printer\0\0" + profile))
    assert is_close(pixel(shown(data), 3, 3)[:3], RED)


# --- GIF and WebP -------------------------------------------------------------------------------


@pytest.mark.parametrize("transparent", [None, 1])
def test_a_gif_is_transparent_where_its_first_frame_is_not(transparent: int | None) -> None:
    buffer = io.BytesIO()
    frame = Image.new("P", (20, 10), 0)
    frame.putpalette(bytes(RED) + bytes(GREEN))
    frame.paste(1, (10, 0, 20, 10))
    options = {} if transparent is None else {"transparency": transparent}
    frame.save(buffer, "GIF", **options)
    data = bytearray(buffer.getvalue())
    data[6:10] = struct.pack("<HH", 40, 30)
    at = data.index(b",\0\0\0\0\x14\0\x0a\0")
    data[at + 1 : at + 5] = struct.pack("<HH", 5, 8)
    image = shown(bytes(data))
    assert image.size == (40, 30)
    assert is_close(pixel(image, 8, 12), (*RED, 255))
    assert pixel(image, 20, 12)[3] == (255 if transparent is None else 0)
    assert [pixel(image, *place)[3] for place in ((2, 2), (38, 12), (8, 28))] == [0, 0, 0]


def test_the_smallest_webp_is_read() -> None:
    data = b"RIFF\x14\0\0\0WEBPVP8L\x07\0\0\0\x2f\0\0\0\0\x07\0\0"
    assert len(data) == 28
    facts = inspect(io.BytesIO(data), len(data), Budget())
    assert (facts.width, facts.height) == (1, 1)


# --- tiny pictures ------------------------------------------------------------------------------


@pytest.mark.parametrize("content_type", ["image/webp", "image/jpeg", "image/avif"])
def test_the_colours_of_tiny_pictures_do_not_smear(content_type: str) -> None:
    # Stripes of a pixel: with colours at half the resolution they all become brown.
    stripes = Image.new("RGB", (16, 16), RED)
    for x in range(0, 16, 2):
        stripes.paste(GREEN, (x, 0, x + 1, 16))
    buffer = io.BytesIO()
    stripes.save(buffer, "PNG")
    made = make_thumbnails(io.BytesIO(buffer.getvalue()), (160,), content_type=content_type)
    image = Image.open(io.BytesIO(made.thumbnails[0].data)).convert("RGB")
    by = 0 if content_type == "image/webp" else 45
    assert is_close(pixel(image, 4, 8), GREEN, by=by)
    assert is_close(pixel(image, 5, 8), RED, by=by)


# --- in the sandbox -----------------------------------------------------------------------------

WITHIN_A_CHILD = {
    "profile-with-a-name-in-utf-16": file_of(
        "PNG",
        COLOURS,
        icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    ),
    "hdr-png": with_codes(file_of("PNG", COLOURS), 9, 16),
    "lab-tiff": tiffs.picture(8, 8, b"\x80\x20\xe0" * 64, photometric=8, bits=(8, 8, 8)),
    "planes-tiff": tiffs.picture(
        8, 8, b"\x80\x20" * 192, photometric=2, bits=(16, 16, 16), planes=True
    ),
    "colour-map-tiff": tiffs.picture(
        8, 8, bytes(64), photometric=3, more={320: ("H", [*RED, *[0] * 765])}
    ),
    "float-tiff": tiffs.picture(8, 8, struct.pack("<64f", *range(64)), bits=(32,), sample_format=3),
    "cmyk-jpeg": file_of("JPEG", COLOURS.convert("CMYK")),
    "animated-gif": file_of("GIF", COLOURS, save_all=True, append_images=[COLOURS.rotate(9)]),
    "early-avif": rewritten(make_transparent_avif(), without_alpha_size),
    "heic": file_of("HEIF", COLOURS),
    "lossless-webp": file_of("WEBP", COLOURS, lossless=True),
    "transparent-grey-png": make_png(16, 0, [b"\x55\x55" * 8] * 8, 8, chunk(b"tRNS", b"\x55\x55")),
}


@pytest.mark.parametrize("name", WITHIN_A_CHILD)
def test_a_child_of_the_sandbox_has_all_that_decoding_takes(name: str) -> None:
    """It can open no file, so it can import nothing: not even a codec of text."""
    here = make_thumbnails(io.BytesIO(WITHIN_A_CHILD[name]), (160,))
    with tempfile.TemporaryFile() as original:
        original.write(WITHIN_A_CHILD[name])
        original.seek(0)
        there = images.make_thumbnails(original, (160,), budget=Budget(), limits=images.LIMITS)
    assert there == here


# --- limits -------------------------------------------------------------------------------------


DOCUMENTED = {
    "JPEG": [file_of("JPEG", COLOURS)],
    "JPEG, progressive": [file_of("JPEG", COLOURS, progressive=True)],
    "JPEG, progressive, colours at full resolution": [
        file_of("JPEG", COLOURS, progressive=True, subsampling=0)
    ],
    "PNG": [file_of("PNG", COLOURS), file_of("PNG", COLOURS.convert("L"))],
    "PNG with a palette, transparency or 16 bits": [
        file_of("PNG", COLOURS.quantize(4)),
        file_of("PNG", COLOURS.convert("RGBA")),
        file_of("PNG", Image.new("I;16", (64, 64))),
    ],
    "GIF": [file_of("GIF", COLOURS)],
    "TIFF in one strip": [
        tiffs.picture(64, 64, bytes(3 * 64**2), photometric=2, bits=(8, 8, 8)),
    ],
    "HEIC, HEIF, AVIF": [file_of("HEIF", COLOURS), file_of("AVIF", COLOURS)],
    "WebP": [file_of("WEBP", COLOURS), file_of("WEBP", COLOURS, lossless=True)],
}


def largest_megapixels(data: bytes) -> int:
    """Return how many pixels a file of this kind may have, in whole megapixels, if it is square."""
    header = read_header(io.BytesIO(data), len(data), Budget())

    def is_accepted(megapixels: int) -> bool:
        side = int((megapixels * 1_000_000) ** 0.5)
        facts = dataclasses.replace(header.facts, width=side, height=side)
        try:
            check_budget(dataclasses.replace(header, facts=facts), Budget())
        except ContentRejectedError:
            return False
        return True

    # The memory of a JPEG grows in steps, as it is decoded at a half, a quarter or an eighth.
    accepted = [megapixels for megapixels in range(1, 300) if is_accepted(megapixels)]
    assert accepted == list(range(1, len(accepted) + 1))
    return accepted[-1]


def test_the_documented_limit_of_each_format_is_what_the_budget_gives() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    found = re.findall(r"^\| ([^|]+) \| (\d+) \|$", text, re.MULTILINE)
    documented = {name: int(limit) for name, limit in found if name in DOCUMENTED}
    computed = {
        name: {largest_megapixels(one) for one in files} for name, files in DOCUMENTED.items()
    }
    assert {name: {limit} for name, limit in documented.items()} == computed


# --- structures that repeat, and files that end too early ---------------------------------------


def test_directories_that_share_their_entries_are_not_read_each() -> None:
    class Counting(io.BytesIO):
        given = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.given += len(data)
            return data

    data = tiffs.overlapping_pages(1999)
    stream = Counting(data)
    assert inspect(stream, len(data), Budget()).frames == 1999
    assert stream.given < 3 * len(data)


def test_a_heic_that_ends_within_its_tiles_is_damaged() -> None:
    buffer = io.BytesIO()
    COLOURS.resize((300, 150)).save(buffer, "HEIF", tile_size=64)
    data = buffer.getvalue()
    assert shown(data).size == (160, 80)
    assert refusal(data[:-10])[0] == "CorruptImage"


def test_an_avif_with_a_longer_side_than_its_decoder_allows_is_not_called_damaged() -> None:
    data = file_of("AVIF", Image.new("RGB", (32_769, 1)))
    assert refusal(data)[0] == "SideTooLong"


def test_a_tiff_that_ends_within_the_values_of_its_tags_is_damaged() -> None:
    data = WITHIN_A_CHILD["lab-tiff"]  # they stand at its end
    assert refusal(data[:-1])[0] == "CorruptImage"
