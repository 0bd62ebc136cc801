"""ThumbHash: a placeholder of some 25 bytes (https://evanw.github.io/thumbhash/).

It is implemented here because the Python package (thumbhash 0.1.2) raises TypeError for every image
that is not opaque. The bytes equal those of the reference, npm's thumbhash 0.1.1, except for
frequencies that are zero: the reference rounds their floating-point noise. The picture is the same.
"""

import math
from collections.abc import Sequence
from itertools import chain
from operator import mul

_MAX_SIDE = 100
# Smaller numbers are rounding errors. The smallest scale that can be written is 1 / 126.
_NOISE = 1e-9


def encode(width: int, height: int, rgba: bytes) -> bytes:
    """Return the ThumbHash of an image of up to 100 x 100 pixels, given as RGBA bytes, row by row.

    Raises ValueError for a larger image, and if the number of bytes does not match the size.
    """
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise ValueError(f"{width} x {height} pixels do not fit in {_MAX_SIDE} x {_MAX_SIDE}")
    if len(rgba) != width * height * 4:
        raise ValueError(f"{len(rgba)} bytes are not {width} x {height} pixels")

    alphas = [alpha / 255 for alpha in rgba[3::4]]
    opacity = sum(alphas)
    has_alpha = opacity < width * height
    channels = [_over_average(rgba[channel::4], alphas, opacity or 1) for channel in range(3)]
    lightness = [(red + green + blue) / 3 for red, green, blue in zip(*channels, strict=True)]
    yellow_blue = [(red + green) / 2 - blue for red, green, blue in zip(*channels, strict=True)]
    red_green = [red - green for red, green, _ in zip(*channels, strict=True)]

    # Fewer frequencies of lightness leave room for those of opacity.
    limit = 5 if has_alpha else 7
    across = max(1, _round(limit * width / max(width, height)))
    down = max(1, _round(limit * height / max(width, height)))
    l_dc, l_ac, l_scale = _frequencies(lightness, width, height, max(3, across), max(3, down))
    p_dc, p_ac, p_scale = _frequencies(yellow_blue, width, height, 3, 3)
    q_dc, q_ac, q_scale = _frequencies(red_green, width, height, 3, 3)

    is_landscape = width > height
    header24 = _round(63 * l_dc) | _round(31.5 + 31.5 * p_dc) << 6
    header24 |= _round(31.5 + 31.5 * q_dc) << 12 | _round(31 * l_scale) << 18 | has_alpha << 23
    header16 = (down if is_landscape else across) | _round(63 * p_scale) << 3
    header16 |= _round(63 * q_scale) << 9 | is_landscape << 15
    head = header24.to_bytes(3, "little") + header16.to_bytes(2, "little")
    a_ac: list[float] = []
    if has_alpha:
        a_dc, a_ac, a_scale = _frequencies(alphas, width, height, 5, 5)
        head += bytes([_round(15 * a_dc) | _round(15 * a_scale) << 4])
    nibbles = [_round(15 * factor) for factor in chain(l_ac, p_ac, q_ac, a_ac)]
    nibbles += [0] * (len(nibbles) % 2)
    return head + bytes(
        low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True)
    )


def _round(number: float) -> int:
    return math.floor(
        number + 0.5
    )  # rounds halves up, as JavaScript does and Python's round() does not


def _over_average(samples: bytes, alphas: list[float], opacity: float) -> list[float]:
    """Return a channel, 0 to 1, over a background of its average colour."""
    covered = [alpha / 255 * sample for alpha, sample in zip(alphas, samples, strict=True)]
    average = sum(covered) / opacity
    return [average * (1 - alpha) + value for alpha, value in zip(alphas, covered, strict=True)]


def _frequencies(
    channel: Sequence[float], width: int, height: int, across: int, down: int
) -> tuple[float, list[float], float]:
    """Apply a cosine transform, and keep the triangle of low frequencies.

    Returns the constant term, the other terms scaled to 0 to 1, and the scale.
    """
    columns = [
        [math.cos(math.pi / width * cx * (x + 0.5)) for x in range(width)] for cx in range(across)
    ]
    rows = [channel[start : start + width] for start in range(0, width * height, width)]
    # With the rows transformed first, a term costs width + height steps, not width x height.
    by_row = [[_dot(row, wave) for row in rows] for wave in columns]
    constant, others = 0.0, []
    for cy in range(down):
        wave = [math.cos(math.pi / height * cy * (y + 0.5)) for y in range(height)]
        for cx in range(across):
            if cx * down >= across * (down - cy):
                break
            factor = _dot(by_row[cx], wave) / (width * height)
            if cx or cy:
                others.append(factor)
            else:
                constant = factor
    scale = max((abs(factor) for factor in others), default=0.0)
    if scale < _NOISE:
        return constant, [0.0] * len(others), 0.0
    others = [0.5 + 0.5 / scale * factor for factor in others]
    return constant, others, scale


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return float(sum(map(mul, one, other)))  # math.sumprod is Python 3.12's
