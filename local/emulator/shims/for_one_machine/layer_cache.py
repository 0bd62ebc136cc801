"""Gap: every worker, at each cold start, unpacks its function's code and all its layers again.

A 53 MB layer makes a burst of 20 cold starts take 16 s. Here each archive is unpacked once, under
STATE_DIR, and workers get a link to it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
import types
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

KEEP_SECONDS = 7 * 24 * 3600
"""What is unused for so long is deleted at the next start: each deploy of new code leaves one."""

_lock = threading.Lock()


def apply() -> None:
    """Give workers a link to a shared copy of what they unpack."""
    cache = Path(os.environ["STATE_DIR"]) / "unpacked"
    _prune(cache)

    class UnpackedOnce(zipfile.ZipFile):
        """A ZipFile whose `extractall` links `path` to one shared copy of the contents."""

        def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
            unpacked = cache / _identity(self)
            with _lock:  # workers start in threads; the first one unpacks, the others wait for it
                if not unpacked.is_dir():
                    partial = unpacked.with_suffix(".partial")
                    shutil.rmtree(partial, ignore_errors=True)
                    super().extractall(partial, members, pwd)
                    partial.rename(unpacked)
                os.utime(unpacked)
            Path(path).rmdir()  # the worker made it, empty
            Path(path).symlink_to(unpacked, target_is_directory=True)
            Path(
                str(self.filename)
            ).unlink()  # the worker's copy of the archive, else kept for its life

    # Only for the worker: the rest of ministack keeps the real zipfile module.
    stand_in = types.ModuleType("zipfile")
    stand_in.__dict__.update(vars(zipfile))
    stand_in.__dict__["ZipFile"] = UnpackedOnce
    lambda_runtime.zipfile = stand_in


def _identity(archive: zipfile.ZipFile) -> str:
    """Name the contents by the central directory (names, sizes, times, CRCs): no data is read."""
    digest = hashlib.sha256()
    for entry in archive.infolist():
        digest.update(
            f"{entry.filename}\0{entry.file_size}\0{entry.CRC}\0{entry.date_time}\n".encode()
        )
    return digest.hexdigest()


def _prune(cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    for entry in cache.iterdir():
        if time.time() - entry.stat().st_mtime > KEEP_SECONDS:
            shutil.rmtree(entry, ignore_errors=True)
