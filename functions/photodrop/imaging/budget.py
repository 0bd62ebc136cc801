"""What decoding an image may cost. It is checked by the header, before anything is decoded."""

from dataclasses import dataclass

from photodrop.errors import ContentRejectedError
from photodrop.imaging.header import Header, corrupt

# The memory of the thumbnails and their encoder. The size of the original does not matter for it.
_ENCODER_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class Budget:
    """What decoding an image may cost.

    The default `max_pixels` allows the 200 megapixels of a phone (16320 x 12240).
    `max_decoded_bytes` is compared with an upper estimate of the memory; the default suits the 2048
    MB that template.yaml gives to the functions that decode. `largest_thumbnail` is the longest
    side in pixels of the thumbnails.
    """

    max_pixels: int = 205_000_000
    max_side: int = 50_000
    max_frames: int = 2_000
    max_decoded_bytes: int = 1_200_000_000
    largest_thumbnail: int = 1600


def check_budget(header: Header, budget: Budget) -> None:
    """Raise ContentRejectedError for an image above the budget: see `formats.inspect`."""
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
    if header.max_side is not None and max(width, height) > header.max_side:
        raise ContentRejectedError(
            "SideTooLong",
            f"The image is {width} x {height}; a side of this kind may have {header.max_side}.",
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
    """Estimate the most memory in bytes that decoding for thumbnails of `largest` takes."""
    width, height = header.decoded_size
    pixels = width * height
    scale = 1
    if header.facts.content_type == "image/jpeg":
        while scale < 8 and max(width, height) >= scale * 2 * largest:
            scale *= 2
    per_pixel = header.bytes_per_pixel / scale**2 + header.coefficient_bytes
    return _ENCODER_BYTES + int(pixels * per_pixel)
