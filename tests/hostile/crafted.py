"""Images that were built to take too much, and files that are two things at once."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache, partial
from typing import Any

from PIL import Image

from tests.hostile.files import COMPLETED, HostileFile, crafted_file
from tests.support import pictures, tiffs
from tests.unit.test_formats import box, chunk, make_heif, make_png
from tests.unit.test_imaging import (
    FORMATS,
    encode,
    make_animation,
    make_exif,
    make_noise,
    make_quadrants,
    with_size,
)

RED = (200, 30, 30)


def files() -> Iterator[HostileFile]:
    """Yield all of them."""
    yield from _pixels()
    yield from _frames()
    yield from _metadata()
    yield from _structures()
    yield from _polyglots()
    yield from _other_types()


# --- pixels -------------------------------------------------------------------------------------


def _pixels() -> Iterator[HostileFile]:
    add = partial(crafted_file, "more pixels than are accepted")
    quadrants = make_quadrants()
    for content_type in FORMATS:
        side = 16_383 if content_type == "image/webp" else 49_999
        yield add(
            f"{side} x {side}",
            content_type,
            partial(with_size, encode(quadrants, content_type), content_type, side, side),
            "TooManyPixels",
        )
    for content_type in ("image/jpeg", "image/png", "image/tiff", "image/heic", "image/avif"):
        yield add(
            "60,000 x 1",
            content_type,
            partial(with_size, encode(quadrants, content_type), content_type, 60_000, 1),
            "SideTooLong",
        )
    large_frame = bytearray(encode(quadrants, "image/gif"))
    start = large_frame.index(b",\0\0\0\0")
    large_frame[start + 5 : start + 9] = struct.pack("<HH", 50_000, 50_000)
    yield add("a frame beyond the screen", "image/gif", lambda: bytes(large_frame), "TooManyPixels")

    add = partial(crafted_file, "a size that is not what the pixels are")
    for content_type in ("image/jpeg", "image/png", "image/tiff", "image/heic", "image/avif"):
        for width, height in ((8000, 6000), (1, 1), (30_000, 1), (80, 41)):
            yield add(
                f"{width} x {height}",
                content_type,
                partial(with_size, encode(quadrants, content_type), content_type, width, height),
                "CorruptImage",
                "UnsupportedContent",
                COMPLETED,
            )

    add = partial(crafted_file, "long and thin")
    for width, height in ((1, 30_000), (30_000, 1), (49_999, 1), (1, 49_999), (16_383, 2)):
        for content_type in ("image/jpeg", "image/png", "image/gif", "image/tiff", "image/avif"):
            is_beyond_libavif = content_type == "image/avif" and max(width, height) > 32_768
            yield add(
                f"{width} x {height}",
                content_type,
                partial(_plain, width, height, content_type),
                "SideTooLong" if is_beyond_libavif else COMPLETED,
            )
        if max(width, height) <= 16_383:
            yield add(
                f"{width} x {height}",
                "image/webp",
                partial(_plain, width, height, "image/webp"),
                COMPLETED,
            )

    add = partial(crafted_file, "as many pixels as are accepted", is_slow=True)
    progressive = {"quality": 1, "progressive": True, "subsampling": 2}
    for name, content_type, mode, size, options in (
        ("grey", "image/png", "L", (12_000, 12_000), {}),
        ("RGB", "image/png", "RGB", (12_000, 12_000), {}),
        ("one bit", "image/png", "1", (12_000, 12_000), {}),
        ("palette", "image/png", "P", (9_900, 9_900), {}),
        ("transparent", "image/png", "RGBA", (9_900, 9_900), {}),
        ("16 bits", "image/png", "I;16", (9_900, 9_900), {}),
        ("GIF", "image/gif", "P", (9_900, 9_900), {}),
        ("WebP", "image/webp", "RGB", (16_383, 3_600), {"quality": 1, "method": 0}),
        ("transparent", "image/webp", "RGBA", (7_600, 7_600), {"quality": 1, "method": 0}),
        (
            "TIFF in strips",
            "image/tiff",
            "RGB",
            (9_900, 9_900),
            {"compression": "tiff_adobe_deflate"},
        ),
        ("TIFF of a fax", "image/tiff", "1", (9_900, 9_900), {"compression": "group4"}),
        ("baseline", "image/jpeg", "RGB", (16_320, 12_240), {"quality": 1}),
        ("CMYK", "image/jpeg", "CMYK", (14_000, 14_000), {"quality": 1}),
        ("progressive", "image/jpeg", "RGB", (16_320, 12_240), progressive),
        ("AVIF", "image/avif", "RGB", (8_000, 8_000), {"speed": 10}),
        ("HEIC", "image/heic", "RGB", (8_000, 8_000), {"quality": 10}),
    ):
        yield add(
            f"{name} {size[0]} x {size[1]}",
            content_type,
            partial(_plain, *size, content_type, mode, **options),
            COMPLETED,
        )


def _plain(width: int, height: int, content_type: str, mode: str = "RGB", **options: Any) -> bytes:
    colour: Any = {"RGB": RED, "RGBA": (*RED, 90), "CMYK": (10, 90, 90, 5)}.get(mode, 1)
    return encode(Image.new(mode, (width, height), colour), content_type, **options)


# --- frames, scans and pages --------------------------------------------------------------------


def _frames() -> Iterator[HostileFile]:
    add = partial(crafted_file, "frames, scans and pages without end")
    yield add("3,000 frames", "image/gif", partial(_many_gif_frames, 3000), "TooManyFrames")
    yield add("200,000 frames", "image/gif", partial(_many_gif_frames, 200_000), COMPLETED)
    yield add("2^31 frames", "image/png", partial(_frames_of_png, 2**31), "TooManyFrames")
    yield add("1,999 frames, one there", "image/png", partial(_frames_of_png, 1999), COMPLETED)
    yield add("3,000 frames", "image/webp", partial(_many_webp_frames, 3000), COMPLETED)
    yield add("100,000 frames", "image/webp", partial(_many_webp_frames, 100_000), COMPLETED)
    yield add("pages in a circle", "image/tiff", _circle_of_pages, COMPLETED)
    yield add(
        "1,999 pages that overlap", "image/tiff", partial(tiffs.overlapping_pages, 1999), COMPLETED
    )
    yield add(
        "5,000 pages that overlap",
        "image/tiff",
        partial(tiffs.overlapping_pages, 5000),
        "TooManyFrames",
    )
    yield add("900 scans", "image/jpeg", partial(pictures.many_scans), "TooMuchTime", is_slow=True)
    yield add("900 scans", "image/jpeg", partial(pictures.many_scans, 400), COMPLETED)
    yield add(
        "frames of 64 megapixels",
        "image/gif",
        partial(_large_animation, "image/gif"),
        COMPLETED,
        is_slow=True,
    )
    yield add(
        "frames of 25 megapixels",
        "image/webp",
        partial(_large_animation, "image/webp", 5000, 10),
        COMPLETED,
        "TooMuchMemory",
        "TooMuchTime",
        is_slow=True,
    )


def _many_gif_frames(count: int) -> bytes:
    """Return a GIF of 2 x 1 pixels with so many frames."""
    whole = encode(Image.new("P", (2, 1)), "image/gif")
    at = whole.index(b",\0\0\0\0")
    return whole[:at] + whole[at:-1] * count + whole[-1:]


def _frames_of_png(count: int) -> bytes:
    actl = chunk(b"acTL", struct.pack(">II", count, 0))
    return make_png(8, 2, [bytes(RED) * 8] * 8, 8, actl)


def _many_webp_frames(count: int) -> bytes:
    whole = make_animation("image/webp")
    at = whole.index(b"ANMF")
    length = 8 + int.from_bytes(whole[at + 4 : at + 8], "little")
    body = whole[8:at] + whole[at : at + length + length % 2] * count
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _circle_of_pages() -> bytes:
    data = tiffs.picture(64, 48, bytes(64 * 48))
    directory = int.from_bytes(data[4:8], "little")
    return tiffs.tiff(_tags(64, 48), bytes(64 * 48), following=directory)


def _tags(width: int, height: int) -> dict[int, tuple[str, list[int]]]:
    values = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 277: 1}
    return {tag: ("H", [value]) for tag, value in values.items()}


def _large_animation(content_type: str, side: int = 8000, frames: int = 3) -> bytes:
    images = [Image.new("P", (side, side), number) for number in range(frames)]
    return encode(images[0], content_type, save_all=True, append_images=images[1:])


# --- metadata -----------------------------------------------------------------------------------


def _metadata() -> Iterator[HostileFile]:
    add = partial(crafted_file, "huge texts, profiles and EXIF")
    jpeg, png = pictures.jpeg(), encode(make_quadrants(), "image/png")

    @cache
    def bomb() -> bytes:
        return zlib.compress(bytes(200_000_000), 9)

    def in_png(*chunks: bytes) -> bytes:
        return png[:33] + b"".join(chunks) + png[33:]

    def in_jpeg(*segments: bytes) -> bytes:
        return jpeg[:2] + b"".join(segments) + jpeg[2:]

    def segment(marker: int, body: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    def icc(number: int, count: int) -> bytes:
        return segment(0xE2, b"ICC_PROFILE\0" + bytes([number, count]) + bytes(65_000))

    yield add(
        "text that unpacks to 200 MB",
        "image/png",
        lambda: in_png(chunk(b"zTXt", b"Comment\0\0" + bomb())),
        "CorruptImage",
    )
    yield add(
        "international text that unpacks to 200 MB",
        "image/png",
        lambda: in_png(chunk(b"iTXt", b"Comment\0\1\0\0\0" + bomb())),
        "CorruptImage",
    )
    yield add(
        "a profile that unpacks to 200 MB",
        "image/png",
        lambda: in_png(chunk(b"iCCP", b"profile\0\0" + bomb())),
        "CorruptImage",
    )
    yield add(
        "100 texts of 10 MB",
        "image/png",
        lambda: in_png(*[chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(10_000_000)))] * 100),
        "CorruptImage",
    )
    yield add(
        "plain text of 20 MB",
        "image/png",
        lambda: in_png(chunk(b"tEXt", b"Comment\0" + b"a" * 20_000_000)),
        COMPLETED,
    )
    yield add(
        "30,000 empty chunks",
        "image/png",
        lambda: in_png(*[chunk(b"prVt", b"")] * 30_000),
        "CorruptImage",
    )
    yield add(
        "EXIF of 10 MB",
        "image/png",
        lambda: in_png(chunk(b"eXIf", make_exif() + bytes(10_000_000))),
        COMPLETED,
    )
    yield add(
        "10 MB of profile",
        "image/jpeg",
        lambda: in_jpeg(*(icc(number + 1, 160) for number in range(160))),
        COMPLETED,
    )
    yield add(
        "20 MB of profile",
        "image/jpeg",
        lambda: in_jpeg(*(icc(number % 255 + 1, 255) for number in range(310))),
        "CorruptImage",
        "HeaderTooLarge",
    )
    yield add(
        "a profile of 255 missing parts", "image/jpeg", lambda: in_jpeg(icc(255, 255)), COMPLETED
    )
    yield add(
        "20,000 comments",
        "image/jpeg",
        lambda: in_jpeg(*[segment(0xFE, b"")] * 20_000),
        "CorruptImage",
    )
    yield add(
        "5,000 blocks of EXIF",
        "image/jpeg",
        lambda: in_jpeg(*[segment(0xE1, b"Exif\0\0" + make_exif())] * 5000),
        COMPLETED,
    )
    yield add(
        "EXIF with 65,535 entries",
        "image/jpeg",
        lambda: in_jpeg(segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\1" * 65_000)),
        COMPLETED,
    )
    yield add(
        "EXIF that points at itself",
        "image/jpeg",
        lambda: in_jpeg(segment(0xE1, b"Exif\0\0" + _exif_circle())),
        COMPLETED,
    )
    for signature in (b"mft2", b"mAB ", b"curv", b"mluc", b"para"):
        profile = _profile(signature)
        yield add(
            f"a profile with a huge {signature.decode()}",
            "image/png",
            lambda profile=profile: in_png(chunk(b"iCCP", b"profile\0\0" + zlib.compress(profile))),
            COMPLETED,
        )
    yield add("EXIF of 4 GB", "image/webp", _exif_of_webp, "CorruptImage", COMPLETED)
    yield add(
        "XMP of 12 MB",
        "image/tiff",
        lambda: tiffs.picture(64, 48, bytes(64 * 48), more={700: ("B", [60] * 12_000_000)}),
        COMPLETED,
    )


def _exif_circle() -> bytes:
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)
    return b"II*\0\x08\0\0\0\1\0" + entry + struct.pack("<I", 8)


def _profile(signature: bytes) -> bytes:
    """Return an ICC profile of which a tag says to be as large as numbers allow."""
    body = signature + bytes(4) + b"\xff" * 60
    tags = b"".join(
        struct.pack(">4sII", name, 128 + 4 + 12 * 4, 2**31)
        for name in (b"A2B0", b"rXYZ", b"gXYZ", b"rTRC")
    )
    head = struct.pack(">I4sI4s4s4s", 2**31, b"lcms", 0x04000000, b"mntr", b"RGB ", b"XYZ ")
    head = head.ljust(36, b"\0") + b"acsp"
    return head.ljust(128, b"\0") + struct.pack(">I", 4) + tags + body


def _exif_of_webp() -> bytes:
    whole = bytearray(encode(make_quadrants(), "image/webp", exif=make_exif(6)))
    at = whole.index(b"EXIF")
    whole[at + 4 : at + 8] = b"\xff" * 4
    return bytes(whole)


# --- structures that are walked -----------------------------------------------------------------


def _structures() -> Iterator[HostileFile]:
    add = partial(crafted_file, "nested and repeated structures")
    for content_type, brand in (("image/heif", b"mif1"), ("image/heic", b"heic")):
        yield add(
            "an image made of itself",
            content_type,
            partial(_with_picture, b"iden", [1], brand),
            "CorruptImage",
        )
        yield add(
            "a grid of itself, 65,000 times",
            content_type,
            partial(_with_picture, b"grid", [1] * 65_000, brand),
            "CorruptImage",
        )
        yield add(
            "a chain of 5,000 images", content_type, partial(_chain, 5000, brand), "CorruptImage"
        )
        yield add(
            "an overlay of 60,000 layers",
            content_type,
            partial(_with_picture, b"iovl", [2] * 60_000, brand),
            "CorruptImage",
        )
    for content_type, brand in (("image/heic", b"heic"), ("image/avif", b"avif")):
        yield add(
            "150,000 places of nothing",
            content_type,
            partial(_places_of_nothing, brand),
            "CorruptImage",
        )
        yield add(
            "100,000 empty boxes",
            content_type,
            lambda brand=brand: box(b"ftyp", brand, bytes(4), brand) + box(b"free") * 100_000,
            "CorruptImage",
        )
        yield add("120,000 properties", content_type, partial(_properties, brand), "CorruptImage")
        yield add(
            "boxes in boxes",
            content_type,
            partial(_boxes_in_boxes, brand),
            "CorruptImage",
            "UnsupportedContent",
        )
    yield add(
        "stray bytes between segments",
        "image/jpeg",
        lambda: b"\xff\xd8\xff" + b"\0" * 15_000_000 + pictures.jpeg(),
        "CorruptImage",
    )
    yield add(
        "fill bytes before a segment",
        "image/jpeg",
        lambda: b"\xff\xd8" + b"\xff" * 15_000_000 + pictures.jpeg(),
        "CorruptImage",
    )
    yield add(
        "a huge tile",
        "image/tiff",
        lambda: tiffs.picture(
            80, 40, bytes(3200), more={322: ("I", [60_000]), 323: ("I", [60_000])}
        ),
        "TooMuchMemory",
    )
    yield add("a million strips", "image/tiff", _strips, "CorruptImage", COMPLETED)
    yield add(
        "pixels that unpack to more", "image/tiff", _deflate_of_tiff, COMPLETED, "CorruptImage"
    )
    yield add("pixels that unpack to more", "image/png", _more_pixels, COMPLETED, "CorruptImage")
    yield add(
        "stray bytes between blocks",
        "image/gif",
        lambda: encode(make_quadrants(), "image/gif")[:13] + bytes(5_000_000),
        "CorruptImage",
    )
    yield add("codes of LZW that never end", "image/gif", _lzw, "CorruptImage", COMPLETED)


def _with_picture(item: bytes, parts: list[int], brand: bytes) -> bytes:
    """Return a HEIF whose first image is derived from these images, and no pixels at all."""
    data = make_heif(item, parts=[b"hvc1"], brand=brand)
    wide = struct.pack(f">{len(parts)}H", *parts)
    return _with_references(data, box(b"dimg", struct.pack(">HH", 1, len(parts)), wide))


def _chain(count: int, brand: bytes) -> bytes:
    """Return a HEIF in which each image is the next one."""
    data = make_heif(b"iden", parts=[b"iden"] * (count - 1), brand=brand)
    links = [box(b"dimg", struct.pack(">HHH", number, 1, number + 1)) for number in range(1, count)]
    return _with_references(data, b"".join(links))


def _with_references(data: bytes, references: bytes) -> bytes:
    """Replace the box `iref` of a HEIF, which is within its `meta`."""
    at = data.index(b"iref") - 4
    old = int.from_bytes(data[at : at + 4], "big")
    new = box(b"iref", bytes(4), references)
    meta = data.index(b"meta") - 4
    size = int.from_bytes(data[meta : meta + 4], "big") + len(new) - old
    return data[:meta] + struct.pack(">I", size) + data[meta + 4 : at] + new + data[at + old :]


def _places_of_nothing(brand: bytes) -> bytes:
    """Return a HEIF whose items have 65,535 extents each, which take no bytes to write."""
    exif = box(b"infe", b"\2\0\0\0", struct.pack(">HH", 0xFFFF, 0), b"Exif", b"\0")
    count = 65_535
    places = struct.pack(">HHH", 7, 0, 0xFFFF) * count
    meta = box(
        b"meta",
        bytes(4),
        box(b"pitm", bytes(4), b"\0\1"),
        box(b"iinf", bytes(4), struct.pack(">H", 1), exif),
        box(
            b"iprp",
            box(b"ipco", box(b"ispe", bytes(4), struct.pack(">II", 64, 64))),
            box(b"ipma", bytes(4), struct.pack(">IHBB", 1, 1, 1, 1)),
        ),
        box(b"iloc", bytes(4), bytes(2), struct.pack(">H", count), places),
    )
    return box(b"ftyp", brand, bytes(4), brand) + meta


def _properties(brand: bytes) -> bytes:
    size = box(b"ispe", bytes(4), struct.pack(">II", 64, 64))
    lists = struct.pack(">HBB", 1, 1, 1) * 100_000
    meta = box(
        b"meta",
        bytes(4),
        box(b"pitm", bytes(4), b"\0\1"),
        box(
            b"iprp",
            box(b"ipco", size, box(b"irot", b"\1") * 60_000),
            box(b"ipma", bytes(4), struct.pack(">I", 100_000), lists),
        ),
    )
    return box(b"ftyp", brand, bytes(4), brand) + meta


def _boxes_in_boxes(brand: bytes) -> bytes:
    return box(b"ftyp", brand, bytes(4), brand) + nested(b"meta", 20_000)


def nested(kind: bytes, levels: int) -> bytes:
    """Return a box in a box in a box, and so on."""
    return b"".join(struct.pack(">I4s", 8 * (levels - level), kind) for level in range(levels))


def _strips() -> bytes:
    count = 1_000_000
    return tiffs.tiff(
        _tags(8, 8) | {273: ("I", [8] * count), 279: ("I", [8] * count), 278: ("I", [1])}, bytes(64)
    )


def _deflate_of_tiff() -> bytes:
    data = zlib.compress(bytes(100_000_000), 9)
    return tiffs.tiff(_tags(64, 48) | {259: ("H", [8])}, data)


def _more_pixels() -> bytes:
    rows = zlib.compress(bytes(200_000_000), 9)
    head = struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b""))
    )


def _lzw() -> bytes:
    whole = encode(make_quadrants(), "image/gif")
    at = whole.index(b",\0\0\0\0") + 10
    at += 3 << ((whole[at - 1] & 7) + 1) if whole[at - 1] & 0x80 else 0
    return whole[: at + 1] + (b"\xff" + b"\x80" * 255) * 40_000 + b"\0;"


# --- two things at once -------------------------------------------------------------------------

MARKUP = b"<html><script>alert(document.domain)</script></html>"


def _polyglots() -> Iterator[HostileFile]:
    add = partial(crafted_file, "an image that is something else, too")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("payload.html", MARKUP)
    for content_type in FORMATS:
        whole = encode(make_quadrants(), content_type)
        for name, more in (
            ("ZIP", archive.getvalue()),
            ("HTML", MARKUP),
            ("PHP", b"<?php system($_GET['c']); ?>"),
            ("PDF", b"%PDF-1.7\n1 0 obj <</OpenAction 2 0 R>> endobj\n%%EOF"),
            ("another image", pictures.jpeg(20, 10)),
            ("5 MB of zeros", bytes(5_000_000)),
        ):
            # What follows a HEIF is read as boxes. WebP and others say where they end.
            damaged = ("CorruptImage",) if content_type in ("image/heic", "image/avif") else ()
            yield add(
                f"{content_type} and {name}",
                content_type,
                lambda whole=whole, more=more: whole + more,
                COMPLETED,
                *damaged,
            )
    script = bytearray(encode(make_quadrants(), "image/gif"))
    script[6:8] = b"/*"  # as JavaScript: GIF89a/* ... */=1;alert(1)
    yield add(
        "GIF and JavaScript", "image/gif", lambda: bytes(script) + b"*/=1;alert(1)//", COMPLETED
    )
    jpeg = pictures.jpeg()
    comment = b"\xff\xfe" + struct.pack(">H", len(MARKUP) + 2) + MARKUP
    yield add(
        "JPEG with HTML in a comment",
        "image/jpeg",
        lambda: jpeg[:2] + comment + jpeg[2:],
        COMPLETED,
    )
    png = encode(make_quadrants(), "image/png")
    yield add(
        "PNG with HTML in a text",
        "image/png",
        lambda: png[:33] + chunk(b"tEXt", b"Comment\0" + MARKUP) + png[33:],
        COMPLETED,
    )


def _other_types() -> Iterator[HostileFile]:
    add = partial(crafted_file, "another type under an image's name")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("a.jpg", pictures.jpeg())
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    entities = b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>'
    for name, content in {
        "SVG": svg,
        "SVG with entities": entities,
        "SVG behind a byte order mark": b"\xef\xbb\xbf" + svg,
        "PDF": b"%PDF-1.7\n" + bytes(200),
        "HTML": MARKUP,
        "ZIP": archive.getvalue(),
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file",
        "ImageMagick's MVG": b"push graphic-context\nfill 'url(https://127.0.0.1/x|ls)'",
        "ImageMagick's MSL": b"<?xml version='1.0'?><image><read filename='/etc/passwd'/></image>",
        "a playlist": b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\nfile:///etc/passwd\n",
        "a list for FFmpeg": b"ffconcat version 1.0\nfile /etc/passwd\n",
        "an ELF program": b"\x7fELF\2\1\1" + bytes(200),
        "BMP": encode(make_quadrants(), "image/png", format="BMP"),
        "ICO": encode(make_quadrants(), "image/png", format="ICO"),
        "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(200),
        "JPEG XL": b"\xff\x0a" + bytes(200),
        "PSD": b"8BPS\0\1" + bytes(200),
        "CR2": b"II*\0\x10\0\0\0CR\2\0" + bytes(200),
        "one byte": b"\xff",
        "spaces before a JPEG": b"  " + pictures.jpeg(),
    }.items():
        for content_type in ("image/jpeg", "image/png", "image/heic"):
            yield add(
                name,
                content_type,
                lambda content=content: content,
                "UnsupportedContent",
            )
    add = partial(crafted_file, "another accepted type than announced")
    for content_type in FORMATS:
        for announced in FORMATS:
            if content_type != announced:
                yield add(
                    f"{content_type} as {announced}",
                    announced,
                    partial(encode, make_quadrants(), content_type),
                    "ContentTypeMismatch",
                )
    noise = make_noise(64, 64)
    yield add(
        "image/jpeg as video/mp4",
        "video/mp4",
        partial(encode, noise, "image/jpeg"),
        "ContentTypeMismatch",
    )
