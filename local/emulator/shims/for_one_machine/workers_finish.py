"""Gap: a change of a function's settings kills the calls of it that are under way.

So does one worker that cannot be started: all others of its function are killed with it. On Lambda,
what has begun ends as it would have, and only what comes afterwards meets the new settings.
"""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakSet

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

_replaced: WeakSet[Any] = WeakSet()
"""Workers that end with the call they are in. One that could not start is never given back."""


def apply() -> None:
    """Have workers replaced once they are idle."""
    lambda_runtime.invalidate_worker = lambda_svc.invalidate_worker = _replace
    lambda_runtime.release_worker = lambda_svc.release_worker = _release


def _replace(
    function: str,
    qualifier: str | None = None,
    account: str | None = None,
    region: str | None = None,
) -> None:
    """Let no more calls come to the function's workers; those that are idle end now."""
    wanted = (account, region, function, qualifier)
    idle = []
    with lambda_runtime._lock:
        for key in list(lambda_runtime._workers):
            pairs = zip(wanted, key.split(":"), strict=True)
            if any(value not in (None, part) for value, part in pairs):
                continue
            for worker in lambda_runtime._workers.pop(key):
                if worker.in_use:
                    _replaced.add(worker)
                else:
                    idle.append(worker)
    _kill(idle)


def _release(worker: Any) -> None:
    """Give a worker back to its pool; one that was replaced meanwhile ends."""
    if worker is None:
        return
    with lambda_runtime._lock:
        worker.in_use = False
        was_replaced = worker in _replaced
        _replaced.discard(worker)
    if was_replaced:
        _kill([worker])


def _kill(workers: list[Any]) -> None:
    # Waiting for processes to end would keep the event loop from all other requests.
    if workers:
        threading.Thread(target=lambda_runtime.kill_workers, args=[workers], daemon=True).start()
