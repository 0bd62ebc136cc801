"""Start-up of each function as packaged, in CPU time of a fresh process that imports it.

    make start                                  # or sam build: leaves the packages in .aws-sam
    python -m benchmarks.cold_start [--rounds 7]

Peers, taking turns with it in each round: the naive function with valid byte code, and the same in
a plain zip (no byte code that is valid: everything is compiled at every cold start). A bare
interpreter is subtracted. Ratios are of medians.
"""

import argparse
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from benchmarks.report import Row, plot_bars
from tests.support.template import resources, template

HERE = Path(__file__).parent
BUILT = HERE.parent / ".aws-sam" / "local"
VARIABLES = set(template()["Globals"]["Function"]["Environment"]["Variables"]) - {
    "AWS_ENDPOINT_URL",
    "LINKS_ENDPOINT_URL",
}
TARGET_OF_NAIVE = 0.65
TARGET_OF_PLAIN_ZIP = 0.20
TARGET_MS = 250


def main() -> None:
    """Print a line per function."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rows(parser.parse_args().rounds)


def rows(rounds: int = 7) -> list[Row]:
    """Measure and print a line per function; return the figures of the slowest API function."""
    functions = resources("AWS::Serverless::Function")
    if not BUILT.is_dir():
        sys.exit("There is nothing in .aws-sam/local: run `make start` once.")
    cases = {"bare": _Case("pass", []), "naive": _Case("import naive_function", [HERE])}
    cases["naive, plain zip"] = _Case("import naive_function", [HERE], plain=True)
    for name, properties in functions.items():
        layers = ["DependenciesLayer", *(layer["Ref"] for layer in properties.get("Layers", []))]
        paths = [BUILT / name, *(BUILT / layer / "python" for layer in layers)]
        cases[name] = _Case(f"import {properties['Handler'].partition('.')[0]}", paths)
    measured: dict[str, list[float]] = {label: [] for label in cases}
    for _ in range(rounds):
        for label, case in cases.items():
            measured[label].append(case.cpu_ms())
    median = {label: statistics.median(times) for label, times in measured.items()}
    bare = median["bare"]
    print(f"start-up CPU over a bare interpreter ({bare:.0f} ms), medians of {rounds}")
    naive, plain = (median[label] - bare for label in ("naive", "naive, plain zip"))
    print(f"{'':28}{'ms':>6}{'of naive':>12}{'of naive, plain zip':>22}")
    for name in list(cases)[1:]:
        ours = median[name] - bare
        print(f"{name:28}{ours:6.0f}{ours / naive:12.2f}{ours / plain:22.2f}")
    print(f"{'target':28}{TARGET_MS:6}{TARGET_OF_NAIVE:12.2f}{TARGET_OF_PLAIN_ZIP:22.2f}")
    of_api = {
        name: median[name] - bare
        for name, properties in functions.items()
        if any(event["Type"] == "Api" for event in properties.get("Events", {}).values())
    }
    bars = sorted(((name, taken / plain, TARGET_OF_PLAIN_ZIP) for name, taken in of_api.items()))
    title = "Start-up of API functions: CPU time, as a part of the naive function's in a plain zip"
    plot_bars("cold_start", title, bars)
    slowest = max(of_api, key=lambda name: of_api[name])
    taken, what = of_api[slowest], f"start-up of the slowest API function ({slowest})"
    return [
        Row(what, taken, "ms", "the naive function, plain zip", taken / plain, TARGET_OF_PLAIN_ZIP),
        Row(what, taken, "ms", "the naive function", taken / naive, TARGET_OF_NAIVE),
        Row(what, taken, "ms", target=TARGET_MS),
    ]


@dataclass(frozen=True)
class _Case:
    code: str
    paths: list[Path]
    plain: bool = False

    def cpu_ms(self) -> float:
        """Run the code in a fresh interpreter; return its CPU time in milliseconds."""
        env = {
            **{name: str(number) for number, name in enumerate(VARIABLES, 1)},
            "AWS_LAMBDA_FUNCTION_NAME": "photodrop",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, self.paths)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        if self.plain:  # byte code is looked for where there is none
            env["PYTHONPYCACHEPREFIX"] = str(HERE / "no-byte-code")
        # What was packaged must do without this environment's packages: -S leaves them out.
        isolated = ["-S"] if self.paths and self.paths != [HERE] else []
        before = getrusage(RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *isolated, "-c", self.code], env=env, check=True)
        after = getrusage(RUSAGE_CHILDREN)
        return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


if __name__ == "__main__":
    main()
