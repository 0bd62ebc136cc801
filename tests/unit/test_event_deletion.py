"""Deleting an event, and what is left of it, a piece at a time."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

import delete_event
import purge_event
from photodrop.aws import storage
from photodrop.aws.tables import Attendee, Event, Photo, Usage, attendee_row
from photodrop.aws.tables.connection import CONNECTION
from photodrop.domain import event_deletion, event_purge
from photodrop.status import Status
from tests.support import aws_calls
from tests.support import events as event_files
from tests.support.people import ADA, ALAN, GRACE, Person
from tests.support.template import resources

pytestmark = pytest.mark.usefixtures("aws")

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/purge"
BATCH = 10


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_purge, "MAX_BATCH", BATCH)
    monkeypatch.setattr(event_purge, "LAST_CHECK_DELAY_SECONDS", 0)


def event_of(attendees: int = 0, photos: int = 0) -> str:
    """Make an event of Ada's; its photos are Grace's, completed, each of three objects."""
    event_id = ADA.create_event()
    ADA.register(event_id, GRACE.email)
    with Attendee.batch_write() as batch:
        for number in range(attendees):
            row = attendee_row(f"guest-{number}@example.com")
            details = {"email": f"guest-{number}@example.com", "registered_at": "2026"}
            batch.save(Attendee(event_id, row, member=row, list_order="x", **details))
    s3 = boto3.client("s3")
    for _ in range(photos):
        photo = Photo.get(GRACE.begin_upload(event_id), "photo")
        s3.put_object(Bucket="photodrop-uploads", Key=photo.key, Body=b"first")
        s3.put_object(Bucket="photodrop-uploads", Key=photo.key, Body=b"second")
        storage.put_thumbnail(f"{photo.key.removesuffix('.jpg')}/160.webp", b"x", "image/webp")
        photo.change(status=Status.COMPLETED, tags=["lake"])
    return event_id


def messages() -> list[dict[str, Any]]:
    """Take all messages out of the purge queue."""
    sqs, found = boto3.client("sqs"), []
    while got := sqs.receive_message(QueueUrl=QUEUE, MaxNumberOfMessages=10).get("Messages"):
        for message in got:
            sqs.delete_message(QueueUrl=QUEUE, ReceiptHandle=message["ReceiptHandle"])
            found.append(json.loads(message["Body"]))
    return found


def deliver(message: dict[str, Any]) -> bool:
    """Give the function a message; return whether it handled it."""
    event = event_files.load("purge_event")
    event["Records"][0]["body"] = json.dumps(message)
    return not purge_event.handler(event, event_files.CONTEXT)["batchItemFailures"]


def purge(*, duplicates: bool = False) -> None:
    """Deliver all messages, and some twice, until there are none."""
    while waiting := messages():
        for message in waiting + waiting[:duplicates]:
            assert deliver(message)


def rows(event_id: str) -> int:
    return Event.count(event_id)


def objects() -> int:
    s3 = boto3.client("s3")
    versions = s3.list_object_versions(Bucket="photodrop-uploads")
    return (
        len(versions.get("Versions", []))
        + len(versions.get("DeleteMarkers", []))
        + s3.list_objects_v2(Bucket="photodrop-thumbnails")["KeyCount"]
    )


def photos_of(event_id: str) -> list[Photo]:
    return list(Photo.by_event.query(f"event_{event_id}"))


def delete(event_id: str, **query: str) -> tuple[int, Any]:
    return ADA.ask("DELETE", f"/{event_id}", **query)


def test_the_event_files_are_answered() -> None:
    absent = delete_event.handler(event_files.load("delete_event"), event_files.CONTEXT)
    assert absent["statusCode"] == 404
    handled = purge_event.handler(event_files.load("purge_event"), event_files.CONTEXT)
    assert handled == {"batchItemFailures": []}, "it is gone: another delivery has done all"


@pytest.mark.parametrize(
    ("query", "fate"),
    [({}, "kept"), ({"photos": "keep"}, "kept"), ({"photos": "delete"}, "deleted")],
)
def test_a_deleted_event_is_nobodys_at_once(query: dict[str, str], fate: str) -> None:
    event_id = event_of(photos=1)
    (photo,) = photos_of(event_id)
    assert delete(event_id, **query) == (
        202,
        {"eventId": event_id, "status": "deleting", "photos": fate},
    )
    for who in (ADA, GRACE, ALAN):
        assert who.ask("GET", f"/{event_id}")[0] == 404
        assert who.ask("GET", f"/{event_id}/photos")[0] == 404
        assert who.ask("GET")[1]["items"] == []
        assert who.ask("PATCH", f"/{event_id}", {"name": "x"})[0] == 404
        assert who.register(event_id, "x@example.com")[0] == 404
    assert GRACE.ask("DELETE", f"/{event_id}")[0] == 404
    assert ADA.call("view_photo", "GET", f"/photos/{photo.photo_id}")[0] == 404
    assert GRACE.call("view_photo", "GET", f"/photos/{photo.photo_id}")[0] == 200
    assert ADA.call("delete_photo", "DELETE", f"/photos/{photo.photo_id}")[0] == 404


def test_another_word_for_photos_is_400() -> None:
    event_id = event_of()
    assert delete(event_id, photos="burn")[0] == 400
    assert ADA.ask("GET", f"/{event_id}")[0] == 200


def test_a_list_that_is_spread_over_shards_is_purged_whole(settings: Callable[..., None]) -> None:
    settings(EVENT_LIST_SHARDS=4)
    event_id = event_of(photos=8)
    delete(event_id, photos="delete")
    purge()
    assert rows(event_id) == objects() == 0
    assert GRACE.call("list_photos", "GET", "/photos")[1]["items"] == []


def test_kept_photos_stay_with_their_owners() -> None:
    event_id = event_of(photos=3)
    before = objects()
    delete(event_id)
    purge()
    assert rows(event_id) == 0
    assert objects() == before
    listed = GRACE.call("list_photos", "GET", "/photos")[1]["items"]
    assert [photo["eventId"] for photo in listed] == [event_id] * 3
    assert Usage.get(GRACE.user_id).held_photos == 3


def test_many_attendees_and_photos_go_in_pieces_of_bounded_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event_id = event_of(attendees=39, photos=20)
    elsewhere = event_of(attendees=2, photos=2)
    delete(event_id, photos="delete")
    deleted: list[int] = []
    handled = 0
    erase, left = event_purge.delete_photo, rows(event_id)
    monkeypatch.setattr(
        event_purge, "delete_photo", lambda photo: (deleted.append(1), erase(photo))
    )
    while waiting := messages():
        (message,) = waiting
        deleted.clear()
        assert deliver(message)
        gone = left - rows(event_id)
        left -= gone
        assert len(deleted) + gone <= BATCH
        handled += 1
    assert handled <= 60 // BATCH + 4
    assert (rows(event_id), photos_of(event_id)) == (0, [])
    assert rows(elsewhere) == 4
    assert len(photos_of(elsewhere)) == 2
    assert objects() == 2 * 3
    assert GRACE.call("list_photos", "GET", "/photos", tag="lake")[1]["nextCursor"] is None
    assert Usage.get(GRACE.user_id).held_photos == 2


def test_work_of_a_message_does_not_grow_with_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """One Query and one batch of attendees, however many there are."""
    calls = aws_calls.record(monkeypatch, CONNECTION.client)
    made = []
    for attendees in (BATCH, 20 * BATCH):
        delete(event_of(attendees=attendees))
        (message,) = messages()
        calls.clear()
        deliver(message)
        messages()
        made.append(list(calls))
    assert made[0] == made[1] == ["GetItem", "Query", "BatchWriteItem"]


def test_a_message_stops_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_purge, "BATCH_SECONDS", -1)
    event_id = event_of(photos=3)
    delete(event_id, photos="delete")
    (message,) = messages()
    deliver(message)
    assert len(photos_of(event_id)) == 2
    purge()
    assert photos_of(event_id) == []


def test_a_message_takes_at_most_half_of_the_functions_time() -> None:
    function = resources("AWS::Serverless::Function")["PurgeEventFunction"]
    assert function["Timeout"] >= 2 * event_purge.BATCH_SECONDS


def test_lambda_does_not_end_the_function_that_asks_itself_to_go_on() -> None:
    function = resources("AWS::Serverless::Function")["PurgeEventFunction"]
    assert function["RecursiveLoop"] == "Allow"


def test_every_message_twice_is_as_once() -> None:
    event_id = event_of(attendees=15, photos=15)
    delete(event_id, photos="delete")
    purge(duplicates=True)
    assert (rows(event_id), photos_of(event_id), objects()) == (0, [], 0)
    assert Usage.get(GRACE.user_id).held_photos == 0


def test_deleting_again_is_answered_alike_until_all_is_gone() -> None:
    event_id = event_of(photos=1)
    first = delete(event_id, photos="delete")
    assert delete(event_id, photos="keep") == first, "the first word holds"
    assert len(messages()) == 2, "also asked for again, in case the first time was cut off"
    delete(event_id)
    purge()
    assert photos_of(event_id) == []
    assert delete(event_id)[0] == 404


def test_of_two_deletions_at_once_the_first_word_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    event_id = event_of()
    mark = event_deletion._mark

    def after_another(event: Event, photos_become: str) -> None:
        mark(Event.get(event_id, "event"), "deleted")
        mark(event, photos_become)

    monkeypatch.setattr(event_deletion, "_mark", after_another)
    assert delete(event_id)[1]["photos"] == "deleted"


def test_what_was_begun_before_and_arrives_later_goes_too() -> None:
    event_id = event_of()
    event = Event.get(event_id, "event")
    delete(event_id, photos="delete")
    (message,) = messages()
    deliver(message)
    (message,) = messages()
    deliver(message)
    (message,) = messages()
    assert message["lastLook"]
    late = Person("late-0001", "late@example.com")
    row = attendee_row(late.email)
    Attendee(
        event_id,
        row,
        member=row,
        list_order=event.list_order,
        email=late.email,
        registered_at="2026",
    ).save()
    deliver(message)
    purge()
    assert rows(event_id) == 0


def test_the_last_look_is_later(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(event_purge, "LAST_CHECK_DELAY_SECONDS", 60)
    monkeypatch.setattr(
        "photodrop.aws.messages._sqs.send_message", lambda **message: sent.append(message)
    )
    event_id = ADA.create_event()
    delete(event_id)
    deliver(json.loads(sent[-1]["MessageBody"]))
    assert [message["DelaySeconds"] for message in sent] == [0, 60]


def test_a_message_about_an_event_that_nobody_deletes_harms_nothing() -> None:
    event_id = event_of(attendees=1, photos=1)
    assert not deliver({"eventId": event_id, "correlationId": "x", "lastLook": True})
    assert rows(event_id) == 3
    assert len(photos_of(event_id)) == 1


def test_a_message_that_fails_is_delivered_again_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event_id = event_of(photos=4)
    delete(event_id, photos="delete")
    (message,) = messages()
    with monkeypatch.context() as broken:
        erase, working = event_purge.delete_photo, iter([True, True])
        broken.setattr(event_purge, "delete_photo", lambda photo: next(working) and erase(photo))
        assert not deliver(message)
    assert len(photos_of(event_id)) == 2
    assert deliver(message)
    assert photos_of(event_id) == []


def test_a_photo_goes_although_its_owner_is_uploading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their usage changes at the same moment: DynamoDB refuses one of the two."""
    event_id = event_of(photos=1)
    delete(event_id, photos="delete")
    client = event_purge.Photo._get_connection().connection.client
    send, conflicts = client._make_api_call, iter([1, 1])

    def conflicting(operation: str, arguments: Any) -> Any:
        if operation == "TransactWriteItems" and next(conflicts, None):
            reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
            raise client.exceptions.TransactionCanceledException(
                {
                    "Error": {"Code": "TransactionCanceledException", "Message": "conflict"},
                    "CancellationReasons": reasons,
                },
                operation,
            )
        return send(operation, arguments)

    monkeypatch.setattr(client, "_make_api_call", conflicting)
    purge()
    assert photos_of(event_id) == []
    assert Usage.get(GRACE.user_id).held_photos == 0


def test_counts_what_went_and_logs_the_request_that_asked(output: Callable[[], str]) -> None:
    event_id = event_of(attendees=1, photos=2)
    delete(event_id, photos="delete")
    purge()
    lines = [json.loads(line) for line in output().splitlines()]
    assert sum(line["PhotosPurged"][0] for line in lines if "PhotosPurged" in line) == 2
    assert sum(line["EventsPurged"][0] for line in lines if "EventsPurged" in line) == 1
    done = next(line for line in lines if line.get("message") == "Event purged")
    assert done["event_id"] == event_id
    assert done["correlation_id"] == "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
