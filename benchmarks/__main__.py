"""`make bench`: every benchmark, each against its named peers; results.md holds what they found.

python -m benchmarks [NAME ...]    # only these; the others' results are left out of the report
"""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import report
from benchmarks.report import Row
from benchmarks.stack import described

HERE = Path(__file__).parent
BENCHMARKS = (
    "thumbnails",
    "quality",
    "cold_start",
    "warm_requests",
    "signing",
    "delivery",
    "scale",
    "event_simulation",
    "pipeline",
    "load",
)
NEED_A_STACK = ("load", "pipeline")


def main() -> int:
    """Run them one after another, and write the report. Returns 1 when one could not run."""
    names = sys.argv[1:] or BENCHMARKS
    if not (HERE / "node_modules").is_dir():  # sharp, the peer that makes thumbnails
        subprocess.run(["npm", "ci", "--silent", "--prefix", HERE], check=True)
    results: dict[str, list[Row]] = {}
    failed = []
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        for name in names:
            print(f"\n== {name}\n", flush=True)
            if name in NEED_A_STACK:  # the same one, if none is running
                os.environ["PHOTODROP_STACK"] = str(stack.enter_context(described()))
            file = Path(folder) / f"{name}.json"
            command = [sys.executable, "-m", "benchmarks.collect", name, str(file)]
            if subprocess.run(command, check=False).returncode:
                failed.append(name)
            else:
                results[name] = [Row(**row) for row in json.loads(file.read_text())]
    report.write(results, failed, load)
    if len(results) == len(BENCHMARKS):
        report.write_readme(results)
    print(f"\nThe report: {report.RESULTS.relative_to(Path.cwd())}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
