"""What happens at the same time ends as it should, in whatever order AWS is called.

These are a few of the orders that `make orders` explores, the same ones each time.
"""

import random
from collections.abc import Iterator

import pytest

from photodrop.aws import storage
from tests.orders import scheduler
from tests.orders.explore import (
    SCENES,
    Explorer,
    OrderError,
    Scene,
    explore_by_chance,
    explore_pair,
)
from tests.orders.scenes import BY_NAME
from tests.orders.scheduler import Actor, Turn
from tests.orders.world import play

ORDERS = 3
"""How many orders of each scene are tried."""


@pytest.fixture
def explorer() -> Iterator[Explorer]:
    with play() as world:
        yield Explorer(world)


@pytest.mark.parametrize("scene", SCENES, ids=str)
def test_several_operations_at_once_end_as_they_should(explorer: Explorer, scene: Scene) -> None:
    explore_by_chance(explorer, scene, random.Random(scene.name), ORDERS)
    assert explorer.orders == ORDERS


def test_deleting_may_interrupt_processing_at_any_call(explorer: Explorer) -> None:
    explore_pair(explorer, BY_NAME["landed"], "process", "delete", deep=False)
    assert explorer.orders > 20
    assert explorer.kills > 10


@pytest.mark.parametrize(
    "order",
    [
        # A cancellation was cut off before it removed the parts, and deleting left them too.
        "in parts: give up + delete: give up 2, give up killed, delete",
        # The parts of a second upload of the same file stayed when the first one was complete.
        "in parts: begin other parts + complete: begin other parts, complete",
        # A file landed and was accepted while its photo was being deleted: it stayed for ever.
        "video: delete + upload: delete 2, upload",
        # The client gave up a deletion that was cut off: its photo was listed without its file.
        "completed: delete + report: delete 3, delete killed",
        # Thumbnails were being made while the photo was deleted, and that was cut off, too.
        "verified: process + delete: process 3, delete, process 1, process killed",
        # The bucket's lifecycle expired an original while its photo was being deleted.
        "completed long ago: delete + expire object: delete 3, expire object 2, delete",
        # A second upload of the same file was begun while the photo was being deleted.
        "in parts: delete + begin other parts: delete 2, begin other parts 3, delete",
        # An upload of a picture was granted while the student was being deleted: a part of the
        # student's record came back, and a photo of a version that had been deleted.
        "student's picture: replace picture + delete student: replace picture 1, delete student",
        # The student was deleted while the picture was: an error of the server.
        "student's picture: remove picture + delete student: remove picture 1, delete student",
    ],
)
def test_what_once_went_wrong(explorer: Explorer, order: str) -> None:
    explorer.replay(order)
    assert explorer.orders == 1


def test_what_is_left_over_is_noticed(explorer: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "erase_thumbnails", lambda _key: None)
    with pytest.raises(OrderError, match="ThumbnailWithoutPhoto"):
        explorer.replay("completed: delete + edit: edit")


def test_a_lost_edit_is_noticed(explorer: Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photodrop.domain.photos.edit", lambda _photo, _changes: None)
    with pytest.raises(OrderError, match="an edit was lost"):
        explorer.replay("completed: edit + report: report")


def test_an_order_is_read_as_it_was_written() -> None:
    order = (Turn("give up", 3), Turn("delete"), Turn("give up", is_killed=True))
    assert scheduler.read(scheduler.describe(order)) == order


def test_a_killed_operation_makes_no_further_call() -> None:
    made: list[int] = []

    def operation() -> None:
        for number in range(5):
            scheduler.pause()
            made.append(number)

    actors = [Actor("one", operation), Actor("other", operation)]
    scheduler.run(actors, [Turn("one", 2), Turn("other", 1), Turn("one", is_killed=True)])
    assert made == [0, 1, 0, 1, 2, 3, 4]
    assert [actor.calls for actor in actors] == [2, 5]
    assert [actor.is_killed for actor in actors] == [True, False]
