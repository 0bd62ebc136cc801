"""`make hostile`: files made to do harm, processed by the real functions within their limits."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from datetime import UTC, datetime

from local.state import ROOT
from local.terminal import say
from tests.hostile import crafted, crafted_videos
from tests.hostile.damaged import damaged
from tests.hostile.run import Report, run

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- made by make hostile -->\n", "<!-- end of make hostile -->"


def main() -> int:
    """Print how all files ended, and with `--write` put it into docs/reliability.md too."""
    parser = argparse.ArgumentParser(prog="make hostile", description=__doc__)
    parser.add_argument(
        "--files", type=int, default=5000, help="how many damaged ones (%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write", action="store_true", help=f"note it in {PAGE.name}")
    options = parser.parse_args()
    files = itertools.chain(
        crafted.files(),
        crafted_videos.files(),
        itertools.islice(damaged(options.seed), options.files),
    )
    report = run(files, seed=options.seed, processes=options.processes)
    say(str(report))
    if options.write:
        write(report)
    return 1 if report.faults else 0


def write(report: Report) -> None:
    """Put the report between the marks on the page."""
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END, 1)[1]
    heading = f"On {datetime.now(UTC):%Y-%m-%d}, on a machine with {os.cpu_count()} cores"
    PAGE.write_text(f"{before}{BEGIN}\n{heading}: {report}\n\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
