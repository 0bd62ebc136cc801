"""Gap: a function imports what is installed beside the emulator: a layer's gaps are not noticed.

As on Lambda, a worker has the standard library, its own code, its layers, and last the boto3 of the
runtime.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from ministack.core import lambda_runtime

RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
"""What AWS's Python runtimes carry: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html"""


def apply() -> None:
    """Have workers drop the packages of this environment before they import anything."""
    runtime = _link_runtime_packages(Path(os.environ["STATE_DIR"]) / "runtime")
    prelude = (
        "import sys\n"
        "sys.path[:] = [p for p in sys.path if not p.endswith('-packages')]\n"
        f"sys.path.append({str(runtime)!r})\n"
    )
    lambda_runtime._PYTHON_WORKER_SCRIPT = prelude + lambda_runtime._PYTHON_WORKER_SCRIPT


def _link_runtime_packages(runtime: Path) -> Path:
    """Fill a folder with links to RUNTIME_PACKAGES alone; workers cannot reach past it."""
    shutil.rmtree(runtime, ignore_errors=True)
    runtime.mkdir(parents=True)
    for name in RUNTIME_PACKAGES:
        found = importlib.util.find_spec(name)
        if found is None or found.origin is None:
            continue
        source = Path(found.origin)
        source = source.parent if source.name == "__init__.py" else source
        (runtime / source.name).symlink_to(source)
    return runtime
