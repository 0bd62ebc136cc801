"""TIFF by Pillow and libtiff, as it is stored: it is put upright later, when it is small."""

from PIL import ImagePalette, TiffImagePlugin

# libtiff reads what is not compressed, too: Pillow's own reader turns planes of 16 bits into noise,
# and knows neither subsampled colours nor tiles that stand out over the edge.
TiffImagePlugin.READ_LIBTIFF = True

_COLOUR_MAP = 320
# libtiff hands over samples in the processor's order, which is little-endian wherever this runs.
# Pillow takes these for big-endian, as they are in the file.
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
            if max(colours) < 256:  # written with eight bits, where the standard says sixteen
                self.palette = ImagePalette.raw("RGB;L", bytes(colours))

    def load_end(self) -> None:
        """Leave out what Pillow does here: it would turn the whole image."""
