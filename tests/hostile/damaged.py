"""Real files of every accepted type, damaged at random: the same seed gives the same files."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache, partial

from photodrop.file_types import SNIFF_BYTES, sniff
from tests.hostile.files import COMPLETED, HostileFile, codes_of
from tests.support import pictures, videos
from tests.unit import test_formats, test_imaging

EXTREMES = (0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


@cache
def samples() -> dict[str, bytes]:
    """Return intact files by name: all types, modes and compressions that the tests have."""
    images = test_imaging.SAMPLES | test_imaging.ODD_MODES | test_formats.WITHIN_A_CHILD
    noise = test_imaging.make_noise(300, 200)
    return {
        **images,
        "noise-jpeg": test_imaging.encode(noise, "image/jpeg"),
        "noise-png": test_imaging.encode(noise, "image/png"),
        "photo-jpeg": pictures.jpeg(1200, 900, orientation=6, gps=True),
        "animated-avif": test_imaging.make_animation("image/avif"),
        "animated-png": test_imaging.make_animation("image/png"),
        "pages-tiff": test_imaging.make_animation("image/tiff"),
        "mp4-h264": videos.video("mp4", "libx264", (64, 48), seconds=0.5),
        "mp4-fragments": videos.video(
            "mp4", "libx264", (64, 48), seconds=0.5, movflags="frag_keyframe+empty_moov"
        ),
        "mp4-index-first": videos.video(
            "mp4", "mpeg4", (64, 48), seconds=0.5, movflags="+faststart"
        ),
        "mov-mjpeg": videos.motion_jpeg(pictures.jpeg()),
        "mov-prores": videos.video(
            "mov", "prores_ks", (64, 48), seconds=0.3, pixel_format="yuv422p10le"
        ),
        "webm-vp8": videos.video("webm", "libvpx", (64, 48), seconds=0.5),
        "webm-vp9": videos.video("webm", "libvpx-vp9", (64, 48), seconds=0.5),
    }


def damaged(seed: int) -> Iterator[HostileFile]:
    """Yield damaged files without end: each sample in turn, each damaged in its own way."""
    names = sorted(samples())
    number = 0
    while True:
        for name in names:
            chance = random.Random(f"{seed}/{number}")
            kind = chance.choice(sorted(_WAYS))
            content = samples()[name]
            content_type = str(sniff(content[:SNIFF_BYTES]))
            yield HostileFile(
                name=f"{number}-{name}-{kind}",
                kind=f"damaged {content_type}",
                content_type=content_type,
                make=partial(_WAYS[kind], content, chance),
                ends=codes_of(content_type) | {COMPLETED},
                whole=partial(samples().__getitem__, name) if kind == "truncated" else None,
            )
            number += 1


def truncated(content: bytes, chance: random.Random) -> bytes:
    """Cut the file off anywhere, often close to its beginning or its end."""
    share = chance.choice((chance.random() ** 3, chance.random(), 1 - chance.random() ** 3))
    return content[: min(round(share * len(content)), len(content) - 1)]


def bits_flipped(content: bytes, chance: random.Random) -> bytes:
    """Flip some bits, more often in the header."""
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 50))):
        made[_place(made, chance)] ^= 1 << chance.randrange(8)
    return bytes(made)


def bytes_replaced(content: bytes, chance: random.Random) -> bytes:
    """Overwrite some stretches with random bytes, zeros or ones."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 5)):
        at, length = _place(made, chance), chance.choice((1, 4, 16, 200))
        new = chance.choice((chance.randbytes(length), bytes(length), b"\xff" * length))
        made[at : at + length] = new[: len(made) - at]
    return bytes(made)


def numbers_changed(content: bytes, chance: random.Random) -> bytes:
    """Put an extreme number where sizes, counts and offsets stand."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        length = chance.choice((1, 2, 4, 4))
        at = _place(made, chance)
        number = chance.choice(EXTREMES) & ((1 << 8 * length) - 1)
        new = number.to_bytes(length, chance.choice(("little", "big")))
        made[at : at + length] = new[: len(made) - at]
    return bytes(made)


def stretches_moved(content: bytes, chance: random.Random) -> bytes:
    """Remove a stretch, repeat one, or exchange one with another place of the file."""
    at, to = sorted((_place(content, chance), _place(content, chance)))
    stretch = content[at : at + chance.choice((1, 8, 64, 512))]
    rest = content[:at] + content[at + len(stretch) :]
    return chance.choice(
        (rest, content[:to] + stretch * chance.choice((1, 30)) + content[to:], rest + stretch)
    )


def spliced(content: bytes, chance: random.Random) -> bytes:
    """Continue with the end of another file."""
    other = samples()[chance.choice(sorted(samples()))]
    return content[: _place(content, chance)] + other[_place(other, chance) :]


def _place(content: bytes | bytearray, chance: random.Random) -> int:
    """Choose a place in a file, more often in its header."""
    return int(chance.random() ** chance.choice((1, 2, 4)) * len(content))


_WAYS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "truncated": truncated,
    "with flipped bits": bits_flipped,
    "with replaced bytes": bytes_replaced,
    "with extreme numbers": numbers_changed,
    "with moved stretches": stretches_moved,
    "spliced with another file": spliced,
}
