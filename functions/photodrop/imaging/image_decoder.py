"""What the sandbox runs to decode an image: one task of `images`."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, BinaryIO

from PIL import ImageCms  # noqa: F401 - a child cannot import: files of any type have profiles

from photodrop.imaging import thumbnails
from photodrop.imaging.budget import Budget
from photodrop.imaging.renditions import Rendition
from photodrop.imaging.sandbox_process import Parent

_MODULES = {
    "image/png": "PIL.PngImagePlugin",
    "image/gif": "PIL.GifImagePlugin",
    "image/tiff": "photodrop.imaging.stored_tiff",
    "image/heic": "pillow_heif",
    "image/heif": "pillow_heif",
    "image/avif": "PIL.AvifImagePlugin",
}
"""What decoding and encoding these types needs besides, and most processes never need."""


def prepare(content_types: Sequence[str]) -> None:
    """Import what images of these types need."""
    for content_type in content_types:
        if content_type in _MODULES:
            import_module(_MODULES[content_type])


def run(parent: Parent, task: Any, original: BinaryIO) -> None:
    """Make all thumbnails of an image, or one. Raises ContentRejectedError."""
    budget = Budget(**task["budget"])
    if "box" in task:
        one = thumbnails.make_thumbnail(
            original,
            tuple(task["box"]),
            budget=budget,
            crop=task["crop"],
            content_type=task["contentType"],
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
