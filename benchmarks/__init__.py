"""What `make bench` measures. `.venv/bin/python -m benchmarks.<name>` runs one of them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "functions"))
