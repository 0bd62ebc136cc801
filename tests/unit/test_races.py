"""What a client asks for at the same moment: to complete, to cancel, to delete, and S3's events.

Whatever the order of the calls to AWS, nobody gets a server error, of cancelling and completing
only one succeeds, and in the end what is stored is what photos show, and what is charged.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any
from urllib.parse import quote_plus

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

import resize_thumbnails
from photodrop import changes, failures
from photodrop.errors import ContentRejectedError
from photodrop.models import Photo, Usage
from tests.support import events, fake_aws, pictures
from tests.support.interleaving import interleave
from tests.unit.test_multipart import begin, complete, granted, photo_of, send
from tests.unit.test_process_upload import asked_for_thumbnails, deliver
from tests.unit.test_recovery import expire, make_due, report

BUCKET = "photodrop-uploads"
CONTENT = pictures.jpeg(40, 30)
SCHEDULE = st.lists(st.integers(0, 4), max_size=50)


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


def call(name: str, **parts: Any) -> int:
    """Call an API function; return the status of its answer."""
    response = import_module(name).handler(
        events.request(name, user="ada", **parts), events.CONTEXT
    )
    return int(response["statusCode"])


def deliver_all(key: str) -> None:
    """Deliver the events of all that has landed, and what follows from them."""
    for one in landed(key):
        assert deliver(one) == []
    for photo_id in asked_for_thumbnails():
        answer = resize_thumbnails.handler(events.verified(photo_id), events.CONTEXT)
        assert answer == {"batchItemFailures": []}


def assert_kept_is_shown_and_charged(photo_id: str, key: str) -> None:
    """Check what is stored against the record, and the record against what is charged."""
    deliver_all(key)
    deliver_all(key)  # events may come twice
    stored = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=key).get("Contents", [])
    thumbnails = boto3.client("s3").list_objects_v2(Bucket="photodrop-thumbnails")
    usage = Usage.get("ada")
    charged = (int(usage.held_photos), int(usage.held_bytes))
    try:
        photo = Photo.get(photo_id, "photo", consistent_read=True)
    except Photo.DoesNotExist:
        photo = None
    if photo is not None and photo.status == "completed":
        (current,) = landed(key)
        assert [one["Size"] for one in stored] == [len(CONTENT)]
        assert current["versionId"] == photo.version_id
        assert charged == (1, len(CONTENT))
        return
    assert stored == []
    if photo is not None and photo.status == "pending":
        assert charged == (1, int(photo.size_bytes or 0))
        return
    assert photo is None or photo.status == "failed"
    assert charged == (0, 0)
    assert thumbnails.get("Contents", []) == []


MULTIPART_CALLS = ["complete", "complete again", "cancel", "delete", "event", "expire"]


@settings(max_examples=60)
@given(
    names=st.lists(st.sampled_from(MULTIPART_CALLS), min_size=2, max_size=4, unique=True),
    announced=st.booleans(),
    schedule=SCHEDULE,
)
def test_a_multipart_upload_ends_in_one_way(
    names: list[str], announced: bool, schedule: list[int]
) -> None:
    with mock_aws():
        fake_aws.create_stack()
        created = begin(**({"sizeBytes": str(len(CONTENT))} if announced else {}))
        key, photo_id = created["key"], created["photoId"]
        parts = send(created, CONTENT)
        if "expire" in names:
            make_due(photo_of(created), created_at="2026-01-01T00:00:00.000Z")
        programs: dict[str, Callable[[], Any]] = {
            "complete": lambda: complete(created, parts)[0],
            "complete again": lambda: complete(created, parts)[0],
            "cancel": lambda: call("cancel_upload", query={"key": key}),
            "delete": lambda: call("delete_photo", path=f"/photos/{photo_id}"),
            "event": lambda: [deliver(one) for one in landed(key)] and None,
            "expire": expire,
        }
        answers = interleave({name: programs[name] for name in names}, schedule)

        assert {answer for answer in answers.values() if answer} <= {200, 204, 404, 409}
        completed = 200 in (answers.get("complete"), answers.get("complete again"))
        assert not (completed and answers.get("cancel") == 200)
        assert_kept_is_shown_and_charged(photo_id, key)


SINGLE_CALLS = ["put", "give up", "delete", "purge", "event", "expire"]


@settings(max_examples=60)
@given(
    names=st.lists(st.sampled_from(SINGLE_CALLS), min_size=2, max_size=4, unique=True),
    schedule=SCHEDULE,
)
def test_an_upload_in_one_piece_ends_in_one_way(names: list[str], schedule: list[int]) -> None:
    with mock_aws():
        fake_aws.create_stack()
        photo = granted()
        photo_id, key = photo.photo_id, photo.key
        if "expire" in names:
            make_due(photo, created_at="2026-01-01T00:00:00.000Z")
        s3 = boto3.client("s3")

        def purge() -> None:
            """Delete it as the purge of its event does."""
            try:
                changes.delete(Photo.get(photo_id, "photo"))
            except Photo.DoesNotExist:
                return

        programs: dict[str, Callable[[], Any]] = {
            "put": lambda: s3.put_object(Bucket=BUCKET, Key=key, Body=CONTENT) and None,
            "give up": lambda: report(photo, {"status": "failed"})[0],
            "delete": lambda: call("delete_photo", path=f"/photos/{photo_id}"),
            "event": lambda: [deliver(one) for one in landed(key)] and None,
            "expire": expire,
            "purge": purge,
        }
        answers = interleave({name: programs[name] for name in names}, schedule)

        assert {answer for answer in answers.values() if answer} <= {200, 204, 404, 409}
        assert_kept_is_shown_and_charged(photo_id, key)


@pytest.mark.usefixtures("aws")
def test_who_found_an_upload_pending_does_not_end_what_has_come_since() -> None:
    stale = granted()
    boto3.client("s3").put_object(Bucket=BUCKET, Key=stale.key, Body=CONTENT)
    (event,) = landed(stale.key)
    deliver(event)
    failures.fail(stale, ContentRejectedError("UploadExpired", "The file never came."))
    assert stale.status == "processing"
    assert landed(stale.key) == [event]
    status, body = report(stale, {"status": "failed"})
    assert (status, body["code"]) == (409, "NotPending")
