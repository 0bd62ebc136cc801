"""Memory for decoders in pages of 2 MiB.

Each child of the sandbox starts with hardly any memory of its own, and the kernel hands it out page
by page. In pages of 4 KiB, a photo of 12 megapixels needs 10,000 of them, which takes a fifth of
its processor time on a virtual machine.
"""

import ctypes
import sys

# What a photo of a phone needs, and more. What a child needs beyond comes in small pages.
_RESERVED_BYTES = 64 * 1024**2
_HUGE_PAGE_BYTES = 2 * 1024**2
_PAGE_BYTES = 4096
_M_TOP_PAD = -2
_MADV_HUGEPAGE = 14


def reserve() -> None:
    """Extend the heap by address space that the kernel fills with large pages once it is used.

    Children that are forked later inherit it. Where the kernel has no large pages for those who ask
    for them, nothing changes.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    libc.malloc.restype = libc.sbrk.restype = ctypes.c_void_p
    libc.malloc.argtypes = [ctypes.c_size_t]
    libc.sbrk.argtypes = [ctypes.c_ssize_t]
    libc.free.argtypes = [ctypes.c_void_p]
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]

    # With this setting, the heap grows by that much more than is asked for. It does not shrink:
    # see MALLOC_TRIM_THRESHOLD_ in the configuration.
    libc.mallopt(_M_TOP_PAD, _RESERVED_BYTES)
    block = libc.malloc(_HUGE_PAGE_BYTES)
    end = libc.sbrk(0)
    libc.free(block)
    if block is None or not block < end < block + 2 * _RESERVED_BYTES:
        return  # it is not on the heap
    start = -(-block // _HUGE_PAGE_BYTES) * _HUGE_PAGE_BYTES
    libc.madvise(start, (end - start) // _PAGE_BYTES * _PAGE_BYTES, _MADV_HUGEPAGE)
