"""WebP (RFC 9649). Reads the first chunk, and those after it in an animation or for EXIF."""

import struct
from dataclasses import replace

from photodrop.imaging.formats.exif import MAX_EXIF_BYTES, with_exif
from photodrop.imaging.formats.reader import BLOCK_BYTES, Reader
from photodrop.imaging.header import Header, ImageFacts, corrupt, still_image


def read(reader: Reader) -> Header:
    """Read the header of a WebP."""
    riff_size = int.from_bytes(reader.read_exactly(4, 4), "little")
    if riff_size + 8 > reader.size:
        raise corrupt("It is shorter than it says.")
    kind = reader.read_exactly(12, 4)
    head = reader.read_exactly(20, 5 if kind == b"VP8L" else 10)
    if kind == b"VP8X":
        width = int.from_bytes(head[4:7], "little") + 1
        height = int.from_bytes(head[7:10], "little") + 1
        return _read_extended(reader, still_image("image/webp", width, height), head[0])
    if kind == b"VP8L" and head[0] == 0x2F:
        bits = int.from_bytes(head[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 " and head[3:6] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", head[6:10]))
    else:
        raise corrupt("It does not start with image data.")
    return Header(still_image("image/webp", width, height), 20.0)


def _read_extended(reader: Reader, facts: ImageFacts, flags: int) -> Header:
    animated, has_exif = bool(flags & 0x02), bool(flags & 0x08)
    frames = 0
    exif = None
    offset = 30
    # A photo has a few chunks. Those of an animation are counted only within the first block.
    end = min(reader.size, BLOCK_BYTES) if animated else reader.size
    while (animated or has_exif) and exif is None and offset + 8 <= end:
        kind, length = struct.unpack("<4sI", reader.read_exactly(offset, 8))
        frames += kind == b"ANMF"
        if kind == b"EXIF" and length <= MAX_EXIF_BYTES:
            exif = reader.read_up_to(offset + 8, length)
        offset += 8 + length + length % 2
    known = 1 if not animated else frames if offset >= reader.size else None
    facts = with_exif(replace(facts, animated=animated, frames=known), exif)
    return Header(facts, 20.0)
