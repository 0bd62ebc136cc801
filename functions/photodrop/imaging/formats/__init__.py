"""Facts of an image from its headers alone: a few kilobytes, whatever the size of the file.

Image libraries read (some even decode) the whole file to tell its size. Here the bytes come from
S3 in ranges, so each format's few header fields are read by hand, in a module per format. Nothing
is decompressed, and no third party's code is imported.
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

    Raises ContentRejectedError: `EmptyFile`, `UnsupportedContent`, `CorruptImage`, and for what is
    above the budget `TooManyPixels`, `SideTooLong`, `TooManyFrames` or `TooMuchMemory`. Errors of
    the stream itself pass through, so that a failed download is tried again and not held against
    the photo.
    """
    return read_header(stream, size_bytes, budget).facts


def read_header(stream: BinaryIO, size_bytes: int, budget: Budget) -> Header:
    """Read the header as `inspect` does, with what a decoder needs besides the facts."""
    if size_bytes <= 0:
        raise ContentRejectedError("EmptyFile", "The file is empty.")
    reader = Reader(stream, size_bytes)
    content_type = file_types.sniff(reader.up_to(0, file_types.SNIFF_BYTES))
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
