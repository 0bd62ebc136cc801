"""Running operations in many orders, and judging what each leads to."""

from __future__ import annotations

import gc
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import product

from tests.orders import scheduler
from tests.orders.judge import Watch, fingerprint, judge, photos
from tests.orders.operations import NOT_KILLED, REPEATED, expire, operation
from tests.orders.scenes import BY_NAME, SCENES, Scene
from tests.orders.scheduler import Actor, Order, Turn, describe
from tests.orders.world import Saved, World

HOUR, DAY = 3600, 24 * 3600
ROUNDS = (HOUR // 3, 3 * HOUR, 4 * DAY, 2 * DAY, 31 * DAY, DAY)
"""How many seconds pass before each run of ExpireUploads, as long as a photo is due."""

GARBAGE_ORDERS = 200
"""After how many orders the copies of moto's state are collected. Python itself would wait until
they take half a gigabyte."""

__all__ = [
    "SCENES", "Explorer", "OrderError", "Scene", "explore_by_chance", "explore_pair", "pairs",
]  # fmt: skip


class OrderError(AssertionError):
    """An order that leads to something wrong. Its text has what repeats it."""

    def __init__(self, scene: Scene, names: Sequence[str], order: Sequence[Turn], why: str) -> None:
        super().__init__(f"{scene.name}: {' + '.join(names)}: {describe(order)}\n  {why}")
        self.kind = re.sub(r"[0-9a-f-]{36}.*", "", why)
        """What went wrong, without the ids of this order."""


@dataclass
class Explorer:
    """Tries orders in one world, and counts them."""

    world: World
    orders: int = 0
    calls: int = 0
    kills: int = 0
    _scene: Scene | None = None
    _saved: Saved | None = None
    _empty: Saved | None = None
    _judged: set[str] = field(default_factory=set)
    """The states to which orders have led. What follows from each was judged once."""

    def __str__(self) -> str:
        return (
            f"{self.orders} orders of {self.calls} calls of AWS, of which {self.kills} with a "
            f"function killed; they led to {len(self._judged)} different states"
        )

    def replay(self, text: str) -> None:
        """Try an order as OrderError has written it."""
        scene, names, order = text.split(": ")
        self.try_order(BY_NAME[scene], names.split(" + "), scheduler.read(order))

    def try_order(self, scene: Scene, names: Sequence[str], order: Sequence[Turn]) -> list[int]:
        """Run operations in an order, and judge. Returns how many calls each has made.

        Raises OrderError.
        """
        self._enter(scene)
        watch = Watch()
        self.world.watch = watch.look
        actors = [Actor(name, partial(operation(name), self.world)) for name in names]
        self.orders += 1
        if self.orders % GARBAGE_ORDERS == 0:
            gc.collect()
        self.kills += any(turn.is_killed for turn in order)
        try:
            scheduler.run(actors, order)
            self._settle([one.name for one in actors if one.is_killed], watch)
        except Exception as error:
            raise OrderError(scene, names, order, f"{type(error).__name__}: {error}") from error
        finally:
            scheduler.finish(actors)
            self.calls += sum(actor.calls for actor in actors)
        return [actor.calls for actor in actors]

    def _enter(self, scene: Scene) -> None:
        """Put the world into the state in which the scene begins."""
        if self._empty is None:
            self._empty = self.world.save()
        if self._saved is None or self._scene is not scene:
            self.world.restore(self._empty)
            scene.set_up(self.world)
            self._scene, self._saved = scene, self.world.save()
        self.world.restore(self._saved, seed=1)

    def _settle(self, killed: list[str], watch: Watch) -> None:
        """Let everything happen that follows, and judge. Raises WrongError."""
        watch.require_nothing_wrong()
        state = f"{self._scene} {killed} {fingerprint(self.world)}"
        if state in self._judged:
            return  # what follows is the same
        for name in killed:
            if name.removesuffix(" again") in REPEATED:  # it had no answer, so it is repeated
                operation(name)(self.world)
        self._deliver()
        for seconds in ROUNDS:
            if all(photo.get("dueAt") is None for photo in photos().values()):
                break
            self.world.clock.now += seconds
            expire(self.world)
            self._deliver()
        self.world.clock.now += DAY
        self.world.abort_empty_parts()
        watch.require_nothing_wrong()
        judge(self.world, killed)
        self._judged.add(state)

    def _deliver(self) -> None:
        """Deliver everything, as queues do in the end."""
        while self.world.waiting or self.world.later:
            if not self.world.waiting:
                self.world.waiting, self.world.later = self.world.later, []
            self.world.deliver(self.world.waiting.pop(0))


def pairs(scene: Scene) -> list[tuple[str, str]]:
    """Return which operation of a scene is interrupted by which."""
    return [pair for pair in product(scene.operations, repeat=2) if pair[0] != pair[1]]


def explore_pair(explorer: Explorer, scene: Scene, one: str, other: str, *, deep: bool) -> None:
    """Try every order of two operations with one interruption, or if `deep` with two.

    Raises OrderError.
    """
    names = (one, other)
    calls, other_calls = explorer.try_order(scene, names, ())
    orders = (
        _two_interruptions(one, calls, other, other_calls)
        if deep
        else _one_interruption(one, calls, other)
    )
    for order in orders:
        explorer.try_order(scene, names, order)


def explore_by_chance(explorer: Explorer, scene: Scene, chance: random.Random, orders: int) -> None:
    """Try orders of three or four operations of a scene, by chance. Raises OrderError."""
    for _ in range(orders):
        count = min(chance.choice([3, 3, 4]), len(scene.operations))
        names = chance.sample(scene.operations, count)
        explorer.try_order(scene, names, _any_order(chance, names))


def _one_interruption(one: str, calls: int, other: str) -> Iterator[Order]:
    """Yield all orders in which the other happens whole between two calls of the one.

    In half of them, the one is killed there.
    """
    for made in range(calls + 1):
        yield (Turn(one, made), Turn(other))
        if one not in NOT_KILLED:
            yield (Turn(one, made), Turn(one, is_killed=True), Turn(other))


def _two_interruptions(one: str, calls: int, other: str, other_calls: int) -> Iterator[Order]:
    """Yield all orders in which each is interrupted once by the other.

    In two thirds of them, one of the two is killed there.
    """
    for made, other_made in product(range(calls + 1), range(1, other_calls + 1)):
        begin = (Turn(one, made), Turn(other, other_made))
        yield begin
        for name in (one, other):
            if name not in NOT_KILLED:
                yield (*begin, Turn(name, is_killed=True))


def _any_order(chance: random.Random, names: Sequence[str]) -> Order:
    """Return an order of several operations by chance, with many or with few interruptions."""
    turns: list[Turn] = []
    longest = chance.choice([1, 3, 8, 20])
    alive = list(names)
    for _ in range(chance.randrange(2, 14)):
        name = chance.choice(alive)
        turns.append(Turn(name, chance.randint(0, longest)))
        if chance.random() < 0.08 and len(alive) > 1 and name not in NOT_KILLED:
            turns.append(Turn(name, is_killed=True))
            alive.remove(name)
    return tuple(turns)
