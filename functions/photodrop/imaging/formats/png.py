"""PNG (W3C, third edition). The chunks before the pixels are read."""

import struct
from dataclasses import replace

from photodrop.imaging.formats.exif import MAX_EXIF_BYTES, with_exif
from photodrop.imaging.formats.reader import Reader
from photodrop.imaging.header import Header, corrupt, still_image


def read(reader: Reader) -> Header:
    """Read the header of a PNG."""
    if reader.read_exactly(12, 4) != b"IHDR":
        raise corrupt("It does not start with its header.")
    width, height, depth, colour = struct.unpack(">IIBB", reader.read_exactly(16, 10))
    exif = primaries = transfer = None
    frames = 1
    offset = 33
    while True:
        length, kind = struct.unpack(">I4s", reader.read_exactly(offset, 8))
        if kind == b"IDAT":
            break  # EXIF after the pixels is ignored, as by browsers
        if kind == b"IEND":
            raise corrupt("It has no image data.")
        if kind == b"eXIf" and length <= MAX_EXIF_BYTES:
            exif = reader.read_exactly(offset + 8, length)
        elif kind == b"acTL":
            frames = int.from_bytes(reader.read_exactly(offset + 8, 4), "big")
        elif kind == b"cICP":
            primaries, transfer = reader.read_exactly(offset + 8, 2)
        offset += 12 + length
    facts = still_image("image/png", width, height)
    facts = with_exif(replace(facts, animated=frames > 1, frames=max(frames, 1)), exif)
    bytes_per_pixel = 12.0 if colour in (3, 4, 6) or depth == 16 else 8.0
    return Header(facts, bytes_per_pixel, primaries=primaries, transfer=transfer, sample_bits=depth)
