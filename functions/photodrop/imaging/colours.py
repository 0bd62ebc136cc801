"""Converting colours and samples of every kind to those of thumbnails: eight bits in sRGB."""

import io
from typing import cast

from PIL import Image

from photodrop.imaging import tone_mapping, wide_gamut

_UNSPECIFIED = (0, 2)  # codes that mean "unspecified"
# The profile classes that fit an image's mode (bytes 16 to 20 of an ICC profile).
_PROFILE_MODES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}


def to_eight_bits(image: Image.Image, white: int) -> Image.Image:
    """Scale the samples of an image to 0 to 255. In samples of 16 bits, `white` is the largest."""
    if image.mode not in ("I", "F"):
        return image
    low, high = cast(tuple[float, float], image.getextrema())
    if image.mode == "I" and low >= 0 and high <= 65535:
        low, high = 0, max(white, high)
    scale = 255 / ((high - low) or 1)
    return image.convert("F").point(lambda sample: sample * scale - low * scale).convert("L")


def to_srgb(
    image: Image.Image,
    profile: bytes | None,
    primaries: int | None = None,
    transfer: int | None = None,
) -> Image.Image:
    """Return the image in sRGB, as RGB, or as RGBA if it is not opaque.

    The codes are those of ITU-T H.273. A profile takes precedence, unless the codes name HDR.
    """
    if profile and transfer not in (tone_mapping.PQ, tone_mapping.HLG):
        primaries, transfer = tone_mapping.codes_of(profile) or (None, None)
    alpha = None
    if image.mode in ("LA", "La", "RGBA", "RGBa"):
        image = image.convert({"La": "LA", "RGBa": "RGBA"}.get(image.mode, image.mode))
        alpha = image.getchannel("A")
        image = image.convert(image.mode[:-1])
    if transfer in (tone_mapping.PQ, tone_mapping.HLG):
        image = tone_mapping.to_srgb_curve(image.convert("RGB"), transfer)
        # HDR pictures are for BT.2020 unless they name other primaries.
        is_named = primaries not in (None, *_UNSPECIFIED)
        profile = wide_gamut.icc_profile(primaries if is_named else tone_mapping.BT_2020)
    elif not profile:
        profile = wide_gamut.icc_profile(primaries)
    mode = _PROFILE_MODES.get(profile[16:20]) if profile else None
    if mode == "RGB" and image.mode not in ("CMYK", "L"):
        image = image.convert("RGB")
    if mode == image.mode:
        image = convert_from_profile(image, mode, profile)
    image = image.convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):
        image.putalpha(alpha)
    return image


def convert_from_profile(image: Image.Image, mode: str, profile: bytes | None) -> Image.Image:
    """Convert an image from `profile`, or without one from L*a*b*, to sRGB.

    If the profile is broken, the image is returned as it is.
    """
    from PIL import ImageCms

    try:
        source = (
            ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if profile
            else ImageCms.createProfile("LAB")
        )
        target = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, target, mode, "RGB")
        return transform.apply(image)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
