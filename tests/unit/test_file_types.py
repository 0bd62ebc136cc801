import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photodrop import file_types


def make_ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + bytes(4) + b"".join(compatible)
    box = (len(body) + 4).to_bytes(4, "big") + body
    return (box + bytes(8) + b"mdat").ljust(64, b"\0")


HEADS = {
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"),
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
    "gif": (b"GIF89a\1\0\1\0", "image/gif"),
    "webp": (b"RIFF\0\0\0\0WEBPVP8X", "image/webp"),
    "little-endian-tiff": (b"II*\0\x08\0\0\0\x0c\0", "image/tiff"),
    "big-endian-tiff": (b"MM\0*\0\0\0\x08\0\x0c", "image/tiff"),
    "big-tiff": (b"II+\0\x08\0\0\0\x10\0\0\0", "image/tiff"),
    "iphone-heic": (make_ftyp(b"heic", b"mif1", b"MiHE", b"MiPr", b"heic"), "image/heic"),
    "ten-bit-heic": (make_ftyp(b"heix", b"mif1", b"heix"), "image/heic"),
    "heic-as-heif": (make_ftyp(b"mif1", b"mif1", b"heic"), "image/heif"),
    "avif": (make_ftyp(b"avif", b"mif1", b"miaf"), "image/avif"),
    "animated-avif": (make_ftyp(b"avis", b"msf1", b"avif"), "image/avif"),
    "avif-as-heif": (make_ftyp(b"mif1", b"avif", b"miaf"), "image/avif"),
    "iphone-mov": (make_ftyp(b"qt  ", b"qt  "), "video/quicktime"),
    "mov-without-ftyp": (b"\0\0\0\x08wide\0\0\0\0mdat", "video/quicktime"),
    "mp4": (make_ftyp(b"isom", b"isom", b"iso2", b"avc1", b"mp41"), "video/mp4"),
    "apple-mp4": (make_ftyp(b"M4V ", b"M4V ", b"mp42"), "video/mp4"),
    "sony-mp4": (make_ftyp(b"XAVC", b"XAVC", b"mp42"), "video/mp4"),
    "unknown-major-mp4": (make_ftyp(b"zzzz", b"mp42"), "video/mp4"),
    "webm-length-of-two-bytes": (b"\x1a\x45\xdf\xa3\xa3B\x82\x40\x04webm", "video/webm"),
    "webm-length-of-eight-bytes": (
        b"\x1a\x45\xdf\xa3\xa3B\x82\x01\0\0\0\0\0\0\x04webm",
        "video/webm",
    ),
    "webm": (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\1B\xf7\x81\1B\x82\x84webm", "video/webm"),
    "matroska": (b"\x1a\x45\xdf\xa3\xa3B\x86\x81\1B\x82\x88matroska", None),
    "canon-cr2": (b"II*\0\x10\0\0\0CR\2\0", None),
    "canon-cr3": (make_ftyp(b"crx ", b"crx ", b"isom"), None),
    "m4a-audio": (make_ftyp(b"M4A ", b"M4A ", b"mp42"), None),
    "3gp": (make_ftyp(b"3gp4", b"3gp4"), None),
    "wav": (b"RIFF\0\0\0\0WAVEfmt ", None),
    "pdf": (b"%PDF-1.7\n", None),
    "svg": (b"<svg xmlns=", None),
    "html": (b"<!DOCTYPE html><script>", None),
    "bmp": (b"BM\x36\0\0\0", None),
    "empty": (b"", None),
}


@pytest.mark.parametrize("name", HEADS)
def test_sniff_tells_the_real_type_from_the_first_bytes(name: str) -> None:
    head, expected = HEADS[name]
    assert file_types.sniff(head) == expected


def test_brands_beyond_the_ftyp_box_do_not_count() -> None:
    head = make_ftyp(b"zzzz")[:16] + b"mp42" * 4
    assert file_types.sniff(head) is None


@given(st.binary(max_size=64))
def test_sniff_answers_any_bytes_with_an_accepted_type_or_none(head: bytes) -> None:
    assert file_types.sniff(head) in {None, *file_types.EXTENSIONS}
    assert file_types.sniff(b"\0\0\0\x20ftyp" + head) in {None, *file_types.EXTENSIONS}


@pytest.mark.parametrize("sniffed", file_types.EXTENSIONS)
@pytest.mark.parametrize("declared", file_types.EXTENSIONS)
def test_only_names_of_one_container_stand_in_for_each_other(sniffed: str, declared: str) -> None:
    interchangeable = {sniffed, declared} in (
        {"image/heic", "image/heif"},
        {"video/mp4", "video/quicktime"},
    )
    assert file_types.satisfies(sniffed, declared) == (sniffed == declared or interchangeable)


def test_extensions_are_plain_ascii_and_differ() -> None:
    extensions = list(file_types.EXTENSIONS.values())
    assert all(re.fullmatch("[a-z0-9]{3,4}", extension) for extension in extensions)
    assert len(set(extensions)) == len(extensions)


def test_tells_videos_from_images() -> None:
    for content_type in file_types.EXTENSIONS:
        assert file_types.is_video(content_type) != content_type.startswith("image/")
    assert not file_types.is_video("video/x-matroska")
