"""TIFF (revision 6.0, and BigTIFF). Reads the directory of the first page, and counts the pages."""

from dataclasses import replace

from photodrop.imaging.formats.exif import Directories, Entries, oriented
from photodrop.imaging.formats.reader import Reader
from photodrop.imaging.header import Header, corrupt, still_image, unsupported

_SUBFILE_TYPE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_FILL_ORDER, _SAMPLES, _ROWS_PER_STRIP, _PLANAR = 266, 277, 278, 284
_TILE_WIDTH, _TILE_HEIGHT, _SUB_DIRECTORIES, _EXTRA_SAMPLES = 322, 323, 330, 338
_SAMPLE_FORMAT, _SUBSAMPLING, _DNG_VERSION = 339, 530, 50706

# Without the values of one of these, Pillow shows another picture: bits, strips, colour map, tiles,
# extra samples, sample format, and what colours are computed with.
_DECIDE_PIXELS = (258, 273, 279, 320, 324, 325, 338, 339, 529, 530, 532)

_RAW, _OLD_JPEG, _JPEG = 1, 6, 7
_CCITT = frozenset({2, 3, 4})
# LZW, ZIP and its older number, PackBits, LZMA, Zstandard. libtiff is built without WebP here.
_COMPRESSIONS = _CCITT | {_RAW, 5, _OLD_JPEG, _JPEG, 8, 32773, 32946, 34925, 50000}

_WHITE_IS_ZERO, _GREY, _RGB, _PALETTE, _CMYK, _YCBCR, _LAB = 0, 1, 2, 3, 5, 6, 8
_NAMES = {
    _WHITE_IS_ZERO: "grey",
    _GREY: "grey",
    _RGB: "RGB",
    _PALETTE: "colour map",
    _CMYK: "CMYK",
    _YCBCR: "YCbCr",
    _LAB: "LAB",
}
_COLOURS = {
    _WHITE_IS_ZERO: 1,
    _GREY: 1,
    _RGB: 3,
    _PALETTE: 1,
    _CMYK: 4,
    _YCBCR: 3,
    _LAB: 3,
}
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_MAX_SAMPLES = 17  # more than any accepted kind has
_FORMAT_NAMES = {_SIGNED: "signed", _FLOAT: "float"}

# How many bits a sample may have, by photometric interpretation and sample format. Pillow opens
# more, but shows it wrongly: white-is-zero of 16 bits and float as a negative, and signed bytes
# with dark and light exchanged.
_DEPTHS: dict[tuple[int, int], set[int]] = {
    (_WHITE_IS_ZERO, _UNSIGNED): {1, 2, 4, 8},
    (_GREY, _UNSIGNED): {1, 2, 4, 8, 12, 16, 32},
    (_GREY, _SIGNED): {16, 32},
    (_GREY, _FLOAT): {32},
    (_RGB, _UNSIGNED): {8, 16},
    (_PALETTE, _UNSIGNED): {1, 2, 4, 8},
    (_CMYK, _UNSIGNED): {8, 16},
    (_YCBCR, _UNSIGNED): {8},
    (_LAB, _UNSIGNED): {8},
}
_LITTLE_ENDIAN_ONLY = {(_GREY, _UNSIGNED, 12), (_GREY, _UNSIGNED, 32)}
# The accepted extra samples, by photometric interpretation and bits. 0 is unknown, 1 is
# premultiplied alpha, 2 is alpha, and 999 is what Corel Draw wrote instead of 2.
_EXTRAS: dict[tuple[int, int], set[tuple[int, ...]]] = {
    (_GREY, 8): {(0,), (1,), (2,)},
    (_RGB, 8): {(0,) * many for many in (1, 2, 3)}
    | {(alpha, *(0,) * many) for alpha in (1, 2) for many in (0, 1, 2)}
    | {(999,)},
    (_RGB, 16): {(0,), (1,), (2,)},
    (_PALETTE, 8): {(0,), (2,)},
    (_CMYK, 8): {(0,), (0, 0)},
}

# A scanner writes each directory next to its page, so each may take a request to read.
_MAX_BLOCKS_FOR_PAGES = 16


def read(reader: Reader, max_pages: int) -> Header:
    """Read the header of a TIFF.

    Its pages are counted up to one more than `max_pages`, unless that takes too many requests.
    """
    tiff = Directories(reader)
    entries, following = tiff.directory(tiff.first)
    width, height = tiff.integer(entries, _WIDTH) or 0, tiff.integer(entries, _HEIGHT) or 0
    if not width or not height:
        raise corrupt("Its first page has no size.")

    if any(tiff.end_of_values(entries, tag) > reader.size for tag in _DECIDE_PIXELS):
        raise corrupt("It ends before its headers do.")

    seen = {tiff.first}
    frames: int | None
    while following and following not in seen and len(seen) <= max_pages:
        if reader.blocks > _MAX_BLOCKS_FOR_PAGES:
            frames = None
            break
        seen.add(following)
        following = tiff.following(following)
    else:
        frames = len(seen)

    # A decoder holds a whole tile or strip in memory, even if it is larger than the image.
    tile = (tiff.integer(entries, _TILE_WIDTH) or 0) * (tiff.integer(entries, _TILE_HEIGHT) or 0)
    strip = width * min(tiff.integer(entries, _ROWS_PER_STRIP) or height, height)
    samples = max(tiff.integer(entries, _SAMPLES) or 1, 1)
    sample_bytes = max((tiff.integer(entries, _BITS) or 8) / 8, 1)
    as_rgba = 4 if tiff.integer(entries, _PHOTOMETRIC) == _YCBCR else 0
    in_flight = max(tile, strip) * (samples * sample_bytes + as_rgba)
    facts = replace(still_image("image/tiff", width, height), frames=frames)
    facts = replace(facts, taken_at=tiff.taken_at(entries))
    facts = oriented(facts, tiff.orientation(entries))
    white = 4095 if _require_known_kind(tiff, entries) == 12 else 65535
    return Header(facts, 12.0 + in_flight / (width * height), white=white)


def _require_known_kind(tiff: Directories, entries: Entries) -> int:
    """Return the number of bits of a sample.

    Raises ContentRejectedError for an intact page that cannot be decoded here, or that Pillow would
    show wrongly. A test compares the accepted kinds with `OPEN_INFO` of Pillow's TiffImagePlugin.
    """
    if tiff.big and tiff.order == ">":
        raise unsupported("TIFF (big-endian BigTIFF)")
    is_preview = (tiff.integer(entries, _SUBFILE_TYPE) or 0) & 1
    if _DNG_VERSION in entries or (is_preview and _SUB_DIRECTORIES in entries):
        raise unsupported("TIFF (a camera's raw file)")

    compression = tiff.integer(entries, _COMPRESSION) or _RAW
    if compression not in _COMPRESSIONS:
        raise unsupported(f"TIFF (compression {compression})")
    photometric = tiff.integer(entries, _PHOTOMETRIC) or 0
    name = _NAMES.get(photometric)
    if name is None:
        raise unsupported(f"TIFF (photometric interpretation {photometric})")
    if compression == _OLD_JPEG:
        photometric = _YCBCR
        if (tiff.integer(entries, _SAMPLES) or 3) != 3:
            raise unsupported(f"TIFF ({name}, old JPEG)")

    layout = _layout(tiff, entries, photometric, compression)
    if layout is None:
        raise unsupported(f"TIFF ({name} with samples of several sizes)")
    bits, sample_format, extras = layout
    kind = f"{bits}-bit {_FORMAT_NAMES.get(sample_format, '')} {name}".replace("  ", " ")
    if not _is_known(photometric, sample_format, bits, extras):
        raise unsupported(f"TIFF ({kind}{', extra samples' if extras else ''})")
    if tiff.order == ">" and (photometric, sample_format, bits) in _LITTLE_ENDIAN_ONLY:
        raise unsupported(f"TIFF ({kind}, big-endian)")
    if compression == _JPEG and bits == 16:
        raise unsupported(f"TIFF ({kind}, JPEG)")
    is_reversed = tiff.integer(entries, _FILL_ORDER) == 2
    if is_reversed and (bits > 8 or extras or photometric in (_CMYK, _YCBCR, _LAB)):
        raise unsupported(f"TIFF ({kind}, reversed bits)")
    in_planes = tiff.integer(entries, _PLANAR) == 2
    if in_planes and photometric == _YCBCR and tiff.integers(entries, _SUBSAMPLING) != (1, 1):
        raise unsupported(f"TIFF ({kind}, in planes of several sizes)")
    return bits


def _layout(
    tiff: Directories, entries: Entries, photometric: int, compression: int
) -> tuple[int, int, tuple[int, ...]] | None:
    """Return bits and format of the samples, and the extra samples. None if samples differ."""
    extras = tiff.integers(entries, _EXTRA_SAMPLES)
    bits = tiff.integers(entries, _BITS) or (1,)
    formats = set(tiff.integers(entries, _SAMPLE_FORMAT)) or {_UNSIGNED}
    by_default = 3 if compression == _OLD_JPEG else 1
    samples = min(tiff.integer(entries, _SAMPLES) or by_default, _MAX_SAMPLES)
    if tiff.integer(entries, _PLANAR) == 2 and extras and not any(extras):
        samples, extras = samples - len(extras), ()  # unknown planes are ignored
    bits = bits * samples if len(bits) == 1 else bits[:samples]
    if len(bits) != samples or len(set(bits)) != 1 or len(formats) != 1:
        return None
    if photometric == _RGB and samples == 4 and not extras:
        extras = (2,)  # some programs do not write that the fourth is alpha
    if samples != _COLOURS[photometric] + len(extras) and (photometric, samples) != (_YCBCR, 1):
        return None
    return bits[0], formats.pop(), extras


def _is_known(photometric: int, sample_format: int, bits: int, extras: tuple[int, ...]) -> bool:
    if bits not in _DEPTHS.get((photometric, sample_format), ()):
        return False
    return not extras or (
        sample_format == _UNSIGNED and extras in _EXTRAS.get((photometric, bits), ())
    )
