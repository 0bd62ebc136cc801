"""Fixtures that run a test twice: it must pass with the shims, and fail with the stock emulator.

The second half is what tells us, when ministack is upgraded, that a gap has been closed and its
shim can go: its `stock` case then passes, which `strict` reports as a failure.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.emulator.settings import MINISTACK_VERSION
from local.emulator.shims import NAMES
from tests.local.small_stack import SmallStack, running

IS_A_GAP = pytest.mark.xfail(
    strict=True,
    raises=(AssertionError, KeyError, ValueError),
    reason=f"a gap of ministack {MINISTACK_VERSION}",
)


@pytest.fixture(scope="module")
def shimmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    with running(tmp_path_factory.mktemp("shimmed")) as stack:
        yield stack


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    with running(tmp_path_factory.mktemp("stock"), without_shims=NAMES) as stack:
        yield stack


@pytest.fixture(
    params=[
        "shimmed",
        pytest.param("stock", marks=IS_A_GAP),
    ]
)
def stack(request: pytest.FixtureRequest) -> SmallStack:
    found: SmallStack = request.getfixturevalue(request.param)
    return found
