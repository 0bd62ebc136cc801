"""`make fuzz`: requests that the API's description allows, and some that it does not."""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from local.state import ROOT
from local.terminal import say
from tests.conftest import StackProcess
from tests.description.run import Result, run

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- made by make fuzz -->\n", "<!-- end of make fuzz -->"


def main() -> int:
    """Print what was sent and what is wrong; with `--write` note it in docs/reliability.md too."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=50, help="of each operation (%(default)s)")
    parser.add_argument("--phases", default="coverage,fuzzing,stateful", help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"note it in {PAGE.name}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="photodrop-fuzz-") as folder:
        site = StackProcess(
            Path(folder) / "stack",
            *("--no-web", "--no-sample", "--parameter", "UploadsPerMinute=60000"),
        )
        try:
            result = run(
                site.stack(),
                Path(folder),
                examples=options.examples,
                phases=options.phases,
                seed=options.seed,
            )
        finally:
            site.stop()
    say(result.output)
    if options.write:
        write(result, options.phases, options.seed)
    return result.exit_code


def write(result: Result, phases: str, seed: int) -> None:
    """Put the figures between the marks on the page."""
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END, 1)[1]
    found = "no failure" if result.exit_code == 0 else "failures"
    counts = ", ".join(
        f"{count} with {status}" for status, count in sorted(result.statuses.items())
    )
    noted = (
        f"On {datetime.now(UTC):%Y-%m-%d}: {result.statuses.total()} requests of seed {seed} in the"
        f" phases {phases.replace(',', ', ')}, {found}.\nAnswered were {counts}.\n"
    )
    PAGE.write_text(f"{before}{BEGIN}\n{noted}\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
