"""Where a local stack keeps its things, and who is using it."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_STATE_DIR = ROOT / ".local"
SAM_DIR = ROOT / ".aws-sam"


class InUseError(Exception):
    """Another process holds this local stack; the message says which."""


@dataclass(frozen=True)
class Places:
    """The files of one local stack, all below `root`."""

    root: Path

    @property
    def emulator_state(self) -> Path:
        """What the emulator writes at SIGTERM and reads at start."""
        return self.root / "state"

    @property
    def emulator_log(self) -> Path:
        """The emulator's output, functions' included. Begun anew at each start."""
        return self.root / "emulator.log"

    @property
    def sam_log(self) -> Path:
        """Output of the last `sam build` and `sam deploy`."""
        return self.root / "sam.log"

    @property
    def web_log(self) -> Path:
        """Output of npm and Vite."""
        return self.root / "web.log"

    @property
    def stack_file(self) -> Path:
        """How to reach the running stack; exists while it runs."""
        return self.root / "stack.json"

    @property
    def lock_file(self) -> Path:
        """Held by the process that runs this stack; names it."""
        return self.root / "lock"


@contextmanager
def held(places: Places, owner: str) -> Iterator[None]:
    """Hold the stack at `places` for this process.

    The lock is the kernel's: it goes with the process, however that ends. Raises InUseError.
    """
    places.root.mkdir(parents=True, exist_ok=True)
    with places.lock_file.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise InUseError(f"Photodrop is already running here: {holder}.") from error
        file.truncate(0)
        file.write(f"{owner}, process {os.getpid()}")
        file.flush()
        yield


@contextmanager
def waiting_lock(path: Path) -> Iterator[None]:
    """Hold `path` exclusively, waiting for whoever has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_json(path: Path, content: Any) -> None:
    """Write `content` so that a reader sees all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
