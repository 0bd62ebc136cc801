"""The operations of libvips that are used here.

libvips resizes, and decodes PNG and WebP, in much less time than Pillow, because it uses the
processor's vector instructions and works in stripes that fit into its cache.

Only `_libvips` is used, the C functions of libvips by cffi, which comes with libvips itself in the
wheel of pyvips-binary. The binding in Python, pyvips, is published as source only, and layers are
installed from wheels.
"""

import sys
from typing import Any

from _libvips import ffi, lib

from photodrop.imaging.shared_pixels import SharedPixels

if lib.vips_init(sys.executable.encode()):
    raise ImportError("libvips cannot be initialized")
# Refuse what libvips calls untrusted, because it is not fuzzed, and all loaders that are not used.
lib.vips_block_untrusted_set(1)
lib.vips_operation_block_set(b"VipsForeignLoad", 1)
for _loader in (b"VipsForeignLoadPng", b"VipsForeignLoadWebp"):
    lib.vips_operation_block_set(_loader, 0)
# The cache would keep the pixels of images that are no longer needed. Nothing is computed twice.
lib.vips_cache_set_max(0)
# More threads would take more processor time in all.
lib.vips_concurrency_set(1)

_INT = lib.g_type_from_name(b"gint")
_IMAGE = lib.g_type_from_name(b"VipsImage")
_SOURCE = lib.g_type_from_name(b"VipsSource")
_UCHAR = lib.vips_enum_from_nick(b"photodrop", lib.vips_band_format_get_type(), b"uchar")


class LibvipsError(Exception):
    """libvips cannot do what it was asked."""


class Image:
    """An image of libvips with eight bits a channel.

    Its pixels are computed by `to_bytes` or `write_to`.
    """

    def __init__(self, pointer: Any, data: object) -> None:
        if pointer == ffi.NULL:
            raise _error()
        self._pointer = ffi.gc(pointer, lib.g_object_unref)
        self._data = data  # libvips reads it without a copy
        self.size = self._number(b"width"), self._number(b"height")
        self.bands = self._number(b"bands")

    @classmethod
    def from_pixels(cls, pixels: SharedPixels) -> "Image":
        """Return the image of these pixels."""
        width, height = pixels.size
        length = width * height * pixels.bands
        memory = ffi.cast("void *", pixels.address)
        pointer = lib.vips_image_new_from_memory(
            memory, length, width, height, pixels.bands, _UCHAR
        )
        return cls(pointer, pixels)

    @classmethod
    def from_bytes(cls, content: bytes, size: tuple[int, int], bands: int) -> "Image":
        """Return the sRGB image with these samples, row by row."""
        memory = ffi.from_buffer(content)
        pointer = lib.vips_image_new_from_memory(memory, len(content), *size, bands, _UCHAR)
        plain = cls(pointer, memory)
        return cls(_call("copy", "interpretation=srgb", "in", _IMAGE, plain._pointer), memory)

    @classmethod
    def from_file(cls, loader: str, content: bytes, options: str) -> "Image":
        """Return the image in a file, by the loader with this name, such as "pngload"."""
        memory = ffi.from_buffer(content)
        source = lib.vips_source_new_from_memory(memory, len(content))
        if source == ffi.NULL:
            raise _error()
        source = ffi.gc(source, lib.g_object_unref)
        return cls(_call(f"{loader}_source", options, "source", _SOURCE, source), memory)

    def resize(self, size: tuple[int, int], across: float, down: float, gap: float) -> "Image":
        """Return the image scaled by these factors, cut to `size`.

        Reductions by more than `gap` times two begin with averaging whole pixels, and with 0 none
        does.
        """
        options = f"scale={across!r},vscale={down!r},kernel=lanczos3,gap={gap!r}"
        scaled = Image(_call("resize", options, "in", _IMAGE, self._pointer), self._data)
        if scaled.size == size:
            return scaled
        options = f"left=0,top=0,width={size[0]},height={size[1]}"
        return Image(_call("crop", options, "input", _IMAGE, scaled._pointer), self._data)

    def smartcrop(self, size: tuple[int, int]) -> "Image":
        """Return the part of this size that draws attention."""
        options = f"width={size[0]},height={size[1]},interesting=attention"
        return Image(_call("smartcrop", options, "input", _IMAGE, self._pointer), self._data)

    def write_to(self, pixels: SharedPixels) -> None:
        """Compute the pixels, and write them there.

        Raises LibvipsError if they cannot be decoded.
        """
        target = Image.from_pixels(pixels)
        if (target.size, target.bands) != (self.size, self.bands):
            raise LibvipsError("The image has another size than where it is written to.")
        if lib.vips_image_write(self._pointer, target._pointer):
            raise _error()

    def to_bytes(self) -> Any:
        """Return the pixels, row by row, as a buffer.

        Raises LibvipsError if they cannot be decoded.
        """
        length = ffi.new("size_t *")
        pixels = lib.vips_image_write_to_memory(self._pointer, length)
        if pixels == ffi.NULL:
            raise _error()
        return ffi.buffer(ffi.gc(pixels, lib.g_free), length[0])

    def profile(self) -> bytes | None:
        """Return the ICC profile, if there is one."""
        value = ffi.new("GValue *")
        if not lib.vips_image_get_typeof(self._pointer, b"icc-profile-data"):
            return None
        if lib.vips_image_get(self._pointer, b"icc-profile-data", value):
            raise _error()
        length = ffi.new("size_t *")
        profile = bytes(ffi.buffer(lib.vips_value_get_blob(value, length), length[0]))
        lib.g_value_unset(value)
        return profile

    def _number(self, name: bytes) -> int:
        value = ffi.new("GValue *")
        lib.g_value_init(value, _INT)
        lib.g_object_get_property(ffi.cast("GObject *", self._pointer), name, value)
        number: int = lib.g_value_get_int(value)
        return number


def _call(operation: str, options: str, name: str, kind: int, value: Any) -> Any:
    """Build an operation with the argument `name` and other options, and return its image."""
    built = ffi.NULL
    new = lib.vips_operation_new(operation.encode())
    if new != ffi.NULL:
        argument = ffi.new("GValue *")
        lib.g_value_init(argument, kind)
        lib.g_value_set_object(argument, value)
        lib.g_object_set_property(ffi.cast("GObject *", new), name.encode(), argument)
        lib.g_value_unset(argument)
        if not lib.vips_object_set_from_string(ffi.cast("VipsObject *", new), options.encode()):
            built = lib.vips_cache_operation_build(new)
        lib.g_object_unref(new)
    if built == ffi.NULL:
        raise _error()
    result = ffi.new("GValue *")
    lib.g_value_init(result, _IMAGE)
    lib.g_object_get_property(ffi.cast("GObject *", built), b"out", result)
    image = lib.g_value_get_object(result)
    lib.g_object_ref(image)
    lib.g_value_unset(result)
    lib.vips_object_unref_outputs(ffi.cast("VipsObject *", built))
    lib.g_object_unref(built)
    return ffi.cast("VipsImage *", image)


def _error() -> LibvipsError:
    message = ffi.string(lib.vips_error_buffer()).decode(errors="replace").strip()
    lib.vips_error_clear()
    return LibvipsError(message)
