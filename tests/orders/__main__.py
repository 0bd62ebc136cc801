"""`make orders`: what may happen at the same time, in as many orders as there is time for."""

from __future__ import annotations

import argparse
import importlib
import os
import random
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from local.state import ROOT
from local.terminal import say

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- made by make orders -->\n", "<!-- end of make orders -->"
SHOWN = 3
"""How many orders are shown that lead to the same fault."""
CHANCE_ORDERS = 20
"""How many orders by chance are tried in a scene before the next one."""


def main() -> int:
    """Explore, and print what was found. Returns the exit code: 1 if something went wrong."""
    options = _parser().parse_args()
    os.environ["POWERTOOLS_LOG_LEVEL"] = "CRITICAL"
    warnings.simplefilter("ignore")
    sys.path[:0] = [str(ROOT / "functions"), str(ROOT / "cli")]
    importlib.import_module("tests.unit.conftest")  # the settings of functions
    # These import the service's code, which reads the settings.
    explore: Any = importlib.import_module("tests.orders.explore")
    world: Any = importlib.import_module("tests.orders.world")
    with world.play() as played:
        explorer = explore.Explorer(played)
        if options.replay:
            explorer.replay(options.replay)
            say("Nothing is wrong.")
            return 0
        wrong = _explore(explore, explorer, options)
    say(f"\n{explorer}")
    if options.write and not wrong:
        _write(str(explorer))
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make orders", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="for how long (default: 10)")
    parser.add_argument("--seed", type=int, default=7, help="which orders come first (default: 7)")
    parser.add_argument(
        "--only",
        choices=("pairs", "deep", "chance"),
        help="only two operations with one interruption, or with two, or several by chance",
    )
    parser.add_argument("--scene", action="append", help="only this scene; can be repeated")
    parser.add_argument("--replay", metavar="ORDER", help="run this order, as it was printed")
    parser.add_argument("--write", action="store_true", help=f"note it in {PAGE.name}")
    return parser


def _explore(explore: Any, explorer: Any, options: argparse.Namespace) -> Counter[str]:
    """Explore for so many minutes. Returns how often each fault was met."""
    wrong: Counter[str] = Counter()
    end = time.monotonic() + 60 * options.minutes
    for work in _work(explore, explorer, options):
        if time.monotonic() > end:
            break
        try:
            work()
        except explore.OrderError as error:
            wrong[error.kind] += 1
            if wrong[error.kind] <= SHOWN:
                say(str(error))
    return wrong


def _work(explore: Any, explorer: Any, options: argparse.Namespace) -> Iterator[Callable[[], None]]:
    """Yield pieces of work: by turns all orders of two operations, and orders by chance.

    After all pairs with one interruption come those with two.
    """
    chance = random.Random(options.seed)
    scenes = [one for one in explore.SCENES if not options.scene or one.name in options.scene]
    pairs = [(scene, *pair) for scene in scenes for pair in explore.pairs(scene)]
    chance.shuffle(pairs)
    systematic = [(*pair, deep) for deep in (False, True) for pair in pairs]
    if options.only in ("pairs", "deep"):
        systematic = [one for one in systematic if one[-1] == (options.only == "deep")]
    while options.only != "chance" and systematic:
        scene, one, other, deep = systematic.pop(0)
        yield partial(explore.explore_pair, explorer, scene, one, other, deep=deep)
        if options.only is None:
            yield partial(explore.explore_by_chance, explorer, chance.choice(scenes), chance, 5)
    while options.only in (None, "chance"):
        scene = chance.choice(scenes)
        yield partial(explore.explore_by_chance, explorer, scene, chance, CHANCE_ORDERS)


def _write(report: str) -> None:
    """Put the report between the marks on the page."""
    before, rest = PAGE.read_text().split(BEGIN)
    after = rest.split(END, 1)[1]
    lines = "".join(f"- {line}\n" for line in report.splitlines())
    noted = f"\nOn {datetime.now(UTC):%Y-%m-%d}:\n\n{lines}\n"
    PAGE.write_text(before + BEGIN + noted + END + after)


if __name__ == "__main__":
    sys.exit(main())
