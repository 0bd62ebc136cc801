"""Decoding TIFF with Pillow and libtiff, without applying the orientation.

Applying it after resizing is faster.
"""

from PIL import ImagePalette, TiffImagePlugin

# libtiff also reads uncompressed files. Pillow's own reader turns planes of 16 bits into noise, and
# supports neither subsampled colours nor tiles that extend beyond the edge.
TiffImagePlugin.READ_LIBTIFF = True

_COLOUR_MAP = 320
# libtiff returns samples in the byte order of the processor, which is little-endian wherever this
# runs. Pillow treats these modes as big-endian, as they are in the file.
_NATIVE = {"I;16BS": "I;16S", "I;32BS": "I;32S", "F;32BF": "F;32F"}


class StoredTiffFile(TiffImagePlugin.TiffImageFile):
    """The first page of a TIFF."""

    def _setup(self) -> None:
        super()._setup()
        self._size = self._tile_size
        self.tile = [
            tile._replace(args=(_NATIVE.get(tile.args[0], tile.args[0]), *tile.args[1:]))
            for tile in self.tile
            if isinstance(tile.args, tuple)
        ]
        if self.mode in ("P", "PA"):
            colours = self.tag_v2[_COLOUR_MAP]
            if max(colours) < 256:  # the values have eight bits instead of the standard's sixteen
                self.palette = ImagePalette.raw("RGB;L", bytes(colours))

    def load_end(self) -> None:
        """Do nothing. Pillow's own method applies the orientation to the whole image."""
