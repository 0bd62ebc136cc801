"""Runs one benchmark in a process of its own, and writes its rows as JSON.

python -m benchmarks.collect NAME FILE
"""

import json
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Run the benchmark that the first argument names."""
    name, file = sys.argv[1:]
    rows = import_module(f"benchmarks.{name}").rows()
    Path(file).write_text(json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main()
