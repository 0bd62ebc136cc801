"""ICC profiles of colour spaces that files name by a code, without embedding a profile."""

import struct

# Red, green and blue in XYZ adapted to D50, from the primaries in ITU-T H.273 table 2.
_COLORANTS = {
    9: ((0.67348, 0.27904, -0.00194), (0.16566, 0.67534, 0.02998), (0.12505, 0.04561, 0.79686)),
    12: ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
}
_D50 = (0.96420, 1.0, 0.82491)
# IEC 61966-2-1 as an ICC parametric curve of type 3; Display P3 uses the same one.
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def icc_profile(primaries: int | None) -> bytes | None:
    """Return an ICC profile of BT.2020 (9) or Display P3 (12), or None for any other code."""
    if primaries not in _COLORANTS:
        return None
    curve = b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + _fixed_point(_SRGB_CURVE)
    red, green, blue = (b"XYZ \0\0\0\0" + _fixed_point(xyz) for xyz in _COLORANTS[primaries])
    tags = {
        b"wtpt": b"XYZ \0\0\0\0" + _fixed_point(_D50),
        **{b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue},
        **{b"rTRC": curve, b"gTRC": curve, b"bTRC": curve},
    }
    offset = 128 + 4 + 12 * len(tags)
    table, bodies = struct.pack(">I", len(tags)), b""
    for name, body in tags.items():
        table += struct.pack(">4sII", name, offset + len(bodies), len(body))
        bodies += body
    head = struct.pack(">I4xI", offset + len(bodies), 0x04000000) + b"mntrRGB XYZ "
    head += bytes(12) + b"acsp" + bytes(28) + _fixed_point(_D50)
    return head.ljust(128, b"\0") + table + bodies


def _fixed_point(numbers: tuple[float, ...]) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))
