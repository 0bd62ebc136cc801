"""HEIC, HEIF and AVIF (ISO/IEC 23008-12): the boxes that describe the primary item."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from photodrop.imaging.formats.exif import MAX_EXIF_BYTES, oriented, with_exif
from photodrop.imaging.formats.reader import BytesReader, Reader
from photodrop.imaging.header import Header, corrupt, still_image, unsupported

_MAX_BOX_BYTES = 1 << 20
_ANIMATED_BRANDS = frozenset({b"avis", b"hevc", b"hevx", b"msf1"})
# EXIF's orientation, by rotation (quarter turns anticlockwise) and by the mirroring after it (top
# with bottom, left with right, none).
_ORIENTATIONS = ((4, 2, 1), (5, 7, 8), (2, 4, 3), (7, 5, 6))


# Matrix coefficients of ITU-T H.273 that libavif cannot convert to RGB.
_UNKNOWN_TO_LIBAVIF = frozenset({3, 10, 11, 13, 14})
_LIBAVIF_MAX_SIDE = 32_768  # AVIF_DEFAULT_IMAGE_DIMENSION_LIMIT
# libheif has only a decoder of HEVC here. Items of the derived types are made from other items.
_DECODED_TYPE = b"hvc1"
_DERIVED_TYPES = frozenset({b"grid", b"iovl", b"iden"})
_MAX_DERIVATIONS = 8


def read(reader: Reader, content_type: str) -> Header:
    """Read the header of a HEIC, HEIF or AVIF file: `content_type` says which."""
    animated = reader.read_exactly(8, 4) in _ANIMATED_BRANDS
    top = _find(reader)
    is_avif = content_type == "image/avif"
    description = _Description(reader, top.get(b"meta", b""))
    if is_avif and not description.has_size and b"moov" in top:
        return _read_track(top[b"moov"])
    if not is_avif and not description.has_size and b"moov" in top:
        raise unsupported("HEIF (a sequence without a main image)")
    if b"meta" not in top:
        raise corrupt("It has no description of its image.")

    width, height, orientation = description.geometry(crops=not is_avif)
    primaries, transfer, matrix = description.colour_codes()
    if is_avif and matrix in _UNKNOWN_TO_LIBAVIF:
        raise unsupported(f"AVIF (matrix coefficients {matrix})")
    if not is_avif:
        description.require_decodable()
    facts = still_image(content_type, width, height)
    facts = replace(facts, animated=animated, frames=None if animated else 1)
    facts = with_exif(oriented(facts, orientation), description.exif(), orients=False)
    return Header(
        facts,
        16.0,
        primaries=primaries,
        transfer=transfer,
        coded_size=description.coded_size(),
        max_side=_LIBAVIF_MAX_SIDE if is_avif else None,
    )


def _find(reader: Reader) -> dict[bytes, bytes]:
    """Return the body of `meta`, and that of `moov` if it is small, as in an animation."""
    found: dict[bytes, bytes] = {}
    offset = 0
    while offset < reader.size and len(found) < 2:
        head = reader.read_up_to(offset, 16)
        if len(head) < 8 and found:
            break
        if len(head) < 8:
            raise corrupt("It ends before its headers do.")
        size, kind = struct.unpack(">I4s", head[:8])
        start = 8
        if size == 1:
            size, start = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:
            size = reader.size - offset
        if size < start and b"meta" in found:
            break
        if size < start:
            raise corrupt("A box is shorter than its own header.")
        if kind == b"meta" or (kind == b"moov" and size <= _MAX_BOX_BYTES):
            if size > _MAX_BOX_BYTES:
                raise corrupt("Its headers are longer than those of any real photo.")
            if kind not in found:
                found[kind] = reader.read_up_to(offset + start, size - start)
                if len(found[kind]) < size - start:
                    raise corrupt("It ends before its headers do.")
            if kind == b"meta" and not _is_sequence(reader):
                break
        offset += size
    return found


def _is_sequence(reader: Reader) -> bool:
    """Tell whether one of the first brands is a brand of image sequences."""
    head = reader.read_up_to(0, 64)
    listed = head[8 : min(int.from_bytes(head[:4], "big"), 64)]
    return not _ANIMATED_BRANDS.isdisjoint(
        listed[at : at + 4] for at in range(0, len(listed) - 3, 4)
    )


def _read_track(moov: bytes) -> Header:
    """Read an AVIF animation without a main image by its first track of pictures."""
    for track in (dict(boxes(body)) for kind, body in boxes(moov) if kind == b"trak"):
        media = dict(boxes(track.get(b"mdia", b"")))
        if media.get(b"hdlr", b"")[8:12] != b"pict" or len(track.get(b"tkhd", b"")) < 84:
            continue
        width, height = (side >> 16 for side in struct.unpack(">II", track[b"tkhd"][-8:]))
        if not width or not height:
            break
        table = dict(boxes(dict(boxes(media.get(b"minf", b""))).get(b"stbl", b"")))
        # A sample entry: 8 bytes for the head of the list, 8 for its own head, 78 of fields,
        # properties.
        properties = boxes(table.get(b"stsd", b"")[94:])
        primaries, transfer, matrix = _colour_codes(properties)
        if matrix in _UNKNOWN_TO_LIBAVIF:
            raise unsupported(f"AVIF (matrix coefficients {matrix})")
        facts = replace(still_image("image/avif", width, height), animated=True, frames=None)
        return Header(
            facts, 16.0, primaries=primaries, transfer=transfer, max_side=_LIBAVIF_MAX_SIDE
        )
    raise corrupt("It has neither a main image nor a track of pictures.")


def _colour_codes(
    properties: Iterable[tuple[bytes, bytes]],
) -> tuple[int | None, int | None, int | None]:
    """Return the codes (ITU-T H.273) of primaries, transfer and matrix, or None for each."""
    for kind, body in properties:
        if kind == b"colr" and body[:4] == b"nclx" and len(body) >= 10:
            primaries, transfer, matrix = struct.unpack(">HHH", body[4:10])
            return primaries, transfer, matrix
    return None, None, None


_IN_FILE, _IN_IDAT = 0, 1  # and in another item: 2


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an item's data is: offsets and lengths, in the file or elsewhere (see below)."""

    method: int
    extents: list[tuple[int, int]]


class _Description:
    """The `meta` box of a HEIF file, which describes its primary item."""

    def __init__(self, reader: Reader, meta: bytes) -> None:
        self._reader = reader
        self._boxes = dict(boxes(meta[4:]))
        pitm = self._boxes.get(b"pitm", b"")
        self._iprp = list(boxes(self._boxes.get(b"iprp", b"")))
        self._shared = [box for kind, body in self._iprp if kind == b"ipco" for box in boxes(body)]
        self._primary = int.from_bytes(pitm[4:8] if pitm[:1] == b"\1" else pitm[4:6], "big")

    @property
    def has_size(self) -> bool:
        """Whether there is a primary item with a size."""
        return any(kind == b"ispe" for kind, _ in self._properties())

    def require_decodable(self) -> None:
        """Raise ContentRejectedError if no decoder supports the kind of an item, or one is cut off.

        libheif shows a picture without the tiles that it does not find.
        """
        types = self._types()
        parts = self._parts()
        items = {self._primary}
        for _ in range(_MAX_DERIVATIONS):
            for item in items:
                kind = types.get(item, _DECODED_TYPE)
                if kind != _DECODED_TYPE and kind not in _DERIVED_TYPES:
                    raise unsupported(f"HEIF ({kind.decode('ascii', 'replace').strip()})")
                if self._is_cut_off(item):
                    raise corrupt("It ends before its pixels do.")
            items = {
                part
                for item in items
                if types.get(item) in _DERIVED_TYPES
                for part in parts.get(item, ())
            }

    def _is_cut_off(self, item: int) -> bool:
        place = self._places.get(item)
        if place is None or place.method != _IN_FILE:
            return False
        return any(offset + length > self._reader.size for offset, length in place.extents)

    def _types(self) -> dict[int, bytes]:
        iinf = self._boxes.get(b"iinf", b"")
        types = {}
        for kind, body in boxes(iinf[8 if iinf[:1] != b"\0" else 6 :]):
            if kind == b"infe" and body[:1] in (b"\2", b"\3"):
                width = 4 if body[:1] == b"\3" else 2
                item = int.from_bytes(body[4 : 4 + width], "big")
                types[item] = body[4 + width + 2 : 4 + width + 6]
        return types

    def _parts(self) -> dict[int, list[int]]:
        """Return the items from which each derived item is made."""
        iref = self._boxes.get(b"iref", b"")
        width = 4 if iref[:1] == b"\1" else 2
        parts = {}
        for kind, body in boxes(iref[4:]):
            if kind == b"dimg":
                item = int.from_bytes(body[:width], "big")
                parts[item] = [
                    int.from_bytes(body[at : at + width], "big")
                    for at in range(width + 2, len(body) - width + 1, width)
                ]
        return parts

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
                    mirror ^= (
                        1  # mirroring before a quarter turn is mirroring the other axis after it
                    )
            elif kind == b"imir" and body:
                mirror = body[0] & 1
        if not width or not height:
            raise corrupt("Its main image has no size.")
        return width, height, _ORIENTATIONS[turns][mirror]

    def coded_size(self) -> tuple[int, int]:
        """Return the largest width and the largest height of any item, including tiles."""
        sizes = [
            struct.unpack(">II", body[4:12])
            for kind, body in self._shared
            if kind == b"ispe" and len(body) >= 12
        ]
        return max(width for width, _ in sizes), max(height for _, height in sizes)

    def colour_codes(self) -> tuple[int | None, int | None, int | None]:
        """Return the codes of the primary item's colours: primaries, transfer, matrix."""
        return _colour_codes(self._properties())

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
        return next((item for item, kind in self._types().items() if kind == b"Exif"), None)

    def _item_data(self, wanted: int) -> bytes | None:
        found = self._places.get(wanted)
        if found is None:
            return None
        return self._extents(found.extents, in_idat=found.method == _IN_IDAT)

    @cached_property
    def _places(self) -> dict[int, _Place]:
        """Where the data of each item is (ISO/IEC 14496-12, 8.11.3)."""
        iloc = _Fields(self._boxes.get(b"iloc", b""))
        version = iloc.take(1)
        iloc.take(3)
        sizes = iloc.take(2)
        offset_size, length_size = sizes >> 12, sizes >> 8 & 15
        base_size, index_size = sizes >> 4 & 15, (sizes & 15 if version else 0)
        id_size = 2 if version < 2 else 4
        places: dict[int, _Place] = {}
        for _ in range(iloc.take(id_size)):
            if iloc.exhausted:
                break
            item = iloc.take(id_size)
            method = iloc.take(2) & 15 if version > 0 else _IN_FILE
            iloc.take(2)
            base = iloc.take(base_size)
            extents = []
            count = iloc.take(2)
            if not offset_size + length_size + index_size:
                count = min(count, 1)  # extents that take no bytes could be any number
            for _ in range(count):
                if iloc.exhausted:
                    break
                iloc.take(index_size)
                extents.append((base + iloc.take(offset_size), iloc.take(length_size)))
            places.setdefault(item, _Place(method, extents))
        return places

    def _extents(self, extents: list[tuple[int, int]], *, in_idat: bool) -> bytes | None:
        if sum(length for _, length in extents) > MAX_EXIF_BYTES or len(extents) > 16:
            return None
        if in_idat:
            source: Reader | BytesReader = BytesReader(self._boxes.get(b"idat", b""))
        else:
            source = self._reader
        return b"".join(source.read_up_to(offset, length) for offset, length in extents)


class _Fields:
    """Big-endian integers, read one after another. Beyond the end they are zero."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> int:
        self._at += size
        return int.from_bytes(self._data[self._at - size : self._at], "big")

    @property
    def exhausted(self) -> bool:
        return self._at >= len(self._data)


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and body of the boxes in `data`, up to its end or the first invalid box."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        size = size or len(data) - at
        if size < 8 or at + size > len(data):
            return
        yield kind, data[at + 8 : at + size]
        at += size
