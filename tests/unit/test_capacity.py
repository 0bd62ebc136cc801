"""What writes and pages consume of DynamoDB: counted by the rules, and held to the documents."""

from collections import Counter
from collections.abc import Callable

import pytest

from benchmarks import event_units
from benchmarks.capacity import Capacity, Table, item_bytes
from tests.support.template import ROOT

COSTS = (ROOT / "docs" / "costs.md").read_text()
PHOTO = {
    "photoId": {"S": "p"},
    "row": {"S": "photo"},
    "listOrder": {"S": "2026#p"},
    "ownerList": {"S": "user_ada"},
    "ownerStatusList": {"S": "user_ada#pending"},
}


def test_the_size_of_an_item_is_that_of_its_names_and_values() -> None:
    item = {"a": {"S": "héé"}, "bb": {"N": "-12.5"}, "c": {"BOOL": True}, "d": {"NULL": True}}
    assert item_bytes(item) == (1 + 5) + (2 + 3) + 2 + 2
    assert item_bytes({"l": {"L": [{"M": {"n": {"N": "7"}}}]}}) == 1 + (3 + 1 + (3 + 1 + 2 + 1))


def test_an_index_is_written_where_its_entry_changes_and_twice_where_its_key_does() -> None:
    table, capacity = Table("PhotosTable", "photos", client=None), Capacity()
    capacity.count_write(table, {}, PHOTO, factor=2)
    assert capacity.written == {
        ("photos", "p"): 2,
        ("byOwner", "user_ada"): 1,
        ("byOwnerStatus", "user_ada#pending"): 1,
    }
    capacity.written.clear()
    large = PHOTO | {"ownerStatusList": {"S": "user_ada#uploaded"}, "title": {"S": "x" * 1024}}
    capacity.count_write(table, PHOTO, large, factor=1)
    assert capacity.written == {
        ("photos", "p"): 2,
        ("byOwner", "user_ada"): 2,
        ("byOwnerStatus", "user_ada#pending"): 1,
        ("byOwnerStatus", "user_ada#uploaded"): 2,
    }
    capacity.written.clear()
    capacity.count_write(table, large, large, factor=1)
    assert capacity.written == {("photos", "p"): 2}


@pytest.fixture
def units(settings: Callable[..., None]) -> dict[str, event_units.Units]:
    settings(EVENT_LIST_SHARDS=1)  # counting changes it, and this fixture brings it back
    return event_units.count_prepared()


def test_a_photo_writes_what_the_costs_say(units: dict[str, event_units.Units]) -> None:
    written: Counter[str] = Counter()
    for step in units.values():
        for place, amount in step.written.items():
            written[place.partition(" ")[0]] += amount
    assert "23 write units for the photo's record and its lists, 2 for the user's limits" in COSTS
    assert written["usage"] == 2
    # The time at which a photo is due is in seconds: two steps in one second write it once.
    assert sum(written[where] for where in ("photos", "byOwner", "byOwnerStatus")) == 23 - 4
    assert 4 <= written["byDue"] <= 6
    assert "Photos of an event stand in two lists more, which is 13 write units" in COSTS
    assert written["byEvent"] + written["byEventStatus"] == 13


def test_no_partition_of_an_events_list_is_read_more_for_being_one_of_four(
    units: dict[str, event_units.Units],
) -> None:
    whole = units["page"].read["byEvent {event}"]
    shards = [n for place, n in units["page of 4 shards"].read.items() if "byEvent" in place]
    assert len(shards) == 4
    assert max(shards) < whole / 2
