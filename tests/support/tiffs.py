"""TIFF files written by hand: every kind of them, also those that no library here writes."""

import struct
from collections.abc import Sequence

_SIZES = {"H": 2, "I": 4, "B": 1}
_TYPES = {"B": 1, "H": 3, "I": 4}


def tiff(
    tags: dict[int, tuple[str, Sequence[int]]],
    data: bytes = b"",
    *,
    order: str = "<",
    following: int = 0,
) -> bytes:
    """Return a TIFF of one page whose directory has these tags, and one strip of `data`.

    A tag is a kind of integer ("B", "H" or "I") and its values.
    """
    all_tags = {
        273: ("I", [8]),
        279: ("I", [len(data)]),
        278: tags.get(257, ("I", [1])),
        **tags,
    }
    at = 8 + len(data) + len(data) % 2
    extra_at = at + 2 + 12 * len(all_tags) + 4
    entries, extra = b"", b""
    for tag, (kind, values) in sorted(all_tags.items()):
        body = struct.pack(f"{order}{len(values)}{kind}", *values)
        if len(body) > 4:
            offset = extra_at + len(extra)
            extra += body + b"\0" * (len(body) % 2)
            body = struct.pack(f"{order}I", offset)
        entries += struct.pack(f"{order}HHI", tag, _TYPES[kind], len(values)) + body.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", at)
    directory = struct.pack(f"{order}H", len(all_tags)) + entries
    return (
        head + data.ljust(at - 8, b"\0") + directory + struct.pack(f"{order}I", following) + extra
    )


def picture(
    width: int,
    height: int,
    data: bytes,
    *,
    photometric: int = 1,
    bits: Sequence[int] = (8,),
    sample_format: int = 1,
    compression: int = 1,
    planes: bool = False,
    extra_samples: Sequence[int] = (),
    more: dict[int, tuple[str, Sequence[int]]] | None = None,
    order: str = "<",
) -> bytes:
    """Return a TIFF of `data`, samples row by row, or plane by plane."""
    tags: dict[int, tuple[str, Sequence[int]]] = {
        256: ("H", [width]),
        257: ("H", [height]),
        258: ("H", bits),
        259: ("H", [compression]),
        262: ("H", [photometric]),
        277: ("H", [len(bits)]),
        339: ("H", [sample_format] * len(bits)),
    }
    if planes:
        size = len(data) // len(bits)
        tags[284] = ("H", [2])
        tags[273] = ("I", [8 + size * plane for plane in range(len(bits))])
        tags[279] = ("I", [size] * len(bits))
    if extra_samples:
        tags[338] = ("H", extra_samples)
    return tiff(tags | (more or {}), data, order=order)


def overlapping_pages(count: int) -> bytes:
    """Return a TIFF whose further pages have 4,096 entries each, all in the same 70 kB."""
    values = {256: 64, 257: 48, 258: 8, 259: 1, 262: 1, 277: 1}
    tags: dict[int, tuple[str, Sequence[int]]] = {tag: ("H", [values[tag]]) for tag in values}
    start = len(tiff(tags, bytes(64 * 48)))
    start += start % 2
    first = tiff(tags, bytes(64 * 48), following=start).ljust(start, b"\0")
    # Wherever a directory begins here, it has 4,096 entries; and where it ends, the next one's
    # offset stands.
    entries_bytes = 2 + 4096 * 12
    following = [start + 4 * (number + 1) for number in range(count - 2)]
    body = b"\0\x10" * ((entries_bytes + 2) // 2)
    return first + body[:entries_bytes] + struct.pack(f"<{len(following)}I", *following) + bytes(8)
