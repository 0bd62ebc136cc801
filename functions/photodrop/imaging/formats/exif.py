"""The directories of EXIF and TIFF, and the facts in EXIF: orientation and capture time."""

import re
import struct
from dataclasses import replace
from datetime import datetime

from photodrop.imaging.formats.reader import BytesReader, Reader
from photodrop.imaging.header import ImageFacts

MAX_EXIF_BYTES = 1 << 20
_MAX_ENTRIES = 4096

_ORIENTATION, _EXIF_IFD = 0x0112, 0x8769
_DATE_TIME_ORIGINAL, _OFFSET_TIME_ORIGINAL = 0x9003, 0x9011
_FIELD_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_FIELD_SIZES |= {13: 4, 16: 8, 17: 8, 18: 8}
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_DATE = re.compile(r"\d{4}:\d\d:\d\d \d\d:\d\d:\d\d")
_UTC_OFFSET = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")


Entries = dict[int, tuple[int, int, bytes]]
"""A directory. By tag: the field type, the number of values, and the values or their offset."""


class Directories:
    """The directories of a TIFF structure."""

    def __init__(self, source: Reader | BytesReader) -> None:
        self._source = source
        head = source.read_up_to(0, 16)
        self.order = "<" if head[:2] == b"II" else ">"
        self.big = head[2:4] in (b"+\0", b"\0+")
        self.first = self.number(head[8:16] if self.big else head[4:8], "Q" if self.big else "I")

    def number(self, data: bytes, kind: str) -> int:
        """Decode one integer. Missing bytes count as zero, which is no valid offset or size."""
        width = struct.calcsize(f"={kind}")
        number: int = struct.unpack(self.order + kind, data[:width].ljust(width, b"\0"))[0]
        return number

    def directory(self, offset: int) -> tuple[Entries, int]:
        """Return the entries of the directory at `offset`, and the offset of the next (or 0)."""
        entry_size, inline, kind = (20, 8, "Q") if self.big else (12, 4, "I")
        start, count = self._entries_at(offset)
        body = self._source.read_up_to(start, count * entry_size + inline)
        entries = {}
        for at in range(0, min(count * entry_size, len(body)), entry_size):
            entry = body[at : at + entry_size]
            tag, field_type = self.number(entry, "H"), self.number(entry[2:], "H")
            values = self.number(entry[4:], kind)
            entries[tag] = (field_type, values, entry[entry_size - inline :])
        return entries, self.number(body[count * entry_size :], kind)

    def following(self, offset: int) -> int:
        """Return the offset of the directory after the one at `offset` (or 0).

        No entry is read: thousands of directories may share the same entries, 4,096 each.
        """
        entry_size, inline, kind = (20, 8, "Q") if self.big else (12, 4, "I")
        start, count = self._entries_at(offset)
        return self.number(self._source.read_up_to(start + count * entry_size, inline), kind)

    def _entries_at(self, offset: int) -> tuple[int, int]:
        """Return where the entries of the directory at `offset` begin, and how many are read."""
        count_size, kind = (8, "Q") if self.big else (2, "H")
        count = self.number(self._source.read_up_to(offset, count_size), kind)
        return offset + count_size, min(count, _MAX_ENTRIES)

    def integer(self, entries: Entries, tag: int) -> int | None:
        """Return the first integer of a tag, or None."""
        field_type, _, value = entries.get(tag, (0, 0, b""))
        kind = _INTEGERS.get(field_type)
        if kind is None:
            return None
        if struct.calcsize(f"={kind}") > len(value):
            return None
        return self.number(self._first_bytes(entries[tag], 8), kind)

    def integers(self, entries: Entries, tag: int) -> tuple[int, ...]:
        """Return up to sixteen integers of a tag, or none if it has no integers."""
        kind = _INTEGERS.get(entries.get(tag, (0,))[0])
        if kind is None:
            return ()
        width = struct.calcsize(f"={kind}")
        data = self._first_bytes(entries[tag], 16 * width)
        return tuple(
            self.number(data[at : at + width], kind)
            for at in range(0, len(data) - width + 1, width)
        )

    def end_of_values(self, entries: Entries, tag: int) -> int:
        """Return the offset after the values of a tag, or 0 if its entry holds them, or is none."""
        field_type, count, value = entries.get(tag, (0, 0, b""))
        length = _FIELD_SIZES.get(field_type, 1) * count
        if length <= len(value):
            return 0
        return self.number(value, "Q" if self.big else "I") + length

    def text(self, entries: Entries, tag: int) -> str:
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
        return self._source.read_up_to(offset, min(length, limit))

    def orientation(self, entries: Entries) -> int:
        """Return the orientation tag's value if it is one of 1 to 8, otherwise 1."""
        orientation = self.integer(entries, _ORIENTATION) or 1
        return orientation if orientation <= 8 else 1

    def taken_at(self, entries: Entries) -> str | None:
        """Return DateTimeOriginal of the EXIF directory as ISO 8601, or None."""
        offset = self.integer(entries, _EXIF_IFD)
        if not offset:
            return None
        exif, _ = self.directory(offset)
        date = self.text(exif, _DATE_TIME_ORIGINAL)
        if not _DATE.fullmatch(date):
            return None
        try:
            taken_at = datetime.fromisoformat(date.replace(":", "-", 2)).isoformat()
        except (
            ValueError
        ):  # such as the 30th of February, or all zeros if the camera's clock was never set
            return None
        utc_offset = self.text(exif, _OFFSET_TIME_ORIGINAL)
        return taken_at + utc_offset if _UTC_OFFSET.fullmatch(utc_offset) else taken_at


def with_exif(facts: ImageFacts, exif: bytes | None, *, orients: bool = True) -> ImageFacts:
    """Add the facts of an EXIF block. A damaged block is ignored."""
    if exif is None:
        return facts
    exif = exif.removeprefix(b"Exif\0\0")
    if exif[:4] not in (b"II*\0", b"MM\0*"):
        return facts
    tiff = Directories(BytesReader(exif))
    entries, _ = tiff.directory(tiff.first)
    facts = replace(facts, taken_at=tiff.taken_at(entries))
    return oriented(facts, tiff.orientation(entries)) if orients else facts


def oriented(facts: ImageFacts, orientation: int) -> ImageFacts:
    """Return the facts of an image after this orientation is applied to its stored pixels."""
    if orientation >= 5:
        facts = replace(facts, width=facts.height, height=facts.width)
    return replace(facts, orientation=orientation)
