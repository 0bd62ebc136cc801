"""Facts of an image from its headers alone: a few kilobytes, whatever the size of the file.

Image libraries read (some even decode) the whole file to tell its size. Here the bytes come from
S3 in ranges, so each format's few header fields are read by hand. Nothing is decompressed.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO, Never

from photodrop import file_types
from photodrop.errors import ContentRejectedError


@dataclass(frozen=True, slots=True)
class Budget:
    """What an image may cost. Everything is checked from the header, before any decoding.

    The default pixels admit the 200 megapixels of a phone (16320 x 12240); the default memory,
    which is an upper estimate of the bytes that decoding needs, fits a function of 1769 MB, the
    size at which Lambda gives one whole CPU.
    """

    max_pixels: int = 205_000_000
    max_side: int = 50_000
    max_frames: int = 2_000
    max_decoded_bytes: int = 1_200_000_000


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What an image's header says.

    `width` and `height` are as displayed, after `orientation` (EXIF's 1 to 8) is applied; for HEIC
    and AVIF the orientation is the container's, which rules over EXIF there. `frames` counts
    animation frames or TIFF pages and is None when counting them would mean reading the file.
    `taken_at` is ISO 8601, with an offset when the camera wrote one.
    """

    content_type: str
    width: int
    height: int
    orientation: int
    animated: bool
    frames: int | None
    taken_at: str | None


@dataclass(frozen=True, slots=True)
class Header:
    """The facts, and what only the decoding side needs.

    `bytes_per_pixel` is the decoder's peak for one pixel; for JPEG, which is decoded at a reduced
    size, `coefficient_bytes` is what a progressive file keeps for each full-size pixel besides.
    `primaries` is the colour space code of ISO/IEC 23091-2 where the file names one: 12 is
    Display P3. An embedded ICC profile rules over it. `coded_size` is what is decoded where that
    is larger than what is shown: HEIC is cropped after decoding.
    """

    facts: ImageFacts
    bytes_per_pixel: float
    coefficient_bytes: float = 0.0
    primaries: int | None = None
    coded_size: tuple[int, int] = (0, 0)

    @property
    def stored_size(self) -> tuple[int, int]:
        """Width and height before the orientation is applied."""
        width, height = self.facts.width, self.facts.height
        return (width, height) if self.facts.orientation < 5 else (height, width)

    @property
    def decoded_size(self) -> tuple[int, int]:
        """Width and height that the decoder works on."""
        stored = self.stored_size
        return max(stored[0], self.coded_size[0]), max(stored[1], self.coded_size[1])


# No real header needs more. It bounds the ranged requests, and the time, that a crafted file costs.
_BLOCK_BYTES = 65_536
_MAX_BLOCKS = 256
_MAX_READS = 20_000
_MAX_BOX_BYTES = 1 << 20
_MAX_EXIF_BYTES = 1 << 20
_LARGEST_THUMBNAIL = 1600
# What the thumbnails themselves and their encoder take, whatever the size of the original.
_ENCODER_BYTES = 16_000_000


def inspect(stream: BinaryIO, size_bytes: int, budget: Budget) -> ImageFacts:
    """Read the facts of the image in `stream`, which is `size_bytes` long, from its header.

    Raises ContentRejectedError: `EmptyFile`, `UnsupportedContent`, `CorruptImage`, and for what is
    above the budget `TooManyPixels`, `SideTooLong`, `TooManyFrames` or `TooMuchMemory`. Errors of
    the stream itself pass through, so that a failed download is tried again and not held against
    the photo.
    """
    return read_header(stream, size_bytes, budget).facts


def read_header(
    stream: BinaryIO, size_bytes: int, budget: Budget, largest: int = _LARGEST_THUMBNAIL
) -> Header:
    """Like `inspect`, for decoding down to `largest` pixels on the longest side."""
    if size_bytes <= 0:
        raise ContentRejectedError("EmptyFile", "The file is empty.")
    reader = _Reader(stream, size_bytes)
    content_type = file_types.sniff(reader.up_to(0, file_types.SNIFF_BYTES))
    match content_type:
        case "image/jpeg":
            header = _read_jpeg(reader)
        case "image/png":
            header = _read_png(reader)
        case "image/gif":
            header = _read_gif(reader)
        case "image/webp":
            header = _read_webp(reader)
        case "image/tiff":
            header = _read_tiff(reader, budget)
        case "image/heic" | "image/heif" | "image/avif":
            header = _read_heif(reader, content_type)
        case _:
            raise ContentRejectedError(
                "UnsupportedContent",
                "The file's content is not an accepted kind of image or video.",
            )
    check_budget(header, budget, largest)
    return header


def check_budget(header: Header, budget: Budget, largest: int = _LARGEST_THUMBNAIL) -> None:
    """Raise ContentRejectedError if the image is above the budget (codes as of `inspect`)."""
    facts = header.facts
    width, height = header.decoded_size
    if width < 1 or height < 1:
        _corrupt("It has no width or no height.")
    if max(width, height) > budget.max_side:
        raise ContentRejectedError(
            "SideTooLong", f"The image is {width} x {height}; a side may have {budget.max_side}."
        )
    if width * height > budget.max_pixels:
        raise ContentRejectedError(
            "TooManyPixels",
            f"The image has {width} x {height} pixels; the limit is {budget.max_pixels}.",
        )
    if facts.frames is not None and facts.frames > budget.max_frames:
        raise ContentRejectedError(
            "TooManyFrames", f"The image has more than {budget.max_frames} frames."
        )
    if decoded_bytes(header, largest) > budget.max_decoded_bytes:
        raise ContentRejectedError(
            "TooMuchMemory",
            f"An image of this kind with {width} x {height} pixels needs too much memory.",
        )


def decoded_bytes(header: Header, largest: int) -> int:
    """Estimate, from above, the memory in bytes that decoding for thumbnails of `largest` takes."""
    width, height = header.decoded_size
    pixels = width * height
    scale = 1
    if header.facts.content_type == "image/jpeg":
        while scale < 8 and max(width, height) >= scale * 2 * largest:
            scale *= 2
    per_pixel = header.bytes_per_pixel / scale**2 + header.coefficient_bytes
    return _ENCODER_BYTES + int(pixels * per_pixel)


def _corrupt(reason: str) -> Never:
    raise ContentRejectedError("CorruptImage", f"The image is damaged or incomplete. {reason}")


class _Reader:
    """Bounded random access to a file: what is not there raises CorruptImage."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.size = size
        self._stream = stream
        self._blocks: set[int] = set()
        self._reads = 0

    def up_to(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset`, or fewer at the end of the file."""
        self._reads += 1
        if offset >= self.size:
            return b""
        count = min(count, self.size - offset)
        last = (offset + max(count, 1) - 1) // _BLOCK_BYTES
        self._blocks.update(range(offset // _BLOCK_BYTES, last + 1))
        if self._reads > _MAX_READS or len(self._blocks) > _MAX_BLOCKS:
            _corrupt("Its headers are longer than those of any real photo.")
        self._stream.seek(offset)
        parts = []
        while count > 0 and (part := self._stream.read(count)):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def at(self, offset: int, count: int) -> bytes:
        """Return exactly `count` bytes from `offset`."""
        data = self.up_to(offset, count)
        if len(data) < count:
            _corrupt("It ends before its headers do.")
        return data


# --- EXIF and TIFF: one structure ---------------------------------------------------------------

_ORIENTATION, _EXIF_IFD = 0x0112, 0x8769
_DATE_TIME_ORIGINAL, _OFFSET_TIME_ORIGINAL = 0x9003, 0x9011
_FIELD_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_FIELD_SIZES |= {13: 4, 16: 8, 17: 8, 18: 8}
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_DATE = re.compile(r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d")
_UTC_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")


class _BytesReader:
    """The reader's face over bytes in memory, for EXIF blocks; what is not there is empty."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def up_to(self, offset: int, count: int) -> bytes:
        return self._data[offset : offset + count]


class _Tiff:
    """Directories of a TIFF structure: tag -> (field type, count, value bytes)."""

    def __init__(self, source: _Reader | _BytesReader) -> None:
        self._source = source
        head = source.up_to(0, 16)
        self.order = "<" if head[:2] == b"II" else ">"
        self.big = head[2:4] in (b"+\0", b"\0+")
        self.first = self.number(head[8:16] if self.big else head[4:8], "Q" if self.big else "I")

    def number(self, data: bytes, kind: str) -> int:
        """Decode one integer; missing bytes count as zero, which no valid offset or size is."""
        width = struct.calcsize(f"={kind}")
        number: int = struct.unpack(self.order + kind, data[:width].ljust(width, b"\0"))[0]
        return number

    def directory(self, offset: int) -> tuple[dict[int, tuple[int, int, bytes]], int]:
        """Return the entries of the directory at `offset`, and the offset of the next (or 0)."""
        count_size, entry_size, inline = (8, 20, 8) if self.big else (2, 12, 4)
        kind = "Q" if self.big else "I"
        count = self.number(self._source.up_to(offset, count_size), "Q" if self.big else "H")
        count = min(count, 4096)
        body = self._source.up_to(offset + count_size, count * entry_size + inline)
        entries = {}
        for at in range(0, min(count * entry_size, len(body)), entry_size):
            entry = body[at : at + entry_size]
            tag, field_type = self.number(entry, "H"), self.number(entry[2:], "H")
            values = self.number(entry[4:], kind)
            entries[tag] = (field_type, values, entry[entry_size - inline :])
        return entries, self.number(body[count * entry_size :], kind)

    def integer(self, entries: dict[int, tuple[int, int, bytes]], tag: int) -> int | None:
        """Return the first integer of a tag, or None."""
        field_type, _, value = entries.get(tag, (0, 0, b""))
        kind = _INTEGERS.get(field_type)
        if kind is None:
            return None
        if struct.calcsize(f"={kind}") > len(value):
            return None
        return self.number(self._first_bytes(entries[tag], 8), kind)

    def text(self, entries: dict[int, tuple[int, int, bytes]], tag: int) -> str:
        """Return the first 64 characters of a text tag, or an empty string."""
        if entries.get(tag, (0,))[0] != 2:
            return ""
        raw = self._first_bytes(entries[tag], 64)
        return raw.split(b"\0")[0].decode("ascii", "replace").strip()

    def _first_bytes(self, entry: tuple[int, int, bytes], limit: int) -> bytes:
        field_type, count, value = entry
        length = _FIELD_SIZES.get(field_type, 1) * count
        if length <= len(value):
            return value[:length]
        offset = self.number(value, "Q" if self.big else "I")
        return self._source.up_to(offset, min(length, limit))

    def orientation(self, entries: dict[int, tuple[int, int, bytes]]) -> int:
        """Return the orientation tag's value if it is one of 1 to 8, otherwise 1."""
        orientation = self.integer(entries, _ORIENTATION) or 1
        return orientation if orientation <= 8 else 1

    def taken_at(self, entries: dict[int, tuple[int, int, bytes]]) -> str | None:
        """Return DateTimeOriginal of the EXIF directory as ISO 8601, or None."""
        offset = self.integer(entries, _EXIF_IFD)
        if not offset:
            return None
        exif, _ = self.directory(offset)
        date = self.text(exif, _DATE_TIME_ORIGINAL)
        if not _DATE.fullmatch(date):
            return None
        try:
            taken_at = datetime.strptime(date, "%Y:%m:%d %H:%M:%S").isoformat()
        except ValueError:  # the 30th of February, or all zeros from a camera whose clock is unset
            return None
        utc_offset = self.text(exif, _OFFSET_TIME_ORIGINAL)
        return taken_at + utc_offset if _UTC_OFFSET.fullmatch(utc_offset) else taken_at


def _with_exif(facts: ImageFacts, exif: bytes | None, *, orients: bool = True) -> ImageFacts:
    """Add what an EXIF block says; a damaged block says nothing and does no harm."""
    if exif is None:
        return facts
    exif = exif.removeprefix(b"Exif\0\0")
    if exif[:4] not in (b"II*\0", b"MM\0*"):
        return facts
    tiff = _Tiff(_BytesReader(exif))
    entries, _ = tiff.directory(tiff.first)
    facts = replace(facts, taken_at=tiff.taken_at(entries))
    return _oriented(facts, tiff.orientation(entries)) if orients else facts


def _oriented(facts: ImageFacts, orientation: int) -> ImageFacts:
    if orientation >= 5:
        facts = replace(facts, width=facts.height, height=facts.width)
    return replace(facts, orientation=orientation)


def _named_primaries(primaries: int, transfer: int) -> int | None:
    # HDR curves (PQ 16, HLG 18) would need tone mapping, not a change of colour space.
    return None if transfer in (16, 18) else primaries


def _still(content_type: str, width: int, height: int) -> ImageFacts:
    return ImageFacts(content_type, width, height, 1, animated=False, frames=1, taken_at=None)


# --- JPEG ---------------------------------------------------------------------------------------

_JPEG_DECODABLE = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
_START_OF_SCAN, _END_OF_IMAGE, _APP1 = 0xDA, 0xD9, 0xE1


def _read_jpeg(reader: _Reader) -> Header:
    frame, exif = b"", None
    progressive = False
    offset = 2
    while True:
        lead, marker = reader.at(offset, 2)
        if lead != 0xFF:
            offset += 1  # stray bytes between segments: decoders skip them
            continue
        if marker in (0x00, 0xFF):
            offset += 1
            continue
        if marker in _JPEG_BARE:
            offset += 2
            continue
        if marker == _END_OF_IMAGE:
            _corrupt("It has no image data.")
        length = int.from_bytes(reader.at(offset + 2, 2), "big")
        if length < 2:
            _corrupt("A segment has no length.")
        body, body_length = offset + 4, length - 2
        if marker in _JPEG_FRAMES:
            if marker not in _JPEG_DECODABLE:
                raise ContentRejectedError(
                    "UnsupportedContent", "This kind of JPEG (lossless) is not supported."
                )
            frame = reader.at(body, body_length)
            progressive = marker in (0xC2, 0xCA)
        elif marker == _APP1 and exif is None and body_length > 14:
            if reader.at(body, 6) == b"Exif\0\0":
                exif = reader.at(body, body_length)
        elif marker == _START_OF_SCAN:
            return _jpeg_header(frame, exif, progressive, reader.at(body, 1)[0])
        offset += 2 + length


def _jpeg_header(frame: bytes, exif: bytes | None, progressive: bool, in_scan: int) -> Header:
    if len(frame) < 6 or len(frame) < 6 + 3 * frame[5]:
        _corrupt("It has no frame header before its data.")
    precision, height, width, components = struct.unpack(">BHHB", frame[:6])
    if precision != 8:
        raise ContentRejectedError(
            "UnsupportedContent", f"A JPEG with {precision} bits per sample is not supported."
        )
    if components not in (1, 3, 4):
        raise ContentRejectedError(
            "UnsupportedContent", f"A JPEG with {components} components is not supported."
        )
    sampling = [(byte >> 4, byte & 15) for byte in frame[7 : 6 + 3 * components : 3]]
    widest, tallest = max(h for h, _ in sampling), max(v for _, v in sampling)
    if not widest or not tallest:
        _corrupt("Its sampling factors are zero.")
    # The coefficients of files whose components or details come in several scans are kept whole.
    several_scans = progressive or in_scan < components
    coefficients = 2 * sum(h * v for h, v in sampling) / (widest * tallest)
    facts = _with_exif(_still("image/jpeg", width, height), exif)
    bytes_per_pixel = 2.0 if components == 1 else 8.0
    return Header(facts, bytes_per_pixel, coefficients if several_scans else 0.0)


# --- PNG ----------------------------------------------------------------------------------------


def _read_png(reader: _Reader) -> Header:
    if reader.at(12, 4) != b"IHDR":
        _corrupt("It does not start with its header.")
    width, height, depth, colour = struct.unpack(">IIBB", reader.at(16, 10))
    exif = primaries = None
    frames = 1
    offset = 33
    while True:
        length, kind = struct.unpack(">I4s", reader.at(offset, 8))
        if kind == b"IDAT":
            break  # EXIF may also follow the pixels, but browsers do not look there either
        if kind == b"IEND":
            _corrupt("It has no image data.")
        if kind == b"eXIf" and length <= _MAX_EXIF_BYTES:
            exif = reader.at(offset + 8, length)
        elif kind == b"acTL":
            frames = int.from_bytes(reader.at(offset + 8, 4), "big")
        elif kind == b"cICP":
            primaries = _named_primaries(*reader.at(offset + 8, 2))
        offset += 12 + length
    still = _still("image/png", width, height)
    facts = _with_exif(replace(still, animated=frames > 1, frames=max(frames, 1)), exif)
    bytes_per_pixel = 12.0 if colour in (3, 4, 6) or depth == 16 else 8.0
    return Header(facts, bytes_per_pixel, primaries=primaries)


# --- GIF ----------------------------------------------------------------------------------------


def _read_gif(reader: _Reader) -> Header:
    head = reader.up_to(0, _BLOCK_BYTES)
    complete = len(head) == reader.size
    width, height, frames, looped, ended = _walk_gif(head)
    if not width or (complete and not frames):
        _corrupt("It has no image data.")
    still = _still("image/gif", width, height)
    known = frames if ended or complete else None
    return Header(replace(still, animated=looped or frames > 1, frames=known), 12.0)


def _walk_gif(head: bytes) -> tuple[int, int, int, bool, bool]:
    """Return width, height, frames, whether it loops, and whether the end was reached."""
    if len(head) < 13:
        return 0, 0, 0, False, True
    width, height, flags = struct.unpack("<HHB", head[6:11])
    offset = 13 + _gif_palette_bytes(flags)
    frames, looped = 0, False
    while offset < len(head):
        kind = head[offset]
        if kind == 0x3B:
            return width, height, frames, looped, True
        if kind == 0x21:
            looped = looped or head[offset + 3 : offset + 14] in (b"NETSCAPE2.0", b"ANIMEXTS1.0")
            offset += 2
        elif kind == 0x2C:
            if offset + 10 > len(head):
                break
            left, top, wide, high, flags = struct.unpack("<HHHHB", head[offset + 1 : offset + 10])
            if not frames:  # decoders grow the screen to the first frame
                width, height = max(width, left + wide), max(height, top + high)
            frames += 1
            offset += 11 + _gif_palette_bytes(flags)
        else:
            offset += 1  # decoders skip stray bytes between blocks
            continue
        while offset < len(head) and head[offset]:
            offset += 1 + head[offset]
        offset += 1
    return width, height, frames, looped, False


def _gif_palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


# --- WebP ---------------------------------------------------------------------------------------


def _read_webp(reader: _Reader) -> Header:
    riff_size = int.from_bytes(reader.at(4, 4), "little")
    if riff_size + 8 > reader.size:
        _corrupt("It is shorter than it says.")
    kind, head = reader.at(12, 4), reader.at(20, 10)
    if kind == b"VP8X":
        width = int.from_bytes(head[4:7], "little") + 1
        height = int.from_bytes(head[7:10], "little") + 1
        return _read_extended_webp(reader, _still("image/webp", width, height), head[0])
    if kind == b"VP8L" and head[0] == 0x2F:
        bits = int.from_bytes(head[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 " and head[3:6] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", head[6:10]))
    else:
        _corrupt("It does not start with image data.")
    return Header(_still("image/webp", width, height), 20.0)


def _read_extended_webp(reader: _Reader, still: ImageFacts, flags: int) -> Header:
    animated, has_exif = bool(flags & 0x02), bool(flags & 0x08)
    frames = 0
    exif = None
    offset = 30
    # A photo has a handful of chunks; an animation's are counted only as far as one block goes.
    end = min(reader.size, _BLOCK_BYTES) if animated else reader.size
    while (animated or has_exif) and exif is None and offset + 8 <= end:
        kind, length = struct.unpack("<4sI", reader.at(offset, 8))
        frames += kind == b"ANMF"
        if kind == b"EXIF" and length <= _MAX_EXIF_BYTES:
            exif = reader.up_to(offset + 8, length)
        offset += 8 + length + length % 2
    known = 1 if not animated else frames if offset >= reader.size else None
    facts = _with_exif(replace(still, animated=animated, frames=known), exif)
    return Header(facts, 20.0)


# --- TIFF ---------------------------------------------------------------------------------------


def _read_tiff(reader: _Reader, budget: Budget) -> Header:
    tiff = _Tiff(reader)
    entries, following = tiff.directory(tiff.first)
    width, height = tiff.integer(entries, 256) or 0, tiff.integer(entries, 257) or 0
    if not width or not height:
        _corrupt("Its first page has no size.")

    seen = {tiff.first}
    while following and following not in seen and len(seen) <= budget.max_frames:
        seen.add(following)
        _, following = tiff.directory(following)

    # A decoder holds one whole tile or strip, whatever the size of the image it belongs to.
    tile = (tiff.integer(entries, 322) or 0) * (tiff.integer(entries, 323) or 0)
    strip = width * min(tiff.integer(entries, 278) or height, height)
    samples = max(tiff.integer(entries, 277) or 1, 1)
    sample_bytes = max((tiff.integer(entries, 258) or 8) / 8, 1)
    in_flight = max(tile, strip) * samples * sample_bytes
    facts = replace(_still("image/tiff", width, height), frames=len(seen))
    facts = replace(facts, taken_at=tiff.taken_at(entries))
    facts = _oriented(facts, tiff.orientation(entries))
    return Header(facts, 12.0 + in_flight / (width * height))


# --- HEIC, HEIF, AVIF ---------------------------------------------------------------------------

_ANIMATED_BRANDS = frozenset({b"avis", b"hevc", b"hevx", b"msf1"})
# What a rotation (quarter turns anticlockwise) and a mirroring (top with bottom, left with right,
# none) after it amount to among EXIF's eight orientations.
_ORIENTATIONS = ((4, 2, 1), (5, 7, 8), (2, 4, 3), (7, 5, 6))


def _read_heif(reader: _Reader, content_type: str) -> Header:
    animated = reader.at(8, 4) in _ANIMATED_BRANDS
    meta = _HeifMeta(reader)
    width, height, orientation = meta.geometry(crops=content_type != "image/avif")
    still = _still(content_type, width, height)
    facts = replace(still, animated=animated, frames=None if animated else 1)
    facts = _with_exif(_oriented(facts, orientation), meta.exif(), orients=False)
    return Header(facts, 16.0, primaries=meta.primaries(), coded_size=meta.coded_size())


class _HeifMeta:
    """The `meta` box of a HEIF file (ISO/IEC 23008-12): what its primary item is and looks like."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader
        self._meta = self._find_meta()
        self._boxes = dict(_boxes(self._meta[4:]))
        pitm = self._boxes.get(b"pitm", b"")
        self._iprp = list(_boxes(self._boxes.get(b"iprp", b"")))
        self._shared = [box for kind, body in self._iprp if kind == b"ipco" for box in _boxes(body)]
        self._primary = int.from_bytes(pitm[4:8] if pitm[:1] == b"\1" else pitm[4:6], "big")

    def _find_meta(self) -> bytes:
        offset = 0
        while offset < self._reader.size:
            size, kind = struct.unpack(">I4s", self._reader.at(offset, 8))
            head = 8
            if size == 1:
                size, head = int.from_bytes(self._reader.at(offset + 8, 8), "big"), 16
            elif size == 0:
                size = self._reader.size - offset
            if size < head:
                _corrupt("A box is shorter than its own header.")
            if kind == b"meta":
                if size > _MAX_BOX_BYTES:
                    _corrupt("Its headers are longer than those of any real photo.")
                return self._reader.at(offset + head, size - head)
            offset += size
        _corrupt("It has no description of its image.")

    def geometry(self, *, crops: bool) -> tuple[int, int, int]:
        """Return width and height before rotation, and the orientation, of the primary item."""
        width = height = turns = 0
        mirror = 2
        for kind, body in self._properties():
            if kind == b"ispe" and len(body) >= 12:
                width, height = struct.unpack(">II", body[4:12])
            elif kind == b"clap" and len(body) >= 16 and crops:
                wide, wide_by, high, high_by = struct.unpack(">IIII", body[:16])
                if wide_by and high_by:
                    width, height = min(width, wide // wide_by), min(height, high // high_by)
            elif kind == b"irot" and body:
                turned = body[0] & 3
                turns = (turns + turned) % 4
                if mirror < 2 and turned % 2:
                    mirror ^= 1  # mirrored before turning: the same as turning, then the other axis
            elif kind == b"imir" and body:
                mirror = body[0] & 1
        if not width or not height:
            _corrupt("Its main image has no size.")
        return width, height, _ORIENTATIONS[turns][mirror]

    def coded_size(self) -> tuple[int, int]:
        """Return the largest width and the largest height of any item, tiles and crops too."""
        sizes = [
            struct.unpack(">II", body[4:12])
            for kind, body in self._shared
            if kind == b"ispe" and len(body) >= 12
        ]
        return max(width for width, _ in sizes), max(height for _, height in sizes)

    def primaries(self) -> int | None:
        """Return the code of the primary item's colour space, if it names one by code."""
        for kind, body in self._properties():
            if kind == b"colr" and body[:4] == b"nclx" and len(body) >= 8:
                return _named_primaries(*struct.unpack(">HH", body[4:8]))
        return None

    def _properties(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the primary item's properties in the order in which they apply."""
        for kind, body in self._iprp:
            if kind != b"ipma" or len(body) < 8:
                continue
            id_size, index_size = (4 if body[0] else 2), (2 if body[3] & 1 else 1)
            at = 8
            for _ in range(int.from_bytes(body[4:8], "big")):
                if at + id_size >= len(body):
                    break
                item = int.from_bytes(body[at : at + id_size], "big")
                count = body[at + id_size]
                at += id_size + 1
                if item == self._primary:
                    for place in range(at, at + count * index_size, index_size):
                        raw = int.from_bytes(body[place : place + index_size], "big")
                        index = raw & ((1 << (8 * index_size - 1)) - 1)
                        if 1 <= index <= len(self._shared):
                            yield self._shared[index - 1]
                at += count * index_size

    def exif(self) -> bytes | None:
        """Return the EXIF block, or None."""
        item = self._exif_item()
        if item is None:
            return None
        data = self._item_data(item)
        if data is None or len(data) < 4:
            return None
        return data[4 + int.from_bytes(data[:4], "big") :]

    def _exif_item(self) -> int | None:
        iinf = self._boxes.get(b"iinf", b"")
        for kind, body in _boxes(iinf[8 if iinf[:1] != b"\0" else 6 :]):
            if kind != b"infe":
                continue
            id_size = 4 if body[:1] == b"\3" else 2
            if body[4 + id_size + 2 : 4 + id_size + 6] == b"Exif":
                return int.from_bytes(body[4 : 4 + id_size], "big")
        return None

    def _item_data(self, wanted: int) -> bytes | None:
        iloc = _Fields(self._boxes.get(b"iloc", b""))
        version = iloc.take(1)
        iloc.take(3)
        sizes = iloc.take(2)
        offset_size, length_size = sizes >> 12, sizes >> 8 & 15
        base_size, index_size = sizes >> 4 & 15, (sizes & 15 if version else 0)
        id_size = 2 if version < 2 else 4
        for _ in range(iloc.take(id_size)):
            if iloc.exhausted:
                return None
            item = iloc.take(id_size)
            in_idat = version > 0 and iloc.take(2) & 15 == 1
            iloc.take(2)
            base = iloc.take(base_size)
            extents = []
            for _ in range(iloc.take(2)):
                iloc.take(index_size)
                extents.append((base + iloc.take(offset_size), iloc.take(length_size)))
            if item == wanted:
                return self._extents(extents, in_idat)
        return None

    def _extents(self, extents: list[tuple[int, int]], in_idat: bool) -> bytes | None:
        if sum(length for _, length in extents) > _MAX_EXIF_BYTES or len(extents) > 16:
            return None
        if in_idat:
            source: _Reader | _BytesReader = _BytesReader(self._boxes.get(b"idat", b""))
        else:
            source = self._reader
        return b"".join(source.up_to(offset, length) for offset, length in extents)


class _Fields:
    """Big-endian integers one after another; past the end they are zero."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> int:
        self._at += size
        return int.from_bytes(self._data[self._at - size : self._at], "big")

    @property
    def exhausted(self) -> bool:
        return self._at >= len(self._data)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (type, body) of the boxes in `data`; stops quietly where they end or make no sense."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        size = size or len(data) - at
        if size < 8 or at + size > len(data):
            return
        yield kind, data[at + 8 : at + size]
        at += size
