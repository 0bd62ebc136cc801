"""Reading the facts of an image from its header, in a module for each format.

Image libraries read the whole file, and some even decode it, to find its size. Files here come from
S3 in ranges, so these modules read the few fields they need, in a few kilobytes. Nothing is
decompressed, and no third-party code is imported.

For a new format, write a module with a function `read` that returns a `Header`, and call it in
`read_header`. docs/architecture.md lists the other steps.
"""

from typing import BinaryIO

from photodrop import file_types
from photodrop.errors import ContentRejectedError
from photodrop.imaging.budget import Budget, check_budget
from photodrop.imaging.formats import gif, heif, jpeg, png, tiff, webp
from photodrop.imaging.formats.reader import Reader
from photodrop.imaging.header import Header, ImageFacts

__all__ = ["Header", "ImageFacts", "inspect", "read_header"]


def inspect(stream: BinaryIO, size_bytes: int, budget: Budget) -> ImageFacts:
    """Read the facts of the image in `stream`, which is `size_bytes` long, from its header.

    Raises ContentRejectedError: `EmptyFile`, `UnsupportedContent`, `CorruptImage`, and above the
    budget `TooManyPixels`, `SideTooLong`, `TooManyFrames` or `TooMuchMemory`. Errors of the stream
    itself pass through, so that after a failed download the photo is tried again and does not fail.
    """
    return read_header(stream, size_bytes, budget).facts


def read_header(stream: BinaryIO, size_bytes: int, budget: Budget) -> Header:
    """Read the header as `inspect` does, also with what decoding needs."""
    if size_bytes <= 0:
        raise ContentRejectedError("EmptyFile", "The file is empty.")
    reader = Reader(stream, size_bytes)
    content_type = file_types.sniff(reader.read_up_to(0, file_types.SNIFF_BYTES))
    match content_type:
        case "image/jpeg":
            header = jpeg.read(reader)
        case "image/png":
            header = png.read(reader)
        case "image/gif":
            header = gif.read(reader)
        case "image/webp":
            header = webp.read(reader)
        case "image/tiff":
            header = tiff.read(reader, budget.max_frames)
        case "image/heic" | "image/heif" | "image/avif":
            header = heif.read(reader, content_type)
        case _:
            raise ContentRejectedError(
                "UnsupportedContent",
                "The file's content is not an accepted kind of image or video.",
            )
    check_budget(header, budget)
    return header
