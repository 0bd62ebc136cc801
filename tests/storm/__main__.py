"""`make storm`: many uploads on a bad day."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from local.state import ROOT
from local.terminal import say
from tests.storm.run import Report, run

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- made by make storm -->\n", "<!-- end -->"


def main() -> None:
    """Print how it went, and with `--write` put it into docs/reliability.md too."""
    parser = argparse.ArgumentParser(prog="make storm", description=__doc__)
    parser.add_argument("--uploads", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", action="store_true", help=f"note it in {PAGE.name}")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="photodrop-storm-"))
    try:
        report = run(folder, uploads=options.uploads, clients=options.clients, seed=options.seed)
    except BaseException:
        say(f"What was stored and logged until then is in {folder}.")
        raise
    shutil.rmtree(folder)
    say(str(report))
    if options.write:
        write(report)


def write(report: Report) -> None:
    """Put the report between the marks on the page."""
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END, 1)[1]
    lines = "".join(f"- {line}\n" for line in str(report).splitlines())
    noted = (
        f"\nOn {datetime.now(UTC):%Y-%m-%d}, on a machine with {os.cpu_count()} cores:\n\n{lines}\n"
    )
    PAGE.write_text(before + BEGIN + noted + END + after)


if __name__ == "__main__":
    main()
