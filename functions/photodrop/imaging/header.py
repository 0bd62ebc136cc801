"""What is read from the header of an image, for every format."""

from dataclasses import dataclass

from photodrop.errors import ContentRejectedError


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What an image's header says.

    `width` and `height` are as displayed, after `orientation` (EXIF's 1 to 8) is applied. In HEIC
    and AVIF, the orientation of the container takes precedence over EXIF. `frames` counts the
    frames of an animation or the pages of a TIFF. It is None if counting them would mean to read
    the whole file. `taken_at` is ISO 8601, with an offset if the camera wrote one.
    """

    content_type: str
    width: int
    height: int
    orientation: int
    animated: bool
    frames: int | None
    taken_at: str | None


@dataclass(frozen=True, slots=True)
class Header:
    """The facts of an image, and what decoding it needs besides.

    `bytes_per_pixel` is the memory that the decoder takes for a pixel at most. A JPEG is decoded at
    a reduced size; a progressive one takes `coefficient_bytes` besides for each pixel of the full
    size. `primaries` and `transfer` are the codes of colour space and curve in ITU-T H.273, if the
    file names them: 12 is Display P3, 16 and 18 are the HDR curves PQ and HLG. An embedded ICC
    profile takes precedence, unless they name HDR. `coded_size` is the size that is decoded, if it
    is larger than what is shown: HEIC is cropped after decoding. `white` is the sample for white in
    an image with one channel of 16 bits. `sample_bits` is the number of bits of a PNG's sample.
    `max_side` is the longest side that the decoder allows, if that is less than the budget's.
    """

    facts: ImageFacts
    bytes_per_pixel: float
    coefficient_bytes: float = 0.0
    primaries: int | None = None
    transfer: int | None = None
    coded_size: tuple[int, int] = (0, 0)
    white: int = 65535
    sample_bits: int = 8
    max_side: int | None = None

    @property
    def stored_size(self) -> tuple[int, int]:
        """The width and height before the orientation is applied."""
        width, height = self.facts.width, self.facts.height
        return (width, height) if self.facts.orientation < 5 else (height, width)

    @property
    def decoded_size(self) -> tuple[int, int]:
        """The width and height that are decoded."""
        stored = self.stored_size
        return max(stored[0], self.coded_size[0]), max(stored[1], self.coded_size[1])


def still_image(content_type: str, width: int, height: int) -> ImageFacts:
    """Return the facts of an upright image with one frame, of which nothing else is known yet."""
    return ImageFacts(content_type, width, height, 1, animated=False, frames=1, taken_at=None)


def corrupt(reason: str) -> ContentRejectedError:
    """Return the error for a damaged file. `reason` is a whole sentence."""
    return ContentRejectedError("CorruptImage", f"The image is damaged or incomplete. {reason}")


def unsupported(kind: str) -> ContentRejectedError:
    """Return the error for an intact file that cannot be decoded here, such as "TIFF (LAB)"."""
    return ContentRejectedError("UnsupportedContent", f"This kind of {kind} cannot be shown.")
