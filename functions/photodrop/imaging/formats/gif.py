"""GIF (87a and 89a). Only the blocks in the first 64 KiB are read."""

import struct
from dataclasses import replace

from photodrop.imaging.formats.reader import BLOCK_BYTES, Reader
from photodrop.imaging.header import Header, corrupt, still_image


def read(reader: Reader) -> Header:
    """Read the header of a GIF."""
    head = reader.read_up_to(0, BLOCK_BYTES)
    complete = len(head) == reader.size
    width, height, frames, looped, ended = _walk(head)
    if not width or (complete and not frames):
        raise corrupt("It has no image data.")
    facts = still_image("image/gif", width, height)
    known = frames if ended or complete else None
    return Header(replace(facts, animated=looped or frames > 1, frames=known), 12.0)


def _walk(head: bytes) -> tuple[int, int, int, bool, bool]:
    """Return width, height, frames, whether it loops, and whether the end was reached."""
    if len(head) < 13:
        return 0, 0, 0, False, True
    width, height, flags = struct.unpack("<HHB", head[6:11])
    offset = 13 + _palette_bytes(flags)
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
            if not frames:  # decoders enlarge the screen if the first frame is larger
                width, height = max(width, left + wide), max(height, top + high)
            frames += 1
            offset += 11 + _palette_bytes(flags)
        else:
            offset += 1  # decoders skip stray bytes between blocks
            continue
        while offset < len(head) and head[offset]:
            offset += 1 + head[offset]
        offset += 1
    return width, height, frames, looped, False


def _palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
