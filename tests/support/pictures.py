"""Small real pictures, made when they are needed."""

import io
import struct
import zlib

import pillow_heif
from PIL import Image, ImageCms


def jpeg(
    width: int = 64, height: int = 48, *, orientation: int | None = None, gps: bool = False
) -> bytes:
    """Return a JPEG whose left half is red and whose right half is blue, as stored."""
    picture = Image.new("RGB", (width, height), (220, 30, 30))
    picture.paste((30, 30, 220), (width // 2, 0, width, height))
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    if gps:
        exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.6), 3: "E", 4: (2.0, 17.0, 40.2)})
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=90, exif=exif)
    return output.getvalue()


def png(width: int = 64, height: int = 48) -> bytes:
    """Return a PNG, half transparent."""
    output = io.BytesIO()
    Image.new("RGBA", (width, height), (30, 220, 30, 128)).save(output, "PNG")
    return output.getvalue()


def hdr_png(colour: tuple[int, int, int]) -> bytes:
    """Return a PNG of one colour of BT.2100 by PQ, with a profile for old programs."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    output = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(output, "PNG", icc_profile=profile)
    data = output.getvalue()
    chunk = b"cICP" + bytes([9, 16, 0, 1])
    coded = struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return data[:33] + coded + data[33:]


def picture(kind: str, width: int, height: int) -> bytes:
    """Return a picture of the same colours in any format that Pillow and pillow-heif write."""
    pillow_heif.register_heif_opener()
    output = io.BytesIO()
    made = Image.new("RGB", (width, height), (220, 30, 30))
    made.paste((30, 30, 220), (width // 2, 0, width, height))
    made.save(output, kind)
    return output.getvalue()


def many_scans(side: int = 8000, scans: int = 900) -> bytes:
    """Return a progressive JPEG of 0.6 MB whose last, tiny scan comes again and again.

    It takes a quarter of a minute of processor time to decode, unless somebody stops it.
    """
    output = io.BytesIO()
    Image.new("RGB", (side, side), (90, 120, 60)).save(output, "JPEG", progressive=True)
    content = output.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:-2] + content[last:-2] * scans + content[-2:]
