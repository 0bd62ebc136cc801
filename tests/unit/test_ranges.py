"""Reading little of a large file: what is fetched, and how much at most."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photodrop.errors import ContentRejectedError
from photodrop.ranges import RangedFile, Ranges

KILOBYTE = 1024


class Source:
    """A file that remembers what was fetched of it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.fetched: list[tuple[int, int]] = []

    def fetch(self, start: int, length: int) -> bytes:
        self.fetched.append((start, length))
        return self.content[start : start + length]

    def ranges(self, **other: Any) -> Ranges:
        defaults: dict[str, Any] = {
            "block_bytes": KILOBYTE,
            "largest_bytes": 16 * KILOBYTE,
            "bytes_left": 10**9,
            "requests_left": 10**9,
        }
        return Ranges(self.fetch, len(self.content), **(defaults | other))


def test_blocks_grow_where_it_is_read_on_and_are_kept() -> None:
    source = Source(bytes(range(256)) * 400)
    ranges = source.ranges()
    at = 0
    while block := ranges.read(at, 300):
        assert block == source.content[at : at + len(block)]
        at += len(block)
    assert at == len(source.content)
    assert [length // KILOBYTE for _, length in source.fetched[:6]] == [1, 2, 4, 8, 16, 16]
    count = len(source.fetched)
    assert ranges.read(len(source.content) - 10, 100) == source.content[-10:]
    assert ranges.read(len(source.content), 100) == b""
    assert len(source.fetched) == count


def test_skipping_a_little_is_reading_on() -> None:
    source = Source(bytes(1_000_000))
    ranges = source.ranges()
    for at in range(0, 500_000, 1500):
        ranges.read(at, 4)
    assert len(source.fetched) < 40


def test_going_back_and_forth_between_two_places_fetches_each_once() -> None:
    source = Source(bytes(1_000_000))
    ranges = source.ranges()
    for step in range(1000):
        # Each a little before the last one: what is fetched must not depend on where it began.
        assert ranges.read(500_999 - step % 400, 8) == bytes(8)
        assert ranges.read(900_999 - step % 400, 8) == bytes(8)
    assert len(source.fetched) <= 4


def test_what_was_used_last_is_kept() -> None:
    source = Source(bytes(10_000_000))
    ranges = source.ranges()
    for place in range(1, 200):
        ranges.read(0, 8)
        ranges.read(place * 40_000, 8)
    assert source.fetched.count((0, KILOBYTE)) == 1
    assert len(ranges._blocks) <= 64


@pytest.mark.parametrize("budget", [{"bytes_left": 3 * KILOBYTE}, {"requests_left": 3}])
def test_beyond_its_budget_a_file_is_refused(budget: dict[str, int]) -> None:
    source = Source(bytes(1_000_000))
    file = RangedFile(source.ranges(**budget))
    for at in (0, 100_000, 200_000, 2):
        file.seek(at)
        assert file.read(4) == bytes(4)
    file.seek(300_000)
    with pytest.raises(ContentRejectedError, match="HeaderTooLarge"):
        file.read(4)
    assert len(source.fetched) == 3


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 500)), max_size=30),
    st.integers(0, 5000),
    st.integers(1, 300),
    st.integers(1, 4),
)
def test_ranges_give_what_is_there_and_keep_to_the_budget(
    reads: list[tuple[int, int]], budget: int, block: int, most: int
) -> None:
    source = Source(bytes(range(250)) * 10)
    ranges = source.ranges(bytes_left=budget, block_bytes=block, largest_bytes=most * block)
    for start, length in reads:
        found = ranges.read(start, length)
        if found is not None:
            assert found == source.content[start : start + min(length, most * block)]
    assert sum(length for _, length in source.fetched) <= budget
