"""`make audit`: whether anything that is installed or shipped has a known vulnerability.

Asks PyPI for everything that the requirements of the checkout and of the layers pin, and npm's
registry for every package-lock.json. A registry that is a mirror may not answer such questions:
then it says so, and that is no failure, because nothing was found.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import tools
from local.bootstrap import BootstrapError
from local.state import ROOT
from local.terminal import fail, say


@dataclass(frozen=True)
class Audit:
    """What was looked up in a file, and what was found. `unanswered` says why nothing was."""

    name: str
    looked_up: int = 0
    vulnerable: tuple[str, ...] = ()
    unanswered: str | None = None

    def __str__(self) -> str:
        if self.unanswered:
            return f"{self.name}: not audited, {self.unanswered}"
        found = "; ".join(self.vulnerable) or "nothing known"
        return f"{self.name}: {self.looked_up} packages, {found}"


def main() -> int:
    """Print what is known of each file. Returns 1 if anything is vulnerable."""
    requirements = sorted(
        [*ROOT.glob("requirements/*.txt"), *ROOT.glob("layers/*/requirements.txt")]
    )
    locks = sorted(_tracked("*package-lock.json"))
    try:
        audits = [python(path) for path in requirements] + [npm(path) for path in locks]
    except BootstrapError as error:
        fail(str(error))
        return 1
    for audit in audits:
        say(str(audit))
    if unanswered := [audit for audit in audits if audit.unanswered]:
        say(
            f"{len(unanswered)} of {len(audits)} files were not audited: the service of advisories"
            " did not answer. Run this where PyPI and npm's registry can be reached themselves."
        )
    return 1 if any(audit.vulnerable for audit in audits) else 0


def python(requirements: Path) -> Audit:
    """Ask PyPI about the packages that a file pins."""
    name = str(requirements.relative_to(ROOT))
    pinned = [line for line in requirements.read_text().splitlines() if "==" in line]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as copy:
        copy.write("\n".join(pinned))  # without the checkout's own package, which is not on PyPI
        copy.flush()
        done = subprocess.run(
            [
                *(tools.program("pip-audit"), "--requirement", copy.name, "--no-deps"),
                *("--disable-pip", "--format", "json", "--progress-spinner", "off"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    return read_pip_audit(name, done.stdout, done.stderr)


def read_pip_audit(name: str, output: str, errors: str) -> Audit:
    """Read what pip-audit found."""
    try:
        packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        return Audit(name, unanswered=_last_line(errors) or "pip-audit said nothing")
    known = [package for package in packages if "vulns" in package]
    if packages and not known:
        return Audit(name, unanswered="PyPI's JSON API does not know the packages")
    vulnerable = tuple(_advisories(package) for package in known if package["vulns"])
    return Audit(name, len(known), vulnerable)


def _advisories(package: dict[str, Any]) -> str:
    ids = ", ".join(advisory["id"] for advisory in package["vulns"])
    return f"{package['name']} {package['version']}: {ids}"


def npm(lock: Path) -> Audit:
    """Ask npm's registry about the packages that a lock file pins."""
    name = str(lock.relative_to(ROOT))
    if not shutil.which("npm"):
        return Audit(name, unanswered="npm is not installed")
    done = subprocess.run(
        ["npm", "audit", "--package-lock-only", "--json"],
        cwd=lock.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return read_npm_audit(name, done.stdout, done.stderr)


def read_npm_audit(name: str, output: str, errors: str) -> Audit:
    """Read what `npm audit --json` found."""
    try:
        report = json.loads(output)
        vulnerabilities, counts = report["vulnerabilities"], report["metadata"]["dependencies"]
    except (ValueError, KeyError):
        return Audit(name, unanswered=_refusal(output) or _last_line(errors) or "npm said nothing")
    vulnerable = tuple(
        f"{found['name']}: {found['severity']}" for found in vulnerabilities.values()
    )
    return Audit(name, counts["total"], vulnerable)


def _refusal(output: str) -> str | None:
    try:
        message = json.loads(output).get("message")
    except ValueError:
        return None
    return f"npm's registry says: {message}" if message else None


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")


def _tracked(pattern: str) -> list[Path]:
    """Return the files of the repository whose names match."""
    listed = subprocess.run(
        ["git", "ls-files", pattern], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / line for line in listed.stdout.splitlines()]


if __name__ == "__main__":
    sys.exit(main())
