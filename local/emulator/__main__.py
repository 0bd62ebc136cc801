"""`python -m local.emulator`: the emulator in this process, configured by its environment."""

from __future__ import annotations

import importlib.metadata
import sys

from local.emulator.settings import MINISTACK_VERSION
from local.parent import stop_with_parent


def refuse_other_versions() -> None:
    """Exit unless this is the version whose private functions the shims reach into."""
    try:
        installed = importlib.metadata.version("ministack")
    except importlib.metadata.PackageNotFoundError:
        sys.exit(
            "ministack is not installed in this environment: run `make start`, which installs it."
        )
    if installed != MINISTACK_VERSION:
        sys.exit(
            f"ministack {installed} is installed; the shims are for {MINISTACK_VERSION}.\n"
            "Install that one (`make start` does). Or check each shim against the new one with\n"
            "tests/local/test_emulator_shims.py, then change it in local/emulator/settings.py."
        )


def main() -> None:
    """Serve until SIGTERM."""
    refuse_other_versions()
    stop_with_parent()
    # Only now: importing ministack needs it to be there, and reads the environment.
    from ministack.app import main as serve  # noqa: PLC0415

    from local.emulator import faults, recording, shims  # noqa: PLC0415

    shims.apply()
    faults.apply()
    recording.apply()
    serve()


if __name__ == "__main__":
    main()
