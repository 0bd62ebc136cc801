"""What a reader of headers finds, whatever the format."""

from dataclasses import dataclass

from photodrop.errors import ContentRejectedError


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What an image's header says.

    `width` and `height` are as displayed, after `orientation` (EXIF's 1 to 8) is applied; for HEIC
    and AVIF the orientation is the container's, which rules over EXIF there. `frames` counts
    animation frames or TIFF pages and is None when counting them would mean reading the file.
    `taken_at` is ISO 8601, with an offset when the camera wrote one.
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
    """The facts, and what only the decoding side needs.

    `bytes_per_pixel` is the decoder's peak for one pixel; for JPEG, which is decoded at a reduced
    size, `coefficient_bytes` is what a progressive file keeps for each full-size pixel besides.
    `primaries` and `transfer` are the colour space and the curve by their codes in ITU-T H.273
    where the file names them: 12 is Display P3, 16 and 18 are the HDR curves PQ and HLG. An
    embedded ICC profile rules over them, unless they say that the image is HDR. `coded_size` is
    what is decoded where that is larger than what is shown: HEIC is cropped after decoding.
    `white` is the sample that stands for white in an image of one channel of 16 bits.
    `sample_bits` is how many bits a PNG has for each.
    """

    facts: ImageFacts
    bytes_per_pixel: float
    coefficient_bytes: float = 0.0
    primaries: int | None = None
    transfer: int | None = None
    coded_size: tuple[int, int] = (0, 0)
    white: int = 65535
    sample_bits: int = 8

    @property
    def stored_size(self) -> tuple[int, int]:
        """Width and height before the orientation is applied."""
        width, height = self.facts.width, self.facts.height
        return (width, height) if self.facts.orientation < 5 else (height, width)

    @property
    def decoded_size(self) -> tuple[int, int]:
        """Width and height that the decoder works on."""
        stored = self.stored_size
        return max(stored[0], self.coded_size[0]), max(stored[1], self.coded_size[1])


def still(content_type: str, width: int, height: int) -> ImageFacts:
    """Return the facts of one upright image that says nothing else."""
    return ImageFacts(content_type, width, height, 1, animated=False, frames=1, taken_at=None)


def corrupt(reason: str) -> ContentRejectedError:
    """Return the refusal of a file that is damaged; `reason` is a whole sentence."""
    return ContentRejectedError("CorruptImage", f"The image is damaged or incomplete. {reason}")


def unsupported(kind: str) -> ContentRejectedError:
    """Return the refusal of an intact file that no decoder here knows: "TIFF (LAB)", say."""
    return ContentRejectedError("UnsupportedContent", f"This kind of {kind} cannot be shown.")
