"""The kinds of thumbnails, and their names, with which keys and URLs end."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from photodrop.file_types import ThumbnailFormat

Fit = Literal["contain", "cover"]
"""Whether a thumbnail lies within its box (contain), or fills the box and is cut to it (cover)."""

Gravity = Literal["center", "auto"]
"""What is kept of a thumbnail that is cut: its middle, or the part that draws attention."""

RequestedFormat = Literal["webp", "jpeg", "avif", "auto"]
"""The formats that a request may name. With auto, its `Accept` header chooses."""

_NAME = re.compile(
    r"(?P<resolution>[1-9][0-9]{0,4}(?:x[1-9][0-9]{0,4})?)"
    rf"(?P<fit>-cover(?P<gravity>-auto)?)?\.(?P<format>{'|'.join(get_args(ThumbnailFormat))})"
)


@dataclass(frozen=True, slots=True)
class Variant:
    """One kind of thumbnail.

    `resolution` is its box in pixels: "640x480", or 640 for one with equal sides.
    """

    resolution: str
    format: ThumbnailFormat = "webp"
    fit: Fit = "contain"
    gravity: Gravity = "center"

    @property
    def name(self) -> str:
        """The name of its lease, and the end of its key: "640x480-cover-auto.webp"."""
        options = ""
        if self.fit == "cover":
            options = "-cover-auto" if self.gravity == "auto" else "-cover"
        return f"{self.resolution}{options}.{self.format}"

    @property
    def box(self) -> tuple[int, int]:
        """The width and height of its box, in pixels."""
        width, _, height = self.resolution.partition("x")
        return int(width), int(height or width)

    @property
    def content_type(self) -> str:
        """Its content type."""
        return f"image/{self.format}"


def parse(name: str) -> Variant | None:
    """Return the variant with this name, or None if there is none."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    return Variant(
        match["resolution"],
        match["format"],  # type: ignore[arg-type]  # the pattern admits nothing else
        "cover" if match["fit"] else "contain",
        "auto" if match["gravity"] else "center",
    )


def best_format(accept: str) -> ThumbnailFormat:
    """Return the smallest format that an `Accept` header names: AVIF, then WebP, then JPEG."""
    if "image/avif" in accept:
        return "avif"
    return "webp" if "image/webp" in accept else "jpeg"
