"""Programs that tests run to their end."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.state import ROOT
from tests.support.patience import PATIENCE_SECONDS


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout_seconds: float = PATIENCE_SECONDS,
) -> subprocess.CompletedProcess[str]:
    """Run a program without any input. Returns its exit code and what it wrote."""
    return subprocess.run(
        command,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )


def run_script(script: str, env: Mapping[str, str]) -> str:
    """Run a Bash script at the root of the project. Returns what it wrote, if no command failed."""
    done = run(["bash", "-euo", "pipefail", "-c", script], env=env, cwd=ROOT)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout
