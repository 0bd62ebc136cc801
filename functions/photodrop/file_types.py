"""The content types that may be uploaded, and how to recognize them by a file's first bytes.

Every function may import this: it decodes nothing and imports no third-party code. The command line
has a copy of `sniff` (`cli/photodrop_cli/files.py`), because it is installed without the service;
`tests/unit/test_cli_files.py` checks that the two agree.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

EXTENSIONS: Mapping[str, str] = MappingProxyType(
    {
        "image/jpeg": "jpg",
        "image/png": "png",
        "image/webp": "webp",
        "image/gif": "gif",
        "image/heic": "heic",
        "image/heif": "heif",
        "image/avif": "avif",
        "image/tiff": "tiff",
        "video/mp4": "mp4",
        "video/quicktime": "mov",
        "video/webm": "webm",
    }
)
"""Every accepted content type, with the extension of its objects' keys."""

ThumbnailFormat = Literal["webp", "jpeg", "avif"]
"""The formats in which thumbnails are made on demand."""

_EXTENSION_ALIASES = {
    "jpeg": "image/jpeg",
    "jfif": "image/jpeg",
    "tif": "image/tiff",
    "m4v": "video/mp4",
}
_ALIASES = {"image/jpg": "image/jpeg", "video/x-m4v": "video/mp4"}
_NO_TYPES = ("", "application/octet-stream")

SNIFF_BYTES = 128
"""How many of a file's first bytes `sniff` needs. A shorter file is read whole."""

_SAME_CONTAINER = ({"image/heic", "image/heif"}, {"video/mp4", "video/quicktime"})

# Brands of ISO base media files, from the registry at mp4ra.org and ISO/IEC 23008-12.
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEVC_IMAGE_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_IMAGE_CONTAINER_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})
_MP4_BRANDS = frozenset(
    {b"isom", b"mp41", b"mp42", b"avc1", b"dash", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6"}
    | {b"iso7", b"iso8", b"iso9", b"isoa", b"isob", b"isoc", b"M4V ", b"M4VP", b"MSNV", b"XAVC"}
)
_NOT_VIDEO_BRANDS = frozenset({b"M4A ", b"M4B ", b"M4P ", b"crx ", b"jp2 ", b"jpx ", b"F4A "})


# WebM is Matroska with the DocType "webm": element 0x4282. Its length, 4, may be written in one to
# eight bytes (RFC 8794, section 4).
_DOC_TYPE_WEBM = re.compile(
    rb"\x42\x82(?:\x84|[\x01\x02\x04\x08\x10\x20\x40]\x00{0,6}\x04)webm", re.DOTALL
)


def is_video(content_type: str) -> bool:
    """Tell whether a content type is an accepted type of video."""
    return content_type.startswith("video/") and content_type in EXTENSIONS


def accepted_type(content_type: str | None, file_name: str) -> str | None:
    """Return the accepted content type that a client announces, or None.

    Browsers do not know every type. If they name none, the extension of `file_name` decides.
    """
    name = (content_type or "").partition(";")[0].strip().lower()
    if name in _NO_TYPES:
        extension = file_name.rpartition(".")[2].lower()
        by_extension = {ending: accepted for accepted, ending in EXTENSIONS.items()}
        return (by_extension | _EXTENSION_ALIASES).get(extension)
    name = _ALIASES.get(name, name)
    return name if name in EXTENSIONS else None


def satisfies(sniffed: str, declared: str) -> bool:
    """Tell whether a file that is `sniffed` by its bytes may be announced as `declared`.

    HEIC is HEIF with HEVC inside, and MP4 is based on QuickTime: phones and browsers use either
    name for the same file. All other types must be equal.
    """
    return sniffed == declared or any({sniffed, declared} <= names for names in _SAME_CONTAINER)


def sniff(head: bytes) -> str | None:
    """Return the accepted content type of a file that begins with `head`, or None.

    `head` is its first `SNIFF_BYTES`.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b"MM\0+\0\x08\0\0")):
        # Canon's CR2 raw files begin like TIFF. Their own name follows the first eight bytes.
        return None if head[8:10] == b"CR" else "image/tiff"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if _DOC_TYPE_WEBM.search(head) else None
    if head[4:8] == b"ftyp":
        return _sniff_brands(head)
    if head[4:8] in (b"moov", b"wide", b"mdat"):
        return "video/quicktime"  # older QuickTime files have no ftyp box
    return None


def _sniff_brands(head: bytes) -> str | None:
    box_size = int.from_bytes(head[:4], "big")
    major = head[8:12]
    listed = head[16 : min(box_size, len(head))]
    compatible = {listed[at : at + 4] for at in range(0, len(listed) - 3, 4)}

    if major in _AVIF_BRANDS:
        return "image/avif"
    if major in _HEVC_IMAGE_BRANDS:
        return "image/heic"
    if major in _IMAGE_CONTAINER_BRANDS:
        # This brand names only the container. The compatible brands name the codec.
        return "image/avif" if compatible & _AVIF_BRANDS else "image/heif"
    if major == b"qt  ":
        return "video/quicktime"
    if major in _NOT_VIDEO_BRANDS:
        return None
    if major in _MP4_BRANDS or compatible & _MP4_BRANDS:
        return "video/mp4"
    return None
