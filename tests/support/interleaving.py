"""Programs that take turns at every call to AWS, in an order that a test chooses."""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from botocore.client import BaseClient


class _Actor:
    """One program in a thread of its own, which runs only while it has the turn."""

    def __init__(self, program: Callable[[], Any]) -> None:
        self._program = program
        self._go, self._waits = threading.Semaphore(0), threading.Semaphore(0)
        self.is_done = False
        self.answer: Any = None
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        self._go.acquire()
        try:
            self.answer = self._program()
        except BaseException as error:
            self.error = error
        self.is_done = True
        self._waits.release()

    def pause(self) -> None:
        """Give the turn back, and wait for the next one."""
        self._waits.release()
        self._go.acquire()

    def step(self) -> None:
        """Let the program run until its next call to AWS, or its end."""
        self._go.release()
        self._waits.acquire()


def interleave(
    programs: Mapping[str, Callable[[], Any]], schedule: Iterable[int]
) -> dict[str, Any]:
    """Run all programs; return their answers. Raises what a program raised.

    Before each call to AWS the next number of `schedule` says which of those that are not done
    goes on. When it has no more, they are finished one after another.
    """
    actors = {name: _Actor(program) for name, program in programs.items()}
    by_thread = {actor.thread: actor for actor in actors.values()}
    call = BaseClient._make_api_call

    def paused_call(client: Any, operation: str, arguments: Any) -> Any:
        actor = by_thread.get(threading.current_thread())
        if actor is not None:
            actor.pause()
        return call(client, operation, arguments)

    for actor in actors.values():
        actor.thread.start()
    turns = iter(schedule)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", paused_call)
        while alive := [actor for actor in actors.values() if not actor.is_done]:
            alive[next(turns, 0) % len(alive)].step()
    for actor in actors.values():
        if actor.error is not None:
            raise actor.error
    return {name: actor.answer for name, actor in actors.items()}
