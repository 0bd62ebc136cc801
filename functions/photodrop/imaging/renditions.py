"""What is made from an image: thumbnails of several sizes, and a placeholder."""

from dataclasses import dataclass

DEFAULT_SIZES = (160, 640, 1600)
"""The sizes of thumbnails, where the caller names none: the longest side in pixels. Functions use
the setting `thumbnail_sizes`."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One encoded thumbnail.

    `size` is the size that was asked for, the longest side in pixels. `width` and `height` are the
    real ones, which are smaller if the original is.
    """

    size: int
    width: int
    height: int
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Rendition:
    """All thumbnails of an image, and its placeholder.

    The thumbnails are in the order in which their sizes were asked for. `thumb_hash` is the base64
    of a ThumbHash (https://evanw.github.io/thumbhash/).
    """

    thumbnails: tuple[Thumbnail, ...]
    thumb_hash: str


def fit(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size that fits into the box, keeps the proportions and does not enlarge.

    Of the sizes for several boxes, the largest contains all others.
    """
    scale = min(box[0] / size[0], box[1] / size[1], 1)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
