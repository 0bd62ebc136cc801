"""Opening an image with the decoder of its format. Only this module imports the decoders.

It also corrects errors of Pillow's plugins, format by format.
"""

import io
from typing import BinaryIO

# Plugins are imported one by one, here or where they are used: Image.init() imports all of them.
from PIL import Image, ImageFile, JpegImagePlugin, WebPImagePlugin

from photodrop.errors import ContentRejectedError
from photodrop.imaging import avif_repair, colours
from photodrop.imaging.header import Header, corrupt

# `budget` checks the number of pixels, with an error code of its own.
Image.MAX_IMAGE_PIXELS = None
# A truncated photo is refused. Pillow could also fill it with grey.
ImageFile.LOAD_TRUNCATED_IMAGES = False

# These decoders apply the orientation themselves.
_DECODED_UPRIGHT = frozenset({"image/heic", "image/heif"})
# Pillow unpacks the text of a PNG, although nothing reads it. Profiles of printers are larger than
# its limit of a megabyte.
_MAX_PNG_CHUNK_BYTES = 16_000_000
_STRIP_BYTE_COUNTS = 279


class _JpegFile(JpegImagePlugin.JpegImageFile):
    """A JPEG whose resolution for printing is not looked up in its EXIF data: nothing needs it."""

    def _read_dpi_from_exif(self) -> None:
        pass


def is_upright(header: Header) -> bool:
    """Tell whether the decoder of this image applies its orientation."""
    return header.facts.content_type in _DECODED_UPRIGHT


def open_image(source: BinaryIO, header: Header) -> ImageFile.ImageFile:
    """Return the image, not yet decoded.

    Raises ContentRejectedError if the decoder finds another size than `header` says: the budget was
    checked with that size, and the decoder may have found another picture of the file.
    """
    image = _open(source, header.facts.content_type)
    shown = header.facts.width, header.facts.height
    expected = shown if is_upright(header) else header.stored_size
    if image.size != expected:
        raise ContentRejectedError(
            "UnsupportedContent",
            f"The image cannot be shown: its header says {expected[0]} x {expected[1]} pixels,"
            f" and its decoder finds {image.size[0]} x {image.size[1]}.",
        )
    return image


def to_resizable(image: ImageFile.ImageFile, header: Header) -> Image.Image:
    """Return the image in a mode in which resizing can average neighbouring pixels."""
    match header.facts.content_type:
        case "image/gif":
            return _on_canvas(image)
        case "image/png" if "transparency" in image.info and image.mode != "P":
            return _with_transparent_colour(image, header.sample_bits)
        case "image/tiff":
            _require_more_than_one_colour(image)
    match image.mode:
        case "P" | "PA":
            is_transparent = "transparency" in image.info or image.mode == "PA"
            return image.convert("RGBA" if is_transparent else "RGB")
        case "1":
            return image.convert("L")
        case "LAB":
            return colours.convert_from_profile(image, "LAB", None)
        case mode if mode.startswith("I;16"):
            return image.convert("I")
    return image


def _open(source: BinaryIO, content_type: str) -> ImageFile.ImageFile:
    # `file_types` has recognized the format already. Calling the plugin's class directly avoids
    # Pillow's own detection, which turns a phone's JPEG with a preview into an "MPO".
    match content_type:
        case "image/jpeg":
            return _JpegFile(source)
        case "image/webp":
            return WebPImagePlugin.WebPImageFile(source)
        case "image/png":
            from PIL import PngImagePlugin

            PngImagePlugin.MAX_TEXT_CHUNK = _MAX_PNG_CHUNK_BYTES
            return PngImagePlugin.PngImageFile(source)
        case "image/gif":
            from PIL import GifImagePlugin

            return GifImagePlugin.GifImageFile(source)
        case "image/tiff":
            from photodrop.imaging import stored_tiff

            return stored_tiff.StoredTiffFile(source)
        case "image/avif":
            from PIL import AvifImagePlugin

            return AvifImagePlugin.AvifImageFile(io.BytesIO(avif_repair.repaired(source.read())))
        case _:
            return _open_heif(source)


def _open_heif(source: BinaryIO) -> ImageFile.ImageFile:
    import pillow_heif

    # libheif's own limits stay on. They allow 1000 items; a 48 MP photo of an iPhone has about 250.
    pillow_heif.options.DISABLE_SECURITY_LIMITS = False
    # An embedded preview may show something other than the photo. Depth and gain maps are not
    # shown.
    pillow_heif.options.THUMBNAILS = False
    pillow_heif.options.DEPTH_IMAGES = False
    pillow_heif.options.AUX_IMAGES = False
    pillow_heif.options.DECODE_THREADS = 1  # a child of the sandbox cannot start more
    return pillow_heif.HeifImageFile(source)  # type: ignore[no-untyped-call]


def _on_canvas(image: ImageFile.ImageFile) -> Image.Image:
    """Return a GIF's first frame. It is transparent where the frame does not cover the canvas.

    Pillow fills that area with a colour; browsers do not.
    """
    covered = image.tile[0].extents if image.tile else None
    is_whole = covered in (None, (0, 0, *image.size))
    if is_whole and "transparency" not in image.info:
        return image.convert("RGB")
    frame = image.convert("RGBA")
    if not is_whole and covered is not None:
        opacity = Image.new("L", image.size, 0)
        opacity.paste(frame.getchannel("A").crop(covered), covered[:2])
        frame.putalpha(opacity)
    return frame


def _with_transparent_colour(image: ImageFile.ImageFile, sample_bits: int) -> Image.Image:
    """Make the transparent colour of a PNG transparent.

    Pillow does that for samples of eight bits only.
    """
    colour = image.info["transparency"]
    image.load()
    if image.mode.startswith("I;16"):
        opacity = [255] * 65536
        opacity[colour & 0xFFFF] = 0
        wide = image.convert("I")
        # The result has eight bits: Pillow has no mode with 16 bits and transparency.
        grey = wide.point([sample >> 8 for sample in range(65536)], "L")
        return Image.merge("LA", (grey, wide.point(opacity, "L")))
    if image.mode == "L" and sample_bits < 8:
        image.info["transparency"] = colour * 255 // ((1 << sample_bits) - 1)
    elif image.mode == "RGB" and sample_bits == 16:
        image.info["transparency"] = tuple(sample >> 8 for sample in colour)
    return image.convert("RGBA")


def _require_more_than_one_colour(image: ImageFile.ImageFile) -> None:
    """Raise ContentRejectedError for a fax that decodes to one colour although it holds more.

    libtiff leaves lines that it cannot decode white, without an error.
    """
    if image.info.get("compression") not in ("group3", "group4", "tiff_ccitt"):
        return
    image.load()
    low, high = image.getextrema()
    if low != high:
        return
    width, height = image.size
    counts = image.tag_v2.get(_STRIP_BYTE_COUNTS, ())  # type: ignore[attr-defined]
    # The most that a line of one colour takes, with padding and an end mark. In group 4, a line
    # that equals the one before takes one bit.
    line_bits = 40 + 13 * (width // 2560 + 2)
    if image.info["compression"] == "group4":
        bits = 2 * height + len(counts) * (line_bits + 512)
    else:
        bits = height * line_bits
    if sum(counts) * 8 > bits:
        raise corrupt("Its lines cannot be decoded.")
