"""Programs that take turns at every call to AWS, in an order that a test chooses."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from botocore.client import BaseClient

Program = Callable[[], Any]


class _Actor:
    """One program in a thread of its own, which runs only while it has the turn."""

    def __init__(self, program: Program) -> None:
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


def interleave(programs: Sequence[Program], schedule: Iterable[tuple[int, int]]) -> list[Any]:
    """Run all programs; return their answers in order. Raises what a program raised.

    Each pair of `schedule` is the number of a program, and how many calls to AWS it goes on for.
    When there are no more, the programs are finished one after another.
    """
    actors = [_Actor(program) for program in programs]
    by_thread = {actor.thread: actor for actor in actors}
    call = BaseClient._make_api_call

    def paused_call(client: Any, operation: str, arguments: Any) -> Any:
        actor = by_thread.get(threading.current_thread())
        if actor is not None:
            actor.pause()
        return call(client, operation, arguments)

    for actor in actors:
        actor.thread.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", paused_call)
        for number, calls in schedule:
            # The first step of a program brings it to its first call, and makes none.
            for _ in range(calls + 1):
                if not actors[number].is_done:
                    actors[number].step()
        for actor in actors:
            while not actor.is_done:
                actor.step()
    for actor in actors:
        if actor.error is not None:
            raise actor.error
    return [actor.answer for actor in actors]


def count_calls(program: Program) -> int:
    """Run a program; return how many calls to AWS it made."""
    count = 0
    call = BaseClient._make_api_call

    def counting_call(client: Any, operation: str, arguments: Any) -> Any:
        nonlocal count
        count += 1
        return call(client, operation, arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", counting_call)
        program()
    return count
