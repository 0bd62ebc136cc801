"""Reading parts of a large file in blocks, each fetched once, within a budget."""

import io
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from photodrop.errors import ContentRejectedError

_KEPT_REQUESTS = 4
"""The cache holds as many bytes as this number of the largest requests. Readers go back and forth
between a few positions."""


@dataclass
class Ranges:
    """A file that is read in ranges, within a budget of bytes and of requests.

    `fetch(start, length)` returns `length` bytes, fewer only at the end of the file. After a jump,
    a request fetches one block of `block_bytes`. While the reader reads on, each request fetches
    twice as much as the one before, up to `largest_bytes`. Blocks begin at multiples of their size,
    so that no byte is fetched twice, and the blocks that were used last are kept.
    """

    fetch: Callable[[int, int], bytes]
    size_bytes: int
    block_bytes: int
    largest_bytes: int
    bytes_left: int
    requests_left: int
    fetched_bytes: int = 0
    requests: int = 0
    _blocks: OrderedDict[int, bytes] = field(default_factory=OrderedDict)
    _last: range = range(0)

    def read(self, start: int, length: int) -> bytes | None:
        """Return `length` bytes, fewer at the end of the file, or None when the budget is spent.

        One call returns at most `largest_bytes`.
        """
        length = min(length, self.largest_bytes)
        if length <= 0 or not 0 <= start < self.size_bytes:
            return b""
        end = min(start + length, self.size_bytes)
        parts = []
        for number in range(start // self.block_bytes, -(-end // self.block_bytes)):
            block = self._block(number, -(-end // self.block_bytes))
            if block is None:
                return None
            begin = number * self.block_bytes
            parts.append(block[max(start - begin, 0) : end - begin])
        return b"".join(parts)

    def _block(self, number: int, end: int) -> bytes | None:
        """Return a block. If it has to be fetched, fetch those up to `end` with it."""
        if number not in self._blocks and not self._fetch(self._run(number, end)):
            return None
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _run(self, first: int, end: int) -> range:
        """Return the numbers of the blocks to fetch with one request."""
        most = self.largest_bytes // self.block_bytes
        # A jump forward by no more than the last request fetched still counts as reading on.
        reads_on = first in range(self._last.stop, self._last.stop + len(self._last))
        count = min(2 * len(self._last), most) if reads_on else 1
        stop = min(max(first + count, end), first + most, -(-self.size_bytes // self.block_bytes))
        kept = (number for number in range(first, stop) if number in self._blocks)
        return range(first, next(kept, stop))

    def _fetch(self, run: range) -> bool:
        start = run.start * self.block_bytes
        length = min(run.stop * self.block_bytes, self.size_bytes) - start
        if length > self.bytes_left or not self.requests_left:
            return False
        self.requests_left -= 1
        self.requests += 1
        self.bytes_left -= length
        data = self.fetch(start, length)
        self.fetched_bytes += len(data)
        self._last = run
        for number in run:
            begin = number * self.block_bytes - start
            self._blocks[number] = data[begin : begin + self.block_bytes]
        while len(self._blocks) > _KEPT_REQUESTS * self.largest_bytes // self.block_bytes:
            self._blocks.popitem(last=False)
        return True


class SeekableFile(io.RawIOBase):
    """Base of files that are read from elsewhere: it keeps the position, `_at`, in bytes."""

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position, in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position, in bytes, and return it."""
        end = self._size_bytes
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: end}[whence]
        self._at = max(0, start + offset)
        return self._at


class RangedFile(SeekableFile):
    """A file over `Ranges`.

    Reading beyond the budget raises ContentRejectedError with the code `HeaderTooLarge`.
    """

    def __init__(self, ranges: Ranges) -> None:
        super().__init__(ranges.size_bytes)
        self._ranges = ranges

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with the next bytes. Errors of `fetch` pass through."""
        data = self._ranges.read(self._at, len(buffer))
        if data is None:
            raise ContentRejectedError(
                "HeaderTooLarge",
                "The file's header is larger, or more scattered, than is accepted.",
            )
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
