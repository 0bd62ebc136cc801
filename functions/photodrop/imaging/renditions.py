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


def cover(size: tuple[int, int], box: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the size to scale to, and the size to cut that to, so that it fills the box.

    Nothing is enlarged: of a smaller image, the result has the proportions of the box.
    """
    scale = min(size[0] / box[0], size[1] / box[1], 1)
    width, height = max(1, round(box[0] * scale)), max(1, round(box[1] * scale))
    scale = max(width / size[0], height / size[1])
    scaled = max(width, round(size[0] * scale)), max(height, round(size[1] * scale))
    return scaled, (width, height)


def fit(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size that fits into the box, keeps the proportions and does not enlarge.

    Of the sizes for several boxes, the largest contains all others.
    """
    scale = min(box[0] / size[0], box[1] / size[1], 1)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
