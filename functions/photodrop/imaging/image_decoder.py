"""What the sandbox runs to decode an image: one task of `images`."""

# A child cannot open files, so it cannot import: everything that decoding needs is imported here.
import _strptime  # type: ignore[import-not-found]  # noqa: F401 - to parse capture times
from typing import Any, BinaryIO

import pillow_heif  # noqa: F401
from PIL import (  # noqa: F401
    AvifImagePlugin,
    GifImagePlugin,
    ImageCms,
    PngImagePlugin,
    TiffImagePlugin,
)

from photodrop.imaging import stored_tiff, thumbnails  # noqa: F401
from photodrop.imaging.budget import Budget
from photodrop.imaging.renditions import Rendition
from photodrop.imaging.sandbox_process import Parent


def run(parent: Parent, task: Any, original: BinaryIO) -> None:
    """Make all thumbnails of an image, or one. Raises ContentRejectedError."""
    budget = Budget(**task["budget"])
    if "box" in task:
        one = thumbnails.make_thumbnail(
            original, tuple(task["box"]), budget=budget, content_type=task["contentType"]
        )
        send_rendition(parent, Rendition((one,), ""))
    else:
        send_rendition(parent, thumbnails.make_thumbnails(original, task["sizes"], budget=budget))


def send_rendition(parent: Parent, made: Rendition, **more: Any) -> None:
    """Send the sizes of the thumbnails, and then the bytes of each."""
    sizes = [[one.width, one.height] for one in made.thumbnails]
    parent.send_json({"thumbnails": sizes, "thumbHash": made.thumb_hash, **more})
    for one in made.thumbnails:
        parent.send(one.data)
