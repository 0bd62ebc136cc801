"""HEIC, HEIF and AVIF (ISO/IEC 23008-12): the boxes that describe the primary item."""

import struct
from collections.abc import Iterator
from dataclasses import replace

from photodrop.imaging.formats.exif import MAX_EXIF_BYTES, oriented, with_exif
from photodrop.imaging.formats.reader import BytesReader, Reader
from photodrop.imaging.header import Header, corrupt, named_primaries, still

_MAX_BOX_BYTES = 1 << 20
_ANIMATED_BRANDS = frozenset({b"avis", b"hevc", b"hevx", b"msf1"})
# What a rotation (quarter turns anticlockwise) and a mirroring (top with bottom, left with right,
# none) after it amount to among EXIF's eight orientations.
_ORIENTATIONS = ((4, 2, 1), (5, 7, 8), (2, 4, 3), (7, 5, 6))


def read(reader: Reader, content_type: str) -> Header:
    """Read the header of a HEIC, HEIF or AVIF file: `content_type` says which."""
    animated = reader.at(8, 4) in _ANIMATED_BRANDS
    meta = _HeifMeta(reader)
    width, height, orientation = meta.geometry(crops=content_type != "image/avif")
    facts = still(content_type, width, height)
    facts = replace(facts, animated=animated, frames=None if animated else 1)
    facts = with_exif(oriented(facts, orientation), meta.exif(), orients=False)
    return Header(facts, 16.0, primaries=meta.primaries(), coded_size=meta.coded_size())


class _HeifMeta:
    """The `meta` box of a HEIF file (ISO/IEC 23008-12): what its primary item is and looks like."""

    def __init__(self, reader: Reader) -> None:
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
                raise corrupt("A box is shorter than its own header.")
            if kind == b"meta":
                if size > _MAX_BOX_BYTES:
                    raise corrupt("Its headers are longer than those of any real photo.")
                return self._reader.at(offset + head, size - head)
            offset += size
        raise corrupt("It has no description of its image.")

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
            raise corrupt("Its main image has no size.")
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
                return named_primaries(*struct.unpack(">HH", body[4:8]))
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
        if sum(length for _, length in extents) > MAX_EXIF_BYTES or len(extents) > 16:
            return None
        if in_idat:
            source: Reader | BytesReader = BytesReader(self._boxes.get(b"idat", b""))
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
