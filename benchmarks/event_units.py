"""What one photo of an event, and one look at its list, consume: counted from the real functions.

The functions run in this process, with AWS played by moto. `Capacity` sees each write.
"""

import os
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from benchmarks import in_process
from benchmarks.capacity import Capacity, Partition, counted

TABLES = {"PhotosTable": "photos", "UsageTable": "usage", "EventsTable": "events"}
SAMPLE = Path(__file__).parents[1] / "local" / "sample" / "dandelions.jpg"
USER_ID = "5f0c6a52-1b7e-4a53-9a3e-2f7d0d9c4f11"
PHOTOS_IN_LIST = 50
"""The photos of one page, which is the default."""
STEPS = ("grant", "verify", "thumbnails", "state", "page", "page of 4 shards")
"""The steps of one photo, one look at its state, and one page of its event's list."""


@dataclass(frozen=True)
class Units:
    """What one step consumes, by the place that it is consumed from, as in `byEvent {event}`."""

    written: dict[str, float]
    read: dict[str, float]


def count() -> dict[str, Units]:
    """Run one photo through the functions, and read its event's list. Returns the units by step."""
    in_process.prepare()
    return count_prepared()


def count_prepared() -> dict[str, Units]:
    """Do what `count` does, in an environment that is set already."""
    # moto plays the clients that are made after it is imported.
    from tests.support import events, fake_aws  # noqa: PLC0415
    from tests.support.people import ADA, Person  # noqa: PLC0415

    steps: dict[str, Capacity] = {}

    @contextmanager
    def step(name: str) -> Iterator[None]:
        with counted(TABLES) as steps[name]:
            yield

    with fake_aws.stack():
        import process_upload  # noqa: PLC0415
        import resize_thumbnails  # noqa: PLC0415

        grace = Person(USER_ID, "grace@example.com")
        event_id = ADA.create_event()
        ADA.register(event_id, grace.email)
        content = SAMPLE.read_bytes()
        body = {"fileName": "IMG_20261121_193012.jpg", "contentType": "image/jpeg"}
        with step("grant"):
            path = f"/{event_id}/photos/initiate-upload"
            status, grant = grace.ask("POST", path, body | {"sizeBytes": len(content)})
            assert status == 201, grant
        photo_id, key = grant["photoId"], grant["key"]
        s3 = boto3.client("s3")
        stored = s3.put_object(Bucket="photodrop-uploads", Key=key, Body=content)
        landed = {"key": key, "size": len(content), "versionId": stored["VersionId"]}
        landed["eTag"] = stored["ETag"].strip('"')
        for name, function, event in (
            ("verify", process_upload, events.landed(landed)),
            ("thumbnails", resize_thumbnails, events.verified(photo_id)),
        ):
            with step(name):
                answer = function.handler(event, events.CONTEXT)
                assert answer == {"batchItemFailures": []}, answer
        with step("state"):
            status, photo = grace.call("view_photo", "GET", f"/photos/{photo_id}")
            assert (status, photo["status"]) == (200, "completed")
        for name, shards in (("page", 1), ("page of 4 shards", 4)):
            _fill(photo_id, shards)
            with step(name):
                limit = str(PHOTOS_IN_LIST)
                status, page = grace.ask("GET", f"/{event_id}/photos", limit=limit)
                assert (status, len(page["items"])) == (200, PHOTOS_IN_LIST)
    places = _Places(event_id, photo_id)
    return {
        name: Units(places.name(consumed.written), places.name(consumed.read))
        for name, consumed in steps.items()
    }


def _fill(photo_id: str, shards: int) -> None:
    """Fill the list of a photo's event, spread over shards, with copies of the photo."""
    from photodrop import config  # noqa: PLC0415
    from photodrop.aws.tables import Photo  # noqa: PLC0415

    os.environ["EVENT_LIST_SHARDS"] = str(shards)
    config.settings.cache_clear()
    photo = Photo.get(photo_id, "photo")
    for number in range(2 * PHOTOS_IN_LIST):
        copy = Photo(**photo.attribute_values)
        copy.photo_id = str(uuid.UUID(int=number))
        copy.list_order = f"2026-11-21T12:00:00.{number:03}Z#{copy.photo_id}"
        copy._set_lists(None)
        copy.save()


@dataclass(frozen=True)
class _Places:
    event_id: str
    photo_id: str

    def name(self, units: Counter[Partition]) -> dict[str, float]:
        """Name partitions by what they stand for, and add up those of the same name."""
        named: Counter[str] = Counter()
        for (where, partition), amount in units.items():
            name = partition.replace(f"event_{self.event_id}", "{event}")
            name = name.replace(self.event_id, "{event}").replace(self.photo_id, "{photo}")
            name = name.replace(USER_ID, "{user}")
            named[f"{where} {'due' if name.startswith('due#') else name}"] += amount
        return dict(sorted(named.items()))


def main() -> None:
    """Print the units of each step."""
    for name, units in count().items():
        for kind, places in vars(units).items():
            for place, amount in places.items():
                print(f"{name:18}{kind:8}{place:36}{amount:6g}")


if __name__ == "__main__":
    main()
