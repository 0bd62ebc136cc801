"""Reading little of a large file: blocks that are fetched once, within a budget."""

import io
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from photodrop.errors import ContentRejectedError

_KEPT = 4
"""How many of the largest requests are kept. Readers go back and forth between a few places."""


@dataclass
class Ranges:
    """A file that is read in ranges, within a budget of bytes and of requests.

    `fetch` returns `length` bytes from `start`, fewer only at the end of the file. One request
    fetches a block of `block_bytes` where the reader jumps, and twice the last one where it reads
    on, up to `largest_bytes`. Blocks begin at multiples of their size, so that none is fetched in
    two overlapping pieces, and those used last are kept.
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
        """Return `length` bytes, fewer at the end of the file; None: the budget is spent.

        At most `largest_bytes` are read at once.
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
        """Return a block. When it has to be fetched: with those after it, at least up to `end`."""
        if number not in self._blocks and not self._fetch(self._run(number, end)):
            return None
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _run(self, first: int, end: int) -> range:
        """Return the numbers of the blocks to fetch with one request."""
        most = self.largest_bytes // self.block_bytes
        # What is skipped may be as long as what was fetched last: it is still reading on.
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
        while len(self._blocks) > _KEPT * self.largest_bytes // self.block_bytes:
            self._blocks.popitem(last=False)
        return True


class RangedFile(io.RawIOBase):
    """A file to read from and to seek in, of which only ranges are fetched.

    Reading beyond their budget raises ContentRejectedError: `HeaderTooLarge`.
    """

    def __init__(self, ranges: Ranges) -> None:
        self._ranges = ranges
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
        size = self._ranges.size_bytes
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with what comes next; errors of fetching it pass through."""
        data = self._ranges.read(self._at, len(buffer))
        if data is None:
            raise ContentRejectedError(
                "HeaderTooLarge",
                "The file's header is larger, or more scattered, than is accepted.",
            )
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
