"""TIFF (revision 6.0, and BigTIFF): the first page's directory, and how many follow."""

from dataclasses import replace

from photodrop.imaging.formats.exif import Directories, oriented
from photodrop.imaging.formats.reader import Reader
from photodrop.imaging.header import Header, corrupt, still


def read(reader: Reader, max_pages: int) -> Header:
    """Read the header of a TIFF; its pages are counted to one more than `max_pages`."""
    tiff = Directories(reader)
    entries, following = tiff.directory(tiff.first)
    width, height = tiff.integer(entries, 256) or 0, tiff.integer(entries, 257) or 0
    if not width or not height:
        raise corrupt("Its first page has no size.")

    seen = {tiff.first}
    while following and following not in seen and len(seen) <= max_pages:
        seen.add(following)
        _, following = tiff.directory(following)

    # A decoder holds one whole tile or strip, whatever the size of the image it belongs to.
    tile = (tiff.integer(entries, 322) or 0) * (tiff.integer(entries, 323) or 0)
    strip = width * min(tiff.integer(entries, 278) or height, height)
    samples = max(tiff.integer(entries, 277) or 1, 1)
    sample_bytes = max((tiff.integer(entries, 258) or 8) / 8, 1)
    in_flight = max(tile, strip) * samples * sample_bytes
    facts = replace(still("image/tiff", width, height), frames=len(seen))
    facts = replace(facts, taken_at=tiff.taken_at(entries))
    facts = oriented(facts, tiff.orientation(entries))
    return Header(facts, 12.0 + in_flight / (width * height))
