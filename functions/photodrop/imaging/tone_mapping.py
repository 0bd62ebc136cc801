"""Showing HDR pictures on ordinary screens: from PQ and HLG to the curve of sRGB.

Tones are mapped by the EETF of Report ITU-R BT.2390-11, 5.4.1. White of sRGB is 203 cd/m2, the HDR
reference white of Report ITU-R BT.2408. Up to half of that, a picture looks like an ordinary one.
Its diffuse white becomes a light grey, and brighter areas lie between that grey and white instead
of being cut off.

Red, green and blue are mapped independently, by one table of 256 numbers, because Pillow's pixels
have eight bits. The primaries stay the same: colour management converts them to sRGB afterwards.
HLG's own curve for displays (its OOTF) is applied in the same way.
"""

import math
import re

from PIL import Image

PQ, HLG = 16, 18
"""Transfer characteristics of ITU-T H.273, as cICP, nclx and video streams number them."""

BT_2020 = 9

_WHITE = 203.0
_HLG_PEAK = 1000.0
# The peak luminance of the display that a picture was made for, in cd/m2. Files often do not name
# it, so the brightest sample decides which of these it is. PQ ends at 10,000.
_PEAKS = (_WHITE, 400.0, 1000.0, 2000.0, 4000.0, 10_000.0)
_TOLERANCE = 1.05  # a sample of eight bits is rounded by up to 2 %, and lossy coding adds to it

_NAMED_IN_PROFILE = re.compile(rb"2100.*\b(PQ|HLG)\b", re.DOTALL)


def codes_of(profile: bytes) -> tuple[int, int] | None:
    """Return the codes of primaries and transfer of an ICC profile for HDR, or None for any other.

    ICC.1:2022 has a tag for these codes, `cicp`. Older profiles only have a name.
    """
    count = min(int.from_bytes(profile[128:132], "big"), 100)
    for at in range(132, 132 + 12 * count, 12):
        name = profile[at : at + 4]
        start = int.from_bytes(profile[at + 4 : at + 8], "big")
        body = profile[start : start + min(int.from_bytes(profile[at + 8 : at + 12], "big"), 4096)]
        if name == b"cicp" and len(body) >= 12 and body[9] in (PQ, HLG):
            return body[8], body[9]
        # The name is ASCII or UTF-16, whose codec a child of the sandbox cannot load.
        text = body.replace(b"\0", b"") if name == b"desc" else b""
        if named := _NAMED_IN_PROFILE.search(text):
            return BT_2020, PQ if named[1] == b"PQ" else HLG
    return None


def to_srgb_curve(image: Image.Image, transfer: int) -> Image.Image:
    """Convert an RGB image from the curve PQ or HLG to the curve of sRGB."""
    brightest = max(high for _, high in image.getextrema())  # type: ignore[misc]
    return image.point(table(transfer, int(brightest)) * 3)


def table(transfer: int, brightest: int) -> list[int]:
    """Return what each of 256 samples becomes in a picture whose largest sample is `brightest`."""
    to_light = _pq_to_light if transfer == PQ else _hlg_to_light
    light = to_light(brightest / 255)
    peak = next((peak for peak in _PEAKS if light <= peak * _TOLERANCE), _PEAKS[-1])
    return [
        round(255 * _srgb(min(_compressed(to_light(sample / 255), peak) / _WHITE, 1.0)))
        for sample in range(256)
    ]


def _pq_to_light(coded: float) -> float:
    """Apply the EOTF of Rec. ITU-R BT.2100, table 4 (SMPTE ST 2084): to cd/m2."""
    power = coded ** (1 / 78.84375)
    ratio = max(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power)
    return 10_000.0 * math.pow(ratio, 1 / 0.1593017578125)


def _light_to_pq(light: float) -> float:
    power = (light / 10_000.0) ** 0.1593017578125
    return math.pow((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power), 78.84375)


def _hlg_to_light(coded: float) -> float:
    """Apply the EOTF of Rec. ITU-R BT.2100, table 5, of a display of 1000 cd/m2: to cd/m2."""
    if coded <= 0.5:
        scene = coded**2 / 3
    else:
        scene = (math.exp((coded - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return _HLG_PEAK * math.pow(scene, 1.2)


def _compressed(light: float, peak: float) -> float:
    """Apply the EETF of BT.2390, which maps luminances up to `peak` cd/m2 to those below white."""
    if peak <= _WHITE:
        return light
    top = _light_to_pq(peak)
    target = _light_to_pq(_WHITE) / top
    knee = 1.5 * target - 0.5
    coded = min(_light_to_pq(light) / top, 1.0)
    if coded > knee:
        t = (coded - knee) / (1 - knee)
        coded = (
            (2 * t**3 - 3 * t**2 + 1) * knee
            + (t**3 - 2 * t**2 + t) * (1 - knee)
            + (-2 * t**3 + 3 * t**2) * target
        )
    return _pq_to_light(coded * top)


def _srgb(linear: float) -> float:
    """Apply the curve of IEC 61966-2-1."""
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * math.pow(linear, 1 / 2.4) - 0.055
