"""What has to be true after each call of AWS, and once everything has settled."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from local.reconciliation.differences import Difference, Kind, Rules
from local.reconciliation.run import Progress, Reconciliation, comparisons
from photodrop import keys
from photodrop.domain.lifecycle import MAY_FOLLOW
from photodrop.status import Status
from tests.orders import fakes
from tests.orders.world import THUMBNAILS, UPLOADS, World, bucket, table

RULES = Rules(grace_seconds=0, settle_seconds=0, erase_after_seconds=0)
"""Nothing is in flight any more, and everything is old enough."""

SIZES = (160, 640, 1600)


class WrongError(AssertionError):
    """Something is not as it has to be."""


def photos() -> dict[str, dict[str, Any]]:
    """Return the records of all photos, by their ids."""
    rows = map(_plain, _rows("photos"))
    return {row["photoId"]: row for row in rows if row["row"] == "photo"}


class Watch:
    """Looks at the tables after each write."""

    def __init__(self) -> None:
        self.wrong: WrongError | None = None
        """The first thing that was not as it has to be at every moment."""
        self._last = photos()
        self._gone: set[str] = set()

    def look(self) -> None:
        """Keep what is wrong. It is raised later, where no operation can catch it."""
        try:
            self._look()
        except WrongError as error:
            self.wrong = self.wrong or error

    def require_nothing_wrong(self) -> None:
        """Raise what was kept."""
        if self.wrong:
            raise self.wrong

    def _look(self) -> None:
        now = photos()
        if back := self._gone & now.keys():
            raise WrongError(f"deleted photos came back: {back}")
        for photo_id, photo in now.items():
            before = self._last.get(photo_id)
            _require_transition(before, photo)
            _require_verified(photo)
        self._gone |= self._last.keys() - now.keys()
        self._last = now
        _require_counters(now)


def _require_transition(before: dict[str, Any] | None, photo: dict[str, Any]) -> None:
    status = Status(photo["status"])
    if before is None:
        if status != Status.PENDING:
            raise WrongError(f"a new photo is {status}")
        return
    was = Status(before["status"])
    is_retry = before.get("isRetryable") and status in (Status.UPLOADED, Status.PROCESSING)
    if status != was and was not in MAY_FOLLOW[status] and not is_retry:
        raise WrongError(f"a photo that was {was} is {status}")
    if status == Status.COMPLETED != was:
        missing = [size for size in SIZES if not has_thumbnail(photo, size)]
        # Somebody who deletes it has erased them, and will delete the record.
        if missing and find_version(photo) is not None:
            raise WrongError(f"completed without thumbnails {missing}")


def _require_verified(photo: dict[str, Any]) -> None:
    """Raise WrongError if a photo can be viewed that was not verified."""
    if photo["status"] == Status.COMPLETED:
        content = find_version(photo)
        if content is not None and content not in fakes.ACCEPTED:
            raise WrongError("a file can be viewed that must not be")


def _require_counters(found: dict[str, dict[str, Any]]) -> None:
    """Raise WrongError if somebody is charged with something else than what their photos say."""
    counted: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for photo in found.values():
        if photo.get("chargedBytes") is not None:
            counted[photo["ownerId"]] += 1
            held[photo["ownerId"]] += int(photo["chargedBytes"])
    for usage in map(_plain, _rows("usage")):
        charged = (int(usage.get("heldPhotos", 0)), int(usage.get("heldBytes", 0)))
        user = usage["userId"]
        if charged != (counted[user], held[user]):
            raise WrongError(f"{user} is charged {charged}, not {(counted[user], held[user])}")


def judge(world: World, killed: Collection[str] = ()) -> None:
    """Raise WrongError if something is not as it has to be once everything has settled.

    One thing is known and left to `make reconcile`: the thumbnail that a request stores after the
    photo was deleted, if it is `killed` before it has looked whether the photo is still there.
    """
    if world.waiting or world.later:
        raise WrongError(f"messages are left: {world.waiting + world.later}")
    if world.dead:
        raise WrongError(f"messages could not be processed: {world.dead}")
    found = photos()
    for photo_id, photo in found.items():
        if photo["status"] not in (Status.COMPLETED, Status.FAILED):
            raise WrongError(f"{photo_id} is {photo['status']} for ever")
        if photo["status"] == Status.COMPLETED:
            _require_whole(photo)
    _require_promises(world, found)
    is_known = any(name.startswith("thumbnail") for name in killed)
    differences: list[Difference] = []
    reconciliation = Reconciliation(RULES, lambda one, _: differences.append(one))
    reconciliation.run(comparisons(RULES), Progress())
    for one in differences:
        if not (is_known and one.kind == Kind.THUMBNAIL_WITHOUT_PHOTO):
            raise WrongError(f"{one.kind} {one.subject}: {one.detail}")


def _require_whole(photo: dict[str, Any]) -> None:
    content = find_version(photo)
    if content is None:
        raise WrongError(f"{photo['photoId']} is completed without its original")
    if photo.get("ownerId") and len(content) != int(photo["chargedBytes"]):
        raise WrongError(f"{photo['chargedBytes']} bytes are charged for {len(content)}")
    if missing := [size for size in SIZES if not has_thumbnail(photo, size)]:
        raise WrongError(f"{photo['photoId']} is completed without thumbnails {missing}")


def _require_promises(world: World, found: dict[str, dict[str, Any]]) -> None:
    """Raise WrongError if what somebody was told is not so."""
    photo = found.get(world.facts.get("photo", ""))
    told: dict[str, set[int]] = {}
    for answer in world.answers:
        if answer.status >= 500:
            raise WrongError(f"{answer.name} was answered {answer.status}: {answer.body}")
        told.setdefault(answer.name, set()).add(answer.status)

    def was_told(*names: str) -> bool:
        return any(status < 300 for name in names for status in told.get(name, ()))

    if photo and was_told("delete", "delete event") and not was_told("keep photos"):
        raise WrongError("what was deleted is there")
    if photo and was_told("edit") and (photo.get("title"), photo["tags"]) != (
        "Edited", ["hill", "sea"],
    ):  # fmt: skip
        raise WrongError(f"an edit was lost: {photo.get('title')} {photo['tags']}")
    if photo and was_told("give up", "cancel") and photo["status"] != Status.FAILED:
        raise WrongError(f"what was cancelled is {photo['status']}")
    if photo and was_told("complete") and photo["status"] != Status.COMPLETED:
        raise WrongError(f"what was joined is {photo['status']}: {photo.get('failure')}")
    if was_told("complete") and was_told("give up", "cancel"):
        raise WrongError("an upload was both joined and cancelled")
    if photo and 200 in told.get("thumbnail", ()) and not has_thumbnail(photo, 320):
        raise WrongError("a thumbnail that was signed is not there")
    if was_told("delete event", "keep photos") and _exists("events", world.facts["event"]):
        raise WrongError("what was deleted is there: the event")
    if was_told("delete student"):
        _require_no_student(world, found)


def _require_no_student(world: World, found: dict[str, dict[str, Any]]) -> None:
    student_id = world.facts["student"]
    left = [photo for photo in found.values() if photo.get("studentId") == student_id]
    if left or _exists("students", student_id):
        raise WrongError("what was deleted is there: the student")


def find_version(photo: dict[str, Any]) -> bytes | None:
    """Return the bytes of the version that a record names, or None if they are gone."""
    versions = bucket(UPLOADS).keys.getlist(photo["key"], [])
    for version in versions:
        if version.version_id == photo.get("versionId") and hasattr(version, "value"):
            return bytes(version.value)
    return None


def has_thumbnail(photo: dict[str, Any], size: int) -> bool:
    """Tell whether a thumbnail of a photo is stored."""
    return bucket(THUMBNAILS).keys.get(keys.thumbnail(photo["key"], size)) is not None


def fingerprint(world: World) -> str:
    """Return the same text for states from which everything that follows is the same."""
    versions: dict[str, str] = {}
    stored = []
    for name in (UPLOADS, THUMBNAILS):
        for key in sorted(bucket(name).keys):
            for number, one in enumerate(bucket(name).keys.getlist(key)):
                content = bytes(one.value) if hasattr(one, "value") else b"marker"
                named = f"{key} {number} {hashlib.sha256(content).hexdigest()[:8]}"
                stored.append(f"{name} {named}")
                versions[str(one.version_id)] = named
    for upload_id, upload in bucket(UPLOADS).multiparts.items():
        versions[upload_id] = f"multipart {upload.key_name}"
        stored.append(f"multipart {upload.key_name} {sorted(upload.parts)}")
    rows = [
        {"table": name} | _plain(row)
        for name in ("photos", "usage", "events", "students")
        for row in _rows(name)
    ]
    state = {
        "stored": stored,
        "rows": sorted(json.dumps(row, sort_keys=True, default=str) for row in rows),
        "messages": [str(one) for one in (*world.waiting, *world.later, *world.dead)],
        "answers": sorted(f"{one.name} {one.status}" for one in world.answers),
        "now": world.clock.now,
    }
    text = json.dumps(state)
    for version_id, named in versions.items():
        if version_id != "null":
            text = text.replace(version_id, named)
    return hashlib.sha256(_VOLATILE.sub("", text).encode()).hexdigest()


_VOLATILE = re.compile(r'\\"(revision|fullAt)\\": \\"?[0-9.]+')


def _rows(name: str) -> Iterator[Any]:
    found = table(name)
    for rows in found.items.values():
        if found.has_range_key:
            yield from rows.values()
        else:
            yield rows


def _exists(name: str, hash_key: str) -> bool:
    return any(key.value == hash_key and rows for key, rows in table(name).items.items())


def _plain(row: Any) -> dict[str, Any]:
    """Return the attributes of an item of moto's as plain values."""
    return {name: _value(attribute) for name, attribute in row.attrs.items()}


def _value(attribute: Any) -> Any:
    if attribute.is_list() or attribute.is_map():
        nested = attribute.value
        if isinstance(nested, dict):
            return {name: _value(one) for name, one in nested.items()}
        return [_value(one) for one in nested]
    return attribute.cast_value if attribute.type == "N" else attribute.value
