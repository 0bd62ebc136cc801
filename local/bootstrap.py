"""Make `.venv` and `.venv/sam` from the pinned requirements.

Standard library only: it runs before anything is installed. Two environments, because aws-sam-cli
pins another boto3 than the emulator wants. Each is stamped with a hash of its requirements and
interpreter, and left alone while the stamp matches. `.venv` has the command-line client as well, as
it stands in the checkout.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
SAM_VENV = VENV / "sam"
UV = VENV / "bin" / "uv"
STAMP_NAME = ".photodrop-stamp"
OLDEST_PYTHON = (3, 11)


class BootstrapError(Exception):
    """Something a person has to fix; the message says what and how."""


def main() -> int:
    """Bring both environments up to date. Returns the exit code."""
    if sys.version_info < OLDEST_PYTHON:
        return fail(
            f"Photodrop needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}."
        )
    try:
        base = base_python()
        # One at a time: two `make` in a fresh checkout would write over each other.
        fcntl.flock(os.open(ROOT / "requirements", os.O_RDONLY), fcntl.LOCK_EX)
        sync(VENV, ROOT / "requirements" / "dev.txt", base, "the project's packages")
        sync(SAM_VENV, ROOT / "requirements" / "sam.txt", base, "the SAM CLI")
    except BootstrapError as error:
        return fail(str(error))
    return 0


def fail(message: str) -> int:
    """Print `message` on standard error, and return the exit code for it."""
    print(message, file=sys.stderr)
    return 1


def base_python() -> Path:
    """Find the interpreter behind `sys.executable`: run from .venv, that is not .venv itself."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable)


def sync(venv: Path, requirements: Path, base: Path, what: str) -> None:
    """Bring `venv` to exactly what `requirements` says, unless its stamp says it is there."""
    inputs = requirements.read_bytes() + sys.version.encode()
    if venv == VENV:  # which commands the checkout's own package has
        inputs += (ROOT / "pyproject.toml").read_bytes()
    stamp = f"{venv}\n{hashlib.sha256(inputs).hexdigest()}\n"
    stamp_file = venv / STAMP_NAME
    python = venv / "bin" / "python"
    found = stamp_file.read_text() if stamp_file.is_file() else ""
    if found == stamp and python.exists():
        return
    started = time.monotonic()
    print(
        f"  installing {what} into {venv.relative_to(ROOT)} (Python {sys.version.split()[0]}) ...",
        flush=True,
    )
    stamp_file.unlink(missing_ok=True)
    if found and not found.startswith(f"{venv}\n"):
        shutil.rmtree(venv)  # the checkout was moved: scripts hold their interpreter's path
    if not python.exists():
        make_venv(venv, base)
    install(venv, requirements)
    stamp_file.write_text(stamp)
    print(f"  installed {what} in {time.monotonic() - started:.1f} s", flush=True)


def make_venv(venv: Path, base: Path) -> None:
    """Create an empty environment: by venv, or by uv where the machine has it and no ensurepip.

    Raises BootstrapError naming the package to install when neither works (bare Debian, Ubuntu).
    """
    if venv != VENV:
        run([str(UV), "venv", "--quiet", "--python", str(VENV / "bin" / "python"), str(venv)])
        return
    if VENV.exists():
        shutil.rmtree(VENV)
    made = subprocess.run(
        [str(base), "-m", "venv", str(venv)], check=False, capture_output=True, text=True
    )
    if made.returncode == 0:
        return
    shutil.rmtree(venv, ignore_errors=True)
    uv = shutil.which("uv")
    if uv:
        run([uv, "venv", "--quiet", "--seed", "--python", str(base), str(venv)])
        return
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    raise BootstrapError(
        f"{base} cannot create a virtual environment.\n"
        f"On Debian and Ubuntu: apt install python{version}-venv\n"
        "Elsewhere: install uv (https://docs.astral.sh/uv/), or name another interpreter:\n"
        "make start PYTHON=/path/to/python3.13\n"
        f"It said: {(made.stderr or made.stdout).strip()}"
    )


def install(venv: Path, requirements: Path) -> None:
    """Install by uv, which pip brings in first. What the requirements do not name is removed."""
    if not UV.exists():
        pinned = next(
            line
            for line in (ROOT / "requirements" / "dev.txt").read_text().splitlines()
            if line.startswith("uv==")
        )
        run(
            [
                str(VENV / "bin" / "python"),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                pinned.split(";")[0].strip(),
            ]
        )
    run(
        [
            str(UV),
            "pip",
            "sync",
            "--quiet",
            "--python",
            str(venv / "bin" / "python"),
            str(requirements),
        ]
    )


def run(command: list[str]) -> None:
    """Run, letting its output through. Raises BootstrapError with the command when it fails."""
    environment = {**os.environ, "UV_LINK_MODE": os.environ.get("UV_LINK_MODE", "copy")}
    result = subprocess.run(
        command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, check=False
    )
    if result.returncode:
        raise BootstrapError(
            f"This failed with exit code {result.returncode}: {' '.join(command)}\n"
            "Its own message is above. Packages come from PyPI: check the network and the proxy."
        )


if __name__ == "__main__":
    sys.exit(main())
