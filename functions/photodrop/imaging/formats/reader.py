"""Bounded random access to a file of which only a few ranges are fetched."""

from typing import BinaryIO

from photodrop.imaging.header import corrupt

BLOCK_BYTES = 65_536
# No real header needs more. It bounds the ranged requests, and the time, that a crafted file costs.
_MAX_BLOCKS = 256
_MAX_READS = 20_000


class Reader:
    """Bounded random access to a file: what is not there raises CorruptImage."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.size = size
        self._stream = stream
        self._blocks: set[int] = set()
        self._reads = 0

    @property
    def blocks(self) -> int:
        """How many different blocks were read from."""
        return len(self._blocks)

    def up_to(self, offset: int, count: int) -> bytes:
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

    def at(self, offset: int, count: int) -> bytes:
        """Return exactly `count` bytes from `offset`."""
        data = self.up_to(offset, count)
        if len(data) < count:
            raise corrupt("It ends before its headers do.")
        return data


class BytesReader:
    """The reader's face over bytes in memory, for EXIF blocks; what is not there is empty."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def up_to(self, offset: int, count: int) -> bytes:
        """Return `count` bytes from `offset`, or fewer at the end of the bytes."""
        return self._data[offset : offset + count]
