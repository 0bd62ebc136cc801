"""What users are charged with, compared with a recount of their photos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from local.reconciliation.differences import Difference, Kind, Page, Rules
from photodrop.aws.tables import PHOTO_ROW, Photo, Usage, list_key, user_scope
from photodrop.aws.tables.connection import write_if

PAGE = 100
ATTEMPTS = 5
"""How often a user is recounted whose usage changes meanwhile."""


@dataclass(frozen=True)
class Held:
    """What one user holds."""

    photos: int
    bytes: int


class UsageOfUsers:
    """Each item of the usage table. Users without an item are found by their photos."""

    name = "usage"

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def read_page(self, position: Any) -> Page:
        """Scan a page of the table, and recount what each user holds."""
        found = Usage.scan(limit=PAGE, page_size=PAGE, last_evaluated_key=position)
        users = list(found)
        suspects = [one.user_id for one in users if _held(one) != _sum(_listed(one.user_id))]
        return Page(suspects, found.last_evaluated_key, len(users))

    def examine(self, suspect: str) -> list[Difference]:
        """Recount a user's photos, each read consistently."""
        return compare(suspect, self.rules)


def compare(user_id: str, rules: Rules) -> list[Difference]:
    """Compare a user's usage with a recount during which it did not change."""
    found = _read_and_recount(user_id)
    if found is None:
        return []
    before, counted = found
    held = _held(before) if before else Held(0, 0)
    if held == counted or (before and _has_begun_uploads(before, rules)):
        return []
    return [
        Difference(
            Kind.USAGE_DIFFERS,
            user_id,
            f"Charged with {held.photos} photos and {held.bytes} bytes, and holds "
            f"{counted.photos} photos and {counted.bytes} bytes.",
            lambda: _correct(user_id, before, counted),
        )
    ]


def _read_and_recount(user_id: str) -> tuple[Usage | None, Held] | None:
    """Return a user's item, and a recount. None if the item changes all the time."""
    for _ in range(ATTEMPTS):
        before, counted = _read(user_id), _recount(user_id)
        if _version(_read(user_id)) == _version(before):
            return before, counted
    return None


def _has_begun_uploads(usage: Usage, rules: Rules) -> bool:
    """Tell whether the user may have begun uploads so recently that the index lacks them.

    A grant sets `full_at` to a moment that is later than itself.
    """
    full_at = float(usage.full_at) / 1_000_000
    return bool(rules.grace_seconds) and not rules.is_overdue(full_at)


def exists(user_id: str) -> bool:
    """Tell whether a user has an item in the usage table."""
    return _read(user_id) is not None


def _correct(user_id: str, before: Usage | None, counted: Held) -> bool:
    """Write what was counted, unless the usage has changed since."""
    if before is None:
        unchanged: Condition = Usage.user_id.does_not_exist()
    else:
        unchanged = (
            _is(Usage.held_bytes, before.held_bytes)
            & _is(Usage.held_photos, before.held_photos)
            & _is(Usage.full_at, before.full_at)
        )
    actions: list[Action] = [
        Usage.held_bytes.set(counted.bytes),
        Usage.held_photos.set(counted.photos),
    ]
    return write_if(lambda: Usage(user_id).update(actions, unchanged))


def _is(attribute: Any, value: float) -> Condition:
    condition: Condition = attribute == value
    return condition if value else condition | attribute.does_not_exist()


def _read(user_id: str) -> Usage | None:
    try:
        return Usage.get(user_id, consistent_read=True)
    except Usage.DoesNotExist:
        return None


def _version(usage: Usage | None) -> tuple[float, ...] | None:
    return (usage.held_bytes, usage.held_photos, usage.full_at) if usage else None


def _held(usage: Usage) -> Held:
    return Held(int(usage.held_photos), int(usage.held_bytes))


def _listed(user_id: str) -> list[Photo]:
    """Return a user's photos as the index has them, which may be a little behind."""
    return list(Photo.by_owner.query(list_key(user_scope(user_id))))


def _recount(user_id: str) -> Held:
    listed = [(photo.photo_id, PHOTO_ROW) for photo in _listed(user_id)]
    return _sum(list(Photo.batch_get(listed, consistent_read=True)) if listed else [])


def _sum(photos: list[Photo]) -> Held:
    held = [size for photo in photos if (size := photo.held_bytes()) is not None]
    return Held(len(held), sum(held))
