"""`make bench`: every benchmark, each against its named peers.

The load on a running stack is measured apart, by `python -m benchmarks.load`: it needs the machine
for itself.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Run them one after another. Returns 1 when one could not run."""
    if not (HERE / "node_modules").is_dir():  # sharp, the peer that makes thumbnails
        subprocess.run(["npm", "ci", "--silent", "--prefix", HERE], check=True)
    failed = 0
    for name in ("signing", "cold_start", "warm_requests", "thumbnails", "quality"):
        print(f"\n== {name}\n", flush=True)
        failed |= subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"], check=False
        ).returncode
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
