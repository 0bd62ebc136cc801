"""Colours and samples of every kind, brought to what thumbnails are: eight bits, in sRGB."""

import io
from typing import cast

from PIL import Image

from photodrop.imaging import tone_mapping, wide_gamut

_UNSPECIFIED = (0, 2)  # codes of primaries that name none
# The profile classes that fit an image's mode (bytes 16 to 20 of an ICC profile).
_PROFILE_MODES = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}


def to_eight_bits(image: Image.Image, white: int) -> Image.Image:
    """Bring samples of 16 bits, of which `white` is the largest, or of any range, to 0 to 255."""
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
    """Return the image as RGB, or as RGBA where it is not opaque, with its colours in sRGB.

    The codes are those of ITU-T H.273. A profile rules over them, unless they say that it is HDR.
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
        # Nobody makes HDR pictures for screens of less than BT.2020 without saying so.
        is_said = primaries not in (None, *_UNSPECIFIED)
        profile = wide_gamut.icc_profile(primaries if is_said else tone_mapping.BT_2020)
    elif not profile:
        profile = wide_gamut.icc_profile(primaries)
    mode = _PROFILE_MODES.get(profile[16:20]) if profile else None
    if mode == "RGB" and image.mode not in ("CMYK", "L"):
        image = image.convert("RGB")
    if mode == image.mode:
        image = transformed(image, mode, profile)
    image = image.convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):
        image.putalpha(alpha)
    return image


def transformed(image: Image.Image, mode: str, profile: bytes | None) -> Image.Image:
    """Convert from `profile` (without one: from L*a*b*) to sRGB; a broken one changes nothing."""
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
