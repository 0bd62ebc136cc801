"""What an image may cost to decode: checked from its header, before anything is decoded."""

from dataclasses import dataclass

from photodrop.errors import ContentRejectedError
from photodrop.imaging.header import Header, corrupt

# What the thumbnails themselves and their encoder take, whatever the size of the original.
_ENCODER_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class Budget:
    """What an image may cost. Everything is checked from the header, before any decoding.

    The default pixels admit the 200 megapixels of a phone (16320 x 12240). The memory is an upper
    estimate of the bytes that decoding takes; the default fits the functions that decode, which
    have 2048 MB in template.yaml. `largest_thumbnail` is the longest side in pixels to decode for.
    """

    max_pixels: int = 205_000_000
    max_side: int = 50_000
    max_frames: int = 2_000
    max_decoded_bytes: int = 1_200_000_000
    largest_thumbnail: int = 1600


def check_budget(header: Header, budget: Budget) -> None:
    """Raise ContentRejectedError if the image is above the budget (codes as of `inspect`)."""
    facts = header.facts
    width, height = header.decoded_size
    if width < 1 or height < 1:
        raise corrupt("It has no width or no height.")
    if max(width, height) > budget.max_side:
        raise ContentRejectedError(
            "SideTooLong", f"The image is {width} x {height}; a side may have {budget.max_side}."
        )
    if width * height > budget.max_pixels:
        raise ContentRejectedError(
            "TooManyPixels",
            f"The image has {width} x {height} pixels; the limit is {budget.max_pixels}.",
        )
    if facts.frames is not None and facts.frames > budget.max_frames:
        raise ContentRejectedError(
            "TooManyFrames", f"The image has more than {budget.max_frames} frames."
        )
    if decoded_bytes(header, budget.largest_thumbnail) > budget.max_decoded_bytes:
        raise ContentRejectedError(
            "TooMuchMemory",
            f"An image of this kind with {width} x {height} pixels needs too much memory.",
        )


def decoded_bytes(header: Header, largest: int) -> int:
    """Estimate, from above, the memory in bytes that decoding for thumbnails of `largest` takes."""
    width, height = header.decoded_size
    pixels = width * height
    scale = 1
    if header.facts.content_type == "image/jpeg":
        while scale < 8 and max(width, height) >= scale * 2 * largest:
            scale *= 2
    per_pixel = header.bytes_per_pixel / scale**2 + header.coefficient_bytes
    return _ENCODER_BYTES + int(pixels * per_pixel)
