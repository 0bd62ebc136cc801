"""Requests that DynamoDB refuses for now: a transaction on the same item, or too many at once."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import delete_photo
import edit_photo
from photodrop.aws.tables import Photo, Tombstone, Usage, connection
from photodrop.domain import lifecycle
from photodrop.status import Status
from tests.support import events
from tests.support.conflicts import conflicting
from tests.unit.test_initiate_upload import initiate
from tests.unit.test_view_and_list_photos import make_photo

pytestmark = pytest.mark.usefixtures("aws")
ALWAYS = connection.CONFLICT_ATTEMPTS


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each attempt would have waited."""
    waited: list[float] = []
    monkeypatch.setattr(connection.time, "sleep", waited.append)
    return waited


def answer_of(module: Any, photo: Photo, body: Any = None) -> tuple[int, Any]:
    """Return what the function of this module answers for a photo."""
    path = f"/photos/{photo.photo_id}"
    response = module.handler(events.request(module.__name__, path=path, body=body), events.CONTEXT)
    return response["statusCode"], json.loads(response["body"] or "{}")


def test_an_upload_is_granted_in_spite_of_a_transaction_of_the_same_user() -> None:
    with conflicting("TransactWriteItems", times=3) as refused:
        assert initiate()[0] == 201
    assert len(refused) == 3
    usage = Usage.get(events.USER)
    assert (usage.held_photos, usage.held_bytes) == (1, 1024)


def test_an_upload_that_cannot_be_recorded_is_busy_and_charged_nothing() -> None:
    with conflicting("TransactWriteItems", times=ALWAYS):
        status, body, headers = initiate()
    assert (status, body["code"]) == (503, "Busy")
    assert headers["Retry-After"] == ["1"]
    assert boto3.client("dynamodb").scan(TableName="photos")["Items"] == []
    assert held(events.USER) == (0, 0)
    assert initiate()[0] == 201


@pytest.mark.parametrize("reason", ["ProvisionedThroughputExceeded", "ThrottlingError"])
def test_an_upload_that_dynamodb_throttles_is_tried_again_and_then_busy(reason: str) -> None:
    with conflicting("TransactWriteItems", times=3, reason=reason):
        assert initiate()[0] == 201
    with conflicting("TransactWriteItems", times=ALWAYS, reason=reason):
        status, body, _ = initiate()
    assert (status, body["code"]) == (503, "Busy")
    assert held(events.USER) == (1, 1024)


def test_a_request_that_botocore_was_throttled_for_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    def throttle(_self: Any, operation: str, _arguments: Any) -> None:
        code = "ProvisionedThroughputExceededException"
        raise ClientError({"Error": {"Code": code, "Message": "Slow down"}}, operation)

    photo = make_photo(1)
    monkeypatch.setattr(connection.Connection, "dispatch", throttle)
    status, body = answer_of(edit_photo, photo, {"title": "x"})
    assert (status, body["code"]) == (503, "Busy")


def held(user_id: str) -> tuple[int, int]:
    try:
        usage = Usage.get(user_id)
    except Usage.DoesNotExist:
        return 0, 0
    return usage.held_photos, usage.held_bytes


def test_a_plain_change_of_a_photo_waits_for_a_transaction() -> None:
    photo = make_photo(1, status="pending")
    with conflicting("PutItem", times=3):
        assert lifecycle.advance(photo, Status.UPLOADED)
    photo.reload()
    assert (photo.status, photo.revision) == ("uploaded", 2)


def test_an_edit_and_a_deletion_wait_for_a_transaction() -> None:
    photo = make_photo(1, tags=["a"])
    with conflicting("TransactWriteItems", times=3):
        assert answer_of(edit_photo, photo, {"tags": ["b"]})[0] == 200
    with conflicting("TransactWriteItems", times=3):
        assert answer_of(delete_photo, photo)[0] == 204
    assert Tombstone.get(photo.photo_id, "deleted").owner_id == events.USER


def test_a_deletion_that_always_meets_another_is_busy_and_can_be_repeated() -> None:
    photo = make_photo(1, tags=["a"])
    with conflicting("TransactWriteItems", times=ALWAYS) as refused:
        status, body = answer_of(delete_photo, photo)
    assert (status, body["code"]) == (503, "Busy")
    assert len(refused) == ALWAYS
    assert answer_of(delete_photo, photo)[0] == 204


def test_waits_by_chance_and_longer_each_time(
    waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = make_photo(1)
    monkeypatch.setattr(connection.random, "uniform", lambda least, most: (least, most))
    with conflicting("TransactWriteItems", times=ALWAYS):
        answer_of(delete_photo, photo)
    longest = [round(most, 3) for _, most in waits]  # type: ignore[misc]
    assert longest == [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1, 1, 1]
    assert all(least == 0 for least, _ in waits)  # type: ignore[misc]


def test_what_a_condition_refuses_is_not_tried_again(waits: list[float]) -> None:
    photo = make_photo(1)
    stale = Photo.get(photo.photo_id, "photo")
    photo.change(title="first")
    assert stale.change(title="second") is False
    assert waits == []
