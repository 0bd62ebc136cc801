"""Pixels that Pillow and libvips share, because copies cost time and memory.

Pillow tells where its pixels are by the Arrow C data interface
(https://arrow.apache.org/docs/format/CDataInterface.html).
"""

import ctypes

from PIL import Image


class _ArrowArray(ctypes.Structure):
    """The beginning of `struct ArrowArray`."""


_ArrowArray._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_ArrowArray))),
]

_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype = ctypes.c_void_p
_pointer_of.argtypes = [ctypes.py_object, ctypes.c_char_p]


class SharedPixels:
    """The pixels of an image, row by row, where Pillow keeps them. This object keeps them alive.

    `bands` is 4 for RGB, too: Pillow keeps three channels with an unused byte.

    Raises ValueError if they are not in one piece, as those of very large images.
    """

    def __init__(self, image: Image.Image) -> None:
        image.load()
        _, self._capsule = image.__arrow_c_array__()
        array = _ArrowArray.from_address(_pointer_of(self._capsule, b"arrow_array"))
        # Several channels are one child: a list of the samples of all pixels.
        samples = array.children[0].contents if array.n_children else array
        width, height = image.size
        self.size = width, height
        self.bands = samples.length // (width * height)
        self.address = int(samples.buffers[1])
