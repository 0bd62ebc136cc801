"""Operations that run at the same time, and take turns at every call of AWS.

Each one runs in a thread of its own and stops before each of its calls. Only the one whose turn it
is goes on, so the same order gives the same run. One that stands before a call can be killed there.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter

_current = threading.local()


class KilledError(BaseException):
    """The process of this operation is gone: nothing in it can catch this."""


@dataclass(frozen=True)
class Turn:
    """An operation goes on for this many calls of AWS, or to its end. Or it is killed."""

    name: str
    calls: int | None = None
    is_killed: bool = False

    def __str__(self) -> str:
        if self.is_killed:
            return f"{self.name} killed"
        return self.name if self.calls is None else f"{self.name} {self.calls}"

    @classmethod
    def read(cls, text: str) -> "Turn":
        """Parse what `str` has made."""
        name, _, last = text.strip().rpartition(" ")
        if name and last == "killed":
            return cls(name, is_killed=True)
        if name and last.isdecimal():
            return cls(name, int(last))
        return cls(text.strip())


Order = tuple[Turn, ...]
"""Whose turn it is. What is not finished at the end goes on in the order of the operations."""


def describe(order: Sequence[Turn]) -> str:
    """Write an order as `read` takes it."""
    return ", ".join(map(str, order))


def read(text: str) -> Order:
    """Parse an order: "delete 3, upload, delete killed"."""
    return tuple(Turn.read(part) for part in text.split(","))


class Actor:
    """One operation in its thread."""

    def __init__(self, name: str, operation: Callable[[], Any]) -> None:
        self.name = name
        self.calls = 0
        self.is_started = self.is_done = self.is_killed = False
        self.answer: Any = None
        self.error: BaseException | None = None
        self._operation = operation
        self._go, self._waits = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Bring it to its first call of AWS."""
        if not self.is_started:
            self.is_started = True
            self._thread.start()
            self._step()

    def step(self) -> None:
        """Let it make one call, and bring it to the next one or to its end."""
        self.calls += 1
        self._step()

    def kill(self) -> None:
        """End it where it stands."""
        if self.is_started and not self.is_done:
            self.is_killed = True
            self._step()
        self.is_killed = self.is_done = True

    def pause(self) -> None:
        """Stand before a call of AWS. Only the thread of this operation calls this."""
        if not self.is_killed:
            # Powertools keeps the current request in a class: there is one at a time on AWS.
            names = ("current_event", "lambda_context")
            kept = {name: getattr(BaseRouter, name, None) for name in names}
            self._waits.release()
            self._go.acquire()
            for name, value in kept.items():
                setattr(BaseRouter, name, value)
        if self.is_killed:
            raise KilledError

    def _step(self) -> None:
        self._go.release()
        self._waits.acquire()

    def _run(self) -> None:
        _current.actor = self
        self._go.acquire()
        try:
            self.answer = self._operation()
        except KilledError:
            self.is_killed = True
        except BaseException as error:
            self.error = error
        self.is_done = True
        self._waits.release()


def pause() -> None:
    """Stand before a call of AWS, if this thread is one of an operation."""
    if actor := getattr(_current, "actor", None):
        actor.pause()


def run(actors: Sequence[Actor], order: Sequence[Turn]) -> None:
    """Run operations in an order. A killed one stays as it is, all others are finished.

    Raises what an operation raised.
    """
    by_name = {actor.name: actor for actor in actors}
    rest = [Turn(actor.name) for actor in actors]
    for turn in (*order, *rest):
        actor = by_name[turn.name]
        if turn.is_killed:
            actor.kill()
        else:
            _go_on(actor, turn.calls)
    for actor in actors:
        if actor.error is not None:
            raise actor.error


def _go_on(actor: Actor, calls: int | None) -> None:
    actor.start()
    made = 0
    while not actor.is_done and (calls is None or made < calls):
        actor.step()
        made += 1


def finish(actors: Sequence[Actor]) -> None:
    """End the threads of a run that was given up."""
    for actor in actors:
        with suppress(Exception):
            actor.kill()
