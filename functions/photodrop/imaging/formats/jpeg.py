"""JPEG (ITU-T T.81). The segments before the first scan are read."""

import struct

from photodrop.imaging.formats.exif import with_exif
from photodrop.imaging.formats.reader import Reader
from photodrop.imaging.header import Header, corrupt, still_image, unsupported

_JPEG_DECODABLE = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
_START_OF_SCAN, _END_OF_IMAGE, _APP1 = 0xDA, 0xD9, 0xE1


def read(reader: Reader) -> Header:
    """Read the header of a JPEG."""
    frame, exif = b"", None
    progressive = False
    offset = 2
    while True:
        lead, marker = reader.read_exactly(offset, 2)
        if lead != 0xFF:
            offset += 1  # decoders skip stray bytes between segments
            continue
        if marker in (0x00, 0xFF):
            offset += 1
            continue
        if marker in _JPEG_BARE:
            offset += 2
            continue
        if marker == _END_OF_IMAGE:
            raise corrupt("It has no image data.")
        length = int.from_bytes(reader.read_exactly(offset + 2, 2), "big")
        if length < 2:
            raise corrupt("A segment has no length.")
        body, body_length = offset + 4, length - 2
        if marker in _JPEG_FRAMES:
            if marker not in _JPEG_DECODABLE:
                raise unsupported("JPEG (lossless)")
            frame = reader.read_exactly(body, body_length)
            progressive = marker in (0xC2, 0xCA)
        elif marker == _APP1 and exif is None and body_length > 14:
            if reader.read_exactly(body, 6) == b"Exif\0\0":
                exif = reader.read_exactly(body, body_length)
        elif marker == _START_OF_SCAN:
            return _jpeg_header(frame, exif, progressive, reader.read_exactly(body, 1)[0])
        offset += 2 + length


def _jpeg_header(frame: bytes, exif: bytes | None, progressive: bool, in_scan: int) -> Header:
    if len(frame) < 6 or len(frame) < 6 + 3 * frame[5]:
        raise corrupt("It has no frame header before its data.")
    precision, height, width, components = struct.unpack(">BHHB", frame[:6])
    if precision != 8:
        raise unsupported(f"JPEG ({precision} bits)")
    if components not in (1, 3, 4):
        raise unsupported(f"JPEG ({components} components)")
    sampling = [(byte >> 4, byte & 15) for byte in frame[7 : 6 + 3 * components : 3]]
    widest, tallest = max(h for h, _ in sampling), max(v for _, v in sampling)
    if not widest or not tallest:
        raise corrupt("Its sampling factors are zero.")
    # If components or details come in several scans, decoders keep the coefficients of the whole
    # image.
    several_scans = progressive or in_scan < components
    coefficients = 2 * sum(h * v for h, v in sampling) / (widest * tallest)
    facts = with_exif(still_image("image/jpeg", width, height), exif)
    bytes_per_pixel = 2.0 if components == 1 else 8.0
    return Header(facts, bytes_per_pixel, coefficients if several_scans else 0.0)
