"""`make storm`: many uploads on a bad day."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from local.terminal import say
from tests.storm.run import run


def main() -> None:
    """Print how it went."""
    parser = argparse.ArgumentParser(prog="make storm", description=__doc__)
    parser.add_argument("--uploads", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="photodrop-storm-") as folder:
        say(str(run(Path(folder), **vars(options))))


if __name__ == "__main__":
    main()
