"""Programs that tests and checks run, in an environment of their own: requirements/tools.txt."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from local import bootstrap

VENV = bootstrap.VENV / "tools"


def program(name: str) -> Path:
    """Return the path of a program. All of them are installed when the first one is asked for.

    Raises BootstrapError.
    """
    requirements = bootstrap.ROOT / "requirements"
    lock = os.open(requirements, os.O_RDONLY)
    try:
        # One at a time: tests run in several processes.
        fcntl.flock(lock, fcntl.LOCK_EX)
        bootstrap.sync(VENV, requirements / "tools.txt", bootstrap.base_python(), "tools for tests")
    finally:
        os.close(lock)
    return VENV / "bin" / name
