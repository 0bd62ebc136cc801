"""Reading parts of a header, with a limit of how much."""

from typing import BinaryIO

from photodrop.imaging.header import corrupt

BLOCK_BYTES = 65_536
# No real header needs more. The limits bound the requests and the time that a crafted file costs.
_MAX_BLOCKS = 256
_MAX_READS = 20_000


class Reader:
    """Reads parts of a file. Reading too much raises ContentRejectedError: `CorruptImage`."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.size = size
        self._stream = stream
        self._blocks: set[int] = set()
        self._reads = 0

    @property
    def blocks(self) -> int:
        """From how many different blocks something was read."""
        return len(self._blocks)

    def read_up_to(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset`, or fewer at the end of the file."""
        self._reads += 1
        if offset >= self.size:
            return b""
        count = min(count, self.size - offset)
        last = (offset + max(count, 1) - 1) // BLOCK_BYTES
        self._blocks.update(range(offset // BLOCK_BYTES, last + 1))
        if self._reads > _MAX_READS or len(self._blocks) > _MAX_BLOCKS:
            raise corrupt("Its headers are longer than those of any real photo.")
        self._stream.seek(offset)
        parts = []
        while count > 0 and (part := self._stream.read(count)):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def read_exactly(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset`, or raise ContentRejectedError at the end."""
        data = self.read_up_to(offset, count)
        if len(data) < count:
            raise corrupt("It ends before its headers do.")
        return data


class BytesReader:
    """A reader of bytes in memory, for EXIF blocks. Beyond the end it returns nothing."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read_up_to(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset`, or fewer at the end of the bytes."""
        return self._data[offset : offset + count]
