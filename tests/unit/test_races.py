"""What happens to one upload at the same moment: completing, cancelling, deleting, S3's events.

Of each two, one happens whole between every two calls to AWS of the other; of three, in orders
taken by chance. Nobody gets a server error, of cancelling and completing only one succeeds, and in
the end what is stored is what photos show, and what is charged.
"""

import random
from collections.abc import Callable
from importlib import import_module
from itertools import product
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
from moto.s3.exceptions import NoSuchUpload
from moto.s3.models import S3Backend

import resize_thumbnails
from photodrop.aws.tables import Photo
from photodrop.domain import lifecycle
from photodrop.errors import ContentRejectedError
from tests.support import events, landing, pictures
from tests.support.interleaving import Program, count_calls, interleave
from tests.unit.test_multipart import begin, complete, granted, held, photo_of, send
from tests.unit.test_recovery import expire, make_due, report

pytestmark = pytest.mark.usefixtures("aws", "no_such_upload")

BUCKET = "photodrop-uploads"
CONTENT = pictures.jpeg(40, 30)


@pytest.fixture
def no_such_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moto answer as S3 does when an upload to be completed is not there: it crashes."""
    complete_upload = S3Backend.complete_multipart_upload

    def answer(self: S3Backend, bucket: str, upload_id: str, *rest: Any, **more: Any) -> Any:
        if upload_id not in self.get_bucket(bucket).multiparts:
            raise NoSuchUpload(upload_id=upload_id)
        return complete_upload(self, bucket, upload_id, *rest, **more)

    monkeypatch.setattr(S3Backend, "complete_multipart_upload", answer)


def landed(key: str) -> list[dict[str, Any]]:
    """Return all that lies at a key, as S3's events tell of it."""
    found = boto3.client("s3").list_object_versions(Bucket=BUCKET, Prefix=key)
    return [
        {
            "key": quote_plus(key),
            "size": version["Size"],
            "eTag": version["ETag"].strip('"'),
            "versionId": version["VersionId"],
        }
        for version in found.get("Versions", [])
    ]


def deliver_all(key: str) -> None:
    """Deliver the events of all that has landed."""
    for one in landed(key):
        assert landing.deliver(one) == []


def call(name: str, **parts: Any) -> int:
    """Call an API function; return the status of its answer."""
    response = import_module(name).handler(
        events.request(name, user="ada", **parts), events.CONTEXT
    )
    return int(response["statusCode"])


class Race:
    """One upload, and all that may happen to it. Expiry finds every photo old that is due."""

    def __init__(self) -> None:
        self.held_before = held() if Photo.count() else (0, 0)
        self.photo = self.begin()
        self.key = self.photo.key
        self.programs: dict[str, Program] = {
            "delete": lambda: call("delete_photo", path=f"/photos/{self.photo.photo_id}"),
            "expire": expire,
            "arrive": self.arrive,
            "arrive and tell": self.arrive_and_tell,
        }

    def begin(self) -> Photo:
        raise NotImplementedError

    def arrive(self) -> int | None:
        """Let the file land; its event comes late."""
        raise NotImplementedError

    def arrive_and_tell(self) -> int | None:
        """Let the file land, and its event come at once."""
        answer = self.arrive()
        deliver_all(self.key)
        return answer

    def run(self, names: tuple[str, ...], schedule: list[tuple[int, int]]) -> None:
        """Run programs in this order, and check what is left in the end."""
        if "expire" in names:
            make_due(self.photo, created_at="2026-01-01T00:00:00.000Z")
        answers = interleave([self.programs[name] for name in names], schedule)
        by_name = dict(zip(names, answers, strict=True))
        where = f"{names} {schedule} {answers}"
        assert {answer for answer in answers if answer} <= {200, 204, 404, 409}, where
        arrived = 200 in (by_name.get("arrive"), by_name.get("arrive and tell"))
        assert not (arrived and by_name.get("cancel") == 200), where
        for _ in range(2):  # events may come twice
            deliver_all(self.key)
            for photo_id in landing.asked_for_thumbnails():
                answer = resize_thumbnails.handler(events.verified(photo_id), events.CONTEXT)
                assert answer == {"batchItemFailures": []}
        self.check(where)

    def check(self, where: str) -> None:
        """Compare what is stored with the record, and the record with what is charged."""
        s3 = boto3.client("s3")
        stored = s3.list_objects_v2(Bucket=BUCKET, Prefix=self.key).get("Contents", [])
        folder = self.key.rpartition(".")[0]
        made = s3.list_objects_v2(Bucket="photodrop-thumbnails", Prefix=folder).get("Contents", [])
        charged = tuple(now - old for now, old in zip(held(), self.held_before, strict=True))
        try:
            photo = Photo.get(self.photo.photo_id, "photo", consistent_read=True)
        except Photo.DoesNotExist:
            photo = None
        status = photo.status if photo else "deleted"
        if status == "completed":
            (version,) = landed(self.key)
            assert photo is not None
            assert version["versionId"] == photo.version_id, where
            assert (len(stored), len(made)) == (1, 3), where
            assert charged == (1, len(CONTENT)), where
        elif status == "pending":
            assert photo is not None
            assert stored == made == [], where
            assert charged == (1, int(photo.size_bytes or 0)), where
        else:
            assert status in ("deleted", "failed"), where
            assert stored == made == [], where
            assert charged == (0, 0), where


class MultipartRace(Race):
    """An upload in parts, all of which S3 has."""

    def begin(self) -> Photo:
        self.created = begin()
        self.parts = send(self.created, CONTENT)
        return photo_of(self.created)

    def __init__(self) -> None:
        super().__init__()
        self.programs["cancel"] = lambda: call("cancel_upload", query={"key": self.key})

    def arrive(self) -> int:
        return int(complete(self.created, self.parts)[0])


class FormRace(Race):
    """An upload in one request, which the client may end with PUT status."""

    def begin(self) -> Photo:
        return granted()

    def __init__(self) -> None:
        super().__init__()
        self.programs["give up"] = lambda: report(self.photo, {"status": "failed"})[0]

    def arrive(self) -> None:
        boto3.client("s3").put_object(Bucket=BUCKET, Key=self.key, Body=CONTENT)


def pairs(race: type[Race], end: str) -> list[tuple[type[Race], tuple[str, str]]]:
    """Return which program is interrupted by which."""
    ends = (end, "delete", "expire")
    arrivals = ("arrive", "arrive and tell")
    found = [(one, "arrive and tell") for one in ends]
    return [(race, pair) for pair in found + list(product(arrivals, ends))]


@pytest.mark.parametrize(
    ("race", "names"),
    [
        *pairs(MultipartRace, "cancel"),
        (MultipartRace, ("arrive", "arrive and tell")),
        *pairs(FormRace, "give up"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else " by ".join(value),
)
def test_one_is_interrupted_by_another_at_any_call(
    race: Callable[[], Race], names: tuple[str, str]
) -> None:
    alone = race()
    calls = count_calls(alone.programs[names[0]])
    for moment in range(calls):
        race().run(names, [(0, moment), (1, 100)])


@pytest.mark.parametrize("race", [MultipartRace, FormRace])
def test_three_at_once_in_any_order(race: Callable[[], Race]) -> None:
    chance = random.Random(20261121)
    for _ in range(20):
        one = race()
        names = tuple(chance.sample(sorted(one.programs), 3))
        one.run(names, [(chance.randrange(3), chance.randrange(8)) for _ in range(8)])


def test_who_found_an_upload_pending_does_not_end_what_has_come_since() -> None:
    stale = granted()
    boto3.client("s3").put_object(Bucket=BUCKET, Key=stale.key, Body=CONTENT)
    (event,) = landed(stale.key)
    landing.deliver(event)
    lifecycle.fail(stale, ContentRejectedError("UploadExpired", "The file never came."))
    assert stale.status == "processing"
    assert landed(stale.key) == [event]
    status, body = report(stale, {"status": "failed"})
    assert (status, body["code"]) == (409, "NotPending")
