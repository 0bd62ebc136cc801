"""Cutting an image to a size."""

from PIL import Image

from photodrop.imaging import libvips
from photodrop.variants import Gravity


def crop(image: Image.Image, size: tuple[int, int], gravity: Gravity) -> Image.Image:
    """Return the part of an image (mode RGB or RGBA) that has this size, in pixels.

    It is the middle, or with "auto" the part that libvips finds most likely to draw attention, by
    edges, saturated colours and the tones of skin
    (https://www.libvips.org/API/current/method.Image.smartcrop.html).
    """
    if image.size == size:
        return image
    if gravity == "auto":
        pixels = libvips.Image.from_bytes(image.tobytes(), image.size, len(image.getbands()))
        return Image.frombytes(image.mode, size, pixels.smartcrop(size).to_bytes())
    left, top = (image.width - size[0]) // 2, (image.height - size[1]) // 2
    return image.crop((left, top, left + size[0], top + size[1]))
