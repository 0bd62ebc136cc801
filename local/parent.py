"""Stop with the process one belongs to, however that ends: a killed test run leaves nothing."""

from __future__ import annotations

import os
import signal
import threading
import time

VARIABLE = "PHOTODROP_PARENT"
"""Environment variable with the process id to watch; absent, there is none."""

_INTERVAL_SECONDS = 0.5


def stop_with_parent() -> None:
    """Send this process SIGTERM once the process named in PHOTODROP_PARENT is gone."""
    parent = int(os.environ.pop(VARIABLE, "0"))
    if not parent:
        return
    # A killed parent may linger as a zombie, but its children get another parent at once.
    is_direct = os.getppid() == parent

    def watch() -> None:
        while os.getppid() == parent if is_direct else _exists(parent):
            time.sleep(_INTERVAL_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # someone else's, so it exists
        return True
    return True
