"""Repairing errors of early encoders in the `meta` box of an AVIF.

Browsers show such files. libavif refuses them, and Pillow does not offer the flags of libavif that
would accept them:

- cavif (avif-serialize up to 0.7.3) wrote no size (`ispe`) for the picture that holds the
  transparency. It must be the size of the main picture.
- The first cavif of link-u wrote a list of properties (`ipma`) for each picture instead of one for
  all. In animations it assigned the transparency to a picture 0, which does not exist.
"""

import struct

from photodrop.imaging.formats.heif import boxes

_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")


def repaired(data: bytes) -> bytes:
    """Return the file without these errors.

    A file without them, or one that is damaged in another way, is returned as it is. The new `meta`
    box is appended and the old one becomes free space, so that all offsets stay valid.
    """
    at = 0
    found = None
    while at + 8 <= len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        if size < 8:
            return data  # an unlimited or very large box, which no such encoder wrote
        if kind == b"meta" and found is None:
            found = at, size
        at += size
    if found is None or at != len(data):
        return data
    start, size = found
    meta = _repaired(data[start + 8 : start + size])
    if meta is None:
        return data
    return data[: start + 4] + b"free" + data[start + 8 :] + _box(b"meta", meta)


def _repaired(meta: bytes) -> bytes | None:
    children = list(boxes(meta[4:]))
    properties = list(boxes(dict(children).get(b"iprp", b"")))
    lists = [body for kind, body in properties if kind == b"ipma"]
    if not lists or len({body[:4] for body in lists}) > 1 or any(len(body) < 8 for body in lists):
        return None
    wide = bool(lists[0][3] & 1)
    items: dict[int, list[int]] = {}
    for body in lists:
        items |= _associations(body, wide=wide)
    references = dict(children).get(b"iref", b"")
    known = _without_picture_0(references)
    sized = _with_alpha_sizes(items, properties, _masters(known), mask=0x7FFF if wide else 0x7F)
    if len(lists) == 1 and known == references and not sized:
        return None
    associations = lists[0][:4] + struct.pack(">I", len(items))
    for item, indices in sorted(items.items()):
        associations += struct.pack(">I" if lists[0][0] else ">H", item) + bytes([len(indices)])
        associations += b"".join(struct.pack(">H" if wide else ">B", index) for index in indices)
    new = {
        b"iref": known,
        b"iprp": b"".join(_box(kind, body) for kind, body in properties if kind != b"ipma")
        + _box(b"ipma", associations),
    }
    return meta[:4] + b"".join(
        _box(kind, new.get(kind, body)) for kind, body in children if new.get(kind, body)
    )


def _with_alpha_sizes(
    items: dict[int, list[int]],
    properties: list[tuple[bytes, bytes]],
    masters: dict[int, int],
    *,
    mask: int,
) -> bool:
    """Add the size of its main picture to each alpha picture without one. Tell whether any was."""
    shared = [box for kind, body in properties if kind == b"ipco" for box in boxes(body)]
    sizes = {index for index, (kind, _) in enumerate(shared, 1) if kind == b"ispe"}
    alphas = {index for index, (kind, body) in enumerate(shared, 1) if _is_alpha(kind, body)}
    changed = False
    for item, indices in items.items():
        plain = {index & mask for index in indices}
        size = [index for index in items.get(masters.get(item, 0), []) if index & mask in sizes]
        if plain & alphas and not plain & sizes and size and len(indices) < 255:
            indices.insert(0, size[0])
            changed = True
    return changed


def _without_picture_0(references: bytes) -> bytes:
    """Return the references without those to picture 0, or nothing if none is left."""
    width = 4 if references[:1] == b"\1" else 2
    kept = [
        (kind, body)
        for kind, body in boxes(references[4:])
        if body[width + 2 : 2 * width + 2].strip(b"\0")
    ]
    return references[:4] + b"".join(_box(kind, body) for kind, body in kept) if kept else b""


def _is_alpha(kind: bytes, body: bytes) -> bool:
    return kind == b"auxC" and body[4:].split(b"\0")[0] in _ALPHA


def _masters(references: bytes) -> dict[int, int]:
    """Return the main picture of each auxiliary picture."""
    width = 4 if references[:1] == b"\1" else 2
    return {
        int.from_bytes(body[:width], "big"): int.from_bytes(body[width + 2 : 2 * width + 2], "big")
        for kind, body in boxes(references[4:])
        if kind == b"auxl"
    }


def _associations(ipma: bytes, *, wide: bool) -> dict[int, list[int]]:
    """Return the indices of the properties of each picture."""
    id_width, width = (4 if ipma[0] else 2), (2 if wide else 1)
    items: dict[int, list[int]] = {}
    at = 8
    for _ in range(min(int.from_bytes(ipma[4:8], "big"), len(ipma))):
        item = int.from_bytes(ipma[at : at + id_width], "big")
        count = int.from_bytes(ipma[at + id_width : at + id_width + 1], "big")
        at += id_width + 1
        body = ipma[at : at + count * width]
        items[item] = [
            int.from_bytes(body[start : start + width], "big")
            for start in range(0, len(body), width)
        ]
        at += count * width
    return items


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body
