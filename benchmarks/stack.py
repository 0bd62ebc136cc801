"""The local stack that some benchmarks need."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.state import DEFAULT_STATE_DIR, Places


@contextmanager
def described() -> Iterator[Path]:
    """Yield the description of a running stack: of PHOTODROP_STACK, or of `make start`.

    If there is none, one is started for as long as it takes.
    """
    path = Path(os.environ.get("PHOTODROP_STACK", Places(DEFAULT_STATE_DIR).stack_file))
    if path.exists():
        yield path
        return
    from tests.conftest import StackProcess  # noqa: PLC0415 - it needs pytest

    print("starting a stack, which takes a minute", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        process = StackProcess(Path(folder) / "stack", "--no-web")
        try:
            process.stack()
            yield process.places.stack_file
        finally:
            process.stop()
