"""What is made of an image: thumbnails, how large they are, and a placeholder."""

from dataclasses import dataclass

LADDER = (160, 640, 1600)
"""The sizes that every photo gets: the longest side in pixels."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One encoded thumbnail.

    `size` is the step of the ladder that it stands for; `width` and `height` are its own, smaller
    than the step where the original is.
    """

    size: int
    width: int
    height: int
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Rendition:
    """All thumbnails of an image in the order asked for, and its placeholder.

    `thumb_hash` is the base64 of a ThumbHash (https://evanw.github.io/thumbhash/).
    """

    thumbnails: tuple[Thumbnail, ...]
    thumb_hash: str


def fit(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size that fits into the box, keeps the proportions and does not enlarge.

    Sizes for boxes of several proportions are nested, so the largest one serves all others.
    """
    scale = min(box[0] / size[0], box[1] / size[1], 1)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
