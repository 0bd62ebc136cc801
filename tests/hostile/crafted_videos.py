"""Videos that were built to take too much."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import cache, partial

from tests.hostile.crafted import MARKUP, nested
from tests.hostile.files import COMPLETED, HostileFile, crafted_file
from tests.support import pictures, videos
from tests.unit.test_formats import box
from tests.unit.test_video import many_frames

_MP4, _MOV, _WEBM = "video/mp4", "video/quicktime", "video/webm"


def files() -> Iterator[HostileFile]:
    """Yield all of them."""
    bomb = partial(crafted_file, "a video that takes too much")
    yield bomb("150 million frames", _MP4, partial(many_frames, 150_000_000), COMPLETED)
    yield bomb("2^32 frames", _MP4, partial(many_frames, 2**32 - 1), COMPLETED, "CorruptVideo")
    yield bomb("65,535 x 65,535", _MP4, _huge_frame, COMPLETED)
    yield bomb(
        "30,000 tracks",
        _MP4,
        partial(_tracks, 30_000),
        COMPLETED,
        "CorruptVideo",
        "TooMuchMemory",
        "TooMuchTime",
    )
    yield bomb("boxes in boxes", _MP4, _boxes_in_boxes, "CorruptVideo", "NoVideoStream")
    yield bomb(
        "an index that unpacks to 500 MB",
        _MOV,
        _packed_index,
        "CorruptVideo",
        "NoVideoStream",
        "TooMuchMemory",
    )
    yield bomb(
        "an index that says to unpack to 4 GB",
        _MOV,
        partial(_packed_index, 2**32 - 1),
        "CorruptVideo",
        "NoVideoStream",
        "TooMuchMemory",
    )
    yield bomb(
        "texts of 40 MB",
        _MP4,
        partial(_texts, 40_000_000),
        COMPLETED,
        "CorruptVideo",
        "HeaderTooLarge",
        "TooMuchMemory",
    )
    yield bomb(
        "200,000 fragments",
        _MP4,
        partial(_fragments, 200_000),
        COMPLETED,
        "CorruptVideo",
        "TooMuchTime",
    )
    yield bomb("frames that are JPEGs of 49,999 x 49,999", _MOV, _frames_of_huge_jpeg, COMPLETED)
    yield bomb(
        "frames of 900 scans", _MOV, partial(_frames_of_scans, 5000), COMPLETED, is_slow=True
    )
    yield bomb(
        "100,000 empty elements", _WEBM, _empty_elements, COMPLETED, "CorruptVideo", "NoVideoStream"
    )
    yield bomb(
        "elements in elements", _WEBM, _elements_in_elements, "CorruptVideo", "NoVideoStream"
    )
    yield bomb(
        "an element of 2^56 bytes", _WEBM, _huge_element, COMPLETED, "CorruptVideo", "NoVideoStream"
    )

    other = partial(crafted_file, "a video that is something else, too")
    for name, more in (("HTML", MARKUP), ("zeros", bytes(5_000_000)), ("JPEG", pictures.jpeg())):
        for content_type, kind in ((_MP4, "mp4"), (_WEBM, "webm")):
            yield other(
                f"{kind} and {name}",
                content_type,
                lambda kind=kind, more=more: _video(kind) + more,
                COMPLETED,
            )
    yield other("a video in another file", _MOV, _elsewhere, COMPLETED, "CorruptVideo")
    other = partial(crafted_file, "another type under a video's name")
    for name, content in {
        "a playlist": b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\nfile:///etc/passwd\n",
        "a list for FFmpeg": b"ffconcat version 1.0\nfile /etc/passwd\n",
        "Matroska": _video("webm").replace(b"webm", b"matr", 1),
        "AVI": b"RIFF\x10\0\0\0AVI LIST" + bytes(200),
        "MPEG-TS": b"\x47\x40\0\x10" * 200,
        "FLV": b"FLV\1\5\0\0\0\x09" + bytes(200),
    }.items():
        for content_type in (_MP4, _WEBM):
            yield other(
                name,
                content_type,
                lambda content=content: content,
                "UnsupportedContent",
            )
    yield other("webm as mp4", _MP4, partial(_video, "webm"), "ContentTypeMismatch")
    yield other("mp4 as webm", _WEBM, partial(_video, "mp4"), "ContentTypeMismatch")
    yield other("mp4 as jpeg", "image/jpeg", partial(_video, "mp4"), "ContentTypeMismatch")


@cache
def _video(kind: str = "mp4", **options: str) -> bytes:
    codec = {"mp4": "libx264", "mov": "mpeg4", "webm": "libvpx"}[kind]
    return videos.video(kind, codec, (64, 48), seconds=0.5, **options)


def _huge_frame() -> bytes:
    content = bytearray(_video("mov"))
    for name, at in ((b"mp4v", 28), (b"tkhd", 80)):
        start = content.index(name) + at
        size = (65_535, 65_535) if name == b"mp4v" else (65_535 << 16, 65_535 << 16)
        packed = struct.pack(">HH" if name == b"mp4v" else ">II", *size)
        content[start : start + len(packed)] = packed
    return b"\0\0\0\x14ftypisom\0\0\0\0isom" + bytes(content[20:])


def _index(content: bytes) -> tuple[int, int]:
    """Return where the box `moov` begins and ends."""
    at = content.index(b"moov") - 4
    return at, at + int.from_bytes(content[at : at + 4], "big")


def _tracks(count: int) -> bytes:
    content = _video()
    start, end = _index(content)
    index = content[start + 8 : end]
    at = index.index(b"trak") - 4
    track = index[at : at + int.from_bytes(index[at : at + 4], "big")]
    return content[:start] + box(b"moov", index[:at], track * count)


def _boxes_in_boxes() -> bytes:
    return _video()[:32] + box(b"moov", nested(b"udta", 100_000))


def _packed_index(says: int = 500_000_000) -> bytes:
    packed = zlib.compress(bytes(500_000_000 if says < 2**31 else 1000), 9)
    compressed = box(b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", struct.pack(">I", says), packed))
    return box(b"ftyp", b"qt  ", bytes(4), b"qt  ") + box(b"moov", compressed)


def _texts(length: int) -> bytes:
    content = _video()
    start, end = _index(content)
    text = box(b"udta", box(b"\xa9cmt", struct.pack(">HH", 0xFFFF, 0), b"a" * length))
    return content[:start] + box(b"moov", content[start + 8 : end], text)


def _fragments(count: int) -> bytes:
    content = _video(movflags="frag_keyframe+empty_moov+default_base_moof")
    at = content.index(b"moof") - 4
    end = at + int.from_bytes(content[at : at + 4], "big")
    return content[:at] + content[at:end] * count + content[end:]


def _frames_of_huge_jpeg() -> bytes:
    jpeg = pictures.jpeg()
    content = videos.motion_jpeg(jpeg)
    at = jpeg.index(b"\xff\xc0") + 5
    huge = jpeg[:at] + struct.pack(">HH", 49_999, 49_999) + jpeg[at + 4 :]
    return content.replace(jpeg, huge)


def _frames_of_scans(side: int) -> bytes:
    return videos.motion_jpeg(pictures.many_scans(side))


def _empty_elements() -> bytes:
    content = _video("webm")
    at = content.index(b"\x15\x49\xa9\x66")  # the segment's information
    return content[:at] + b"\xec\x80" * 100_000 + content[at:]


def _elements_in_elements() -> bytes:
    content = _video("webm")
    at = content.index(b"\x15\x49\xa9\x66")
    tags = b"\x12\x54\xc3\x67\x01\xff\xff\xff\xff\xff\xff\xff"
    simple = b"\x67\xc8\x01\xff\xff\xff\xff\xff\xff\xff"
    return content[:at] + tags + b"\x73\x73\x01\xff\xff\xff\xff\xff\xff\xff" + simple * 100_000


def _huge_element() -> bytes:
    content = _video("webm")
    at = content.index(b"\x15\x49\xa9\x66")
    return content[:at] + b"\xec\x01\xff\xff\xff\xff\xff\xff\xfe" + content[at:]


def _elsewhere() -> bytes:
    """Return a video whose frames are said to be in a file of the machine."""
    content = _video("mov")
    at = content.index(b"url \0\0\0\1")
    return content[:at] + b"url \0\0\0\0" + content[at + 8 :]
