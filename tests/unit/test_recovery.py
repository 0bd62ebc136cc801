"""Photos that do not go on by themselves."""

import json
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest

import expire_uploads
import process_upload
import report_status
from photodrop import keys
from photodrop.aws import storage
from photodrop.aws.tables import Photo, Usage
from photodrop.errors import PhotosNotCheckedError
from tests.support import events, landing, pictures
from tests.unit.test_resize_thumbnails import make_verified, resize, thumbnails

pytestmark = pytest.mark.usefixtures("aws")


def report(photo: Photo, body: Any, user: str = "ada") -> tuple[int, Any]:
    path = f"/photos/{photo.photo_id}/status"
    event = events.request("report_status", path=path, body=body, user=user)
    response = report_status.handler(event, events.CONTEXT)
    return response["statusCode"], json.loads(response["body"])


def process_queue() -> None:
    """Deliver what is in the uploads queue, as Lambda would."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="uploads")["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        template = events.load("process_upload")["Records"][0]
        records = [template | {"body": message["Body"]} for message in messages]
        answer = process_upload.handler({"Records": records}, events.CONTEXT)
        assert answer == {"batchItemFailures": []}
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def messages(queue: str) -> list[str]:
    """Take everything from a queue."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    taken: list[str] = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        taken += [message["Body"] for message in found]
    return taken


class Context(events.Context):
    def __init__(self, milliseconds: list[int]) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds.pop(0) if self.milliseconds else 60_000


def expire(milliseconds: list[int] | None = None) -> None:
    expire_uploads.handler(events.load("expire_uploads"), Context(milliseconds or []))


def make_due(photo: Photo, **changes: Any) -> Photo:
    photo.reload()
    assert photo.change(due_at=1, **changes)
    return photo


def test_a_lost_event_is_healed_by_the_clients_word() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landing.put(photo.key, content)
    status, body = report(photo, {"status": "uploaded"})
    assert (status, body["status"]) == (200, "pending")
    process_queue()
    assert landing.reload(photo).status == "processing"


def test_uploaded_without_a_file_is_409() -> None:
    photo = landing.make_pending(pictures.jpeg())
    status, body = report(photo, {"status": "uploaded"})
    assert (status, body["code"]) == (409, "NotUploaded")


def test_uploaded_again_and_again_changes_nothing() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landing.deliver(landing.put(photo.key, content))
    resize(photo)
    before = landing.reload(photo).to_simple_dict()
    for _ in range(3):
        assert report(photo, {"status": "uploaded"})[0] == 200
    process_queue()
    assert landing.reload(photo).to_simple_dict() == before


def test_failed_ends_a_pending_upload_once() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    status, body = report(photo, {"status": "failed", "reason": "The battery was empty."})
    assert (status, body["status"]) == (200, "failed")
    assert body["failure"] == {"code": "UploadCancelled", "message": "The battery was empty."}
    assert report(photo, {"status": "failed"})[0] == 200
    assert Usage.get("ada").held_photos == 0
    landing.deliver(landing.put(photo.key, content))
    assert landing.reload(photo).status == "failed"
    found = boto3.client("s3").list_objects_v2(Bucket="photodrop-uploads")
    assert found.get("Contents", []) == []


def test_failed_cannot_end_what_has_arrived() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landing.deliver(landing.put(photo.key, content))
    status, body = report(photo, {"status": "failed"})
    assert (status, body["code"]) == (409, "NotPending")


@pytest.mark.parametrize("body", [{}, {"status": "completed"}, {"status": "failed", "reason": 5}])
def test_a_wrong_report_is_400(body: Any) -> None:
    assert report(landing.make_pending(b"x"), body)[0] == 400


def test_somebody_elses_upload_is_404() -> None:
    assert report(landing.make_pending(b"x"), {"status": "failed"}, user="eve")[0] == 404


def test_an_upload_that_never_came_expires() -> None:
    photo = make_due(landing.make_pending(b"x"))
    fresh = landing.make_pending(b"x")
    expire()
    assert landing.failure_code(photo) == "UploadExpired"
    assert landing.reload(fresh).status == "pending"
    assert Usage.get("ada").held_photos == 1
    before = landing.reload(photo).to_simple_dict()
    expire()
    assert landing.reload(photo).to_simple_dict() == before


def test_a_pending_photo_whose_event_was_lost_is_processed() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landing.put(photo.key, content)
    make_due(photo)
    expire()
    process_queue()
    assert landing.reload(photo).status == "processing"


@pytest.mark.parametrize("status", ["uploaded", "processing"])
def test_a_stuck_photo_is_asked_for_again_at_growing_intervals_and_never_fails_untried(
    status: str,
) -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landing.deliver(landing.put(photo.key, content))
    photo.reload()
    photo.change(status=status)
    waits = []
    for attempt in range(1, 11):
        make_due(photo)
        expire()
        photo = landing.reload(photo)
        assert (photo.status, photo.attempts) == (status, attempt)
        waits.append(round((photo.due_at - time.time()) / 60))
    assert waits == [15, 30, 60, 120, 240, 360, 360, 360, 360, 360]
    assert len(messages("uploads")) == 10
    assert Usage.get("ada").held_photos == 1
    assert landing.is_there(photo.key)


def test_a_stuck_photo_whose_file_is_gone_fails() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landed = landing.put(photo.key, content)
    landing.deliver(landed)
    landing.delete_version(photo, landed["versionId"])
    make_due(photo)
    expire()
    assert landing.failure_code(photo) == "UploadRemoved"


def test_what_is_not_reached_in_time_is_done_by_the_next_run() -> None:
    photos = [make_due(landing.make_pending(b"x")) for _ in range(5)]
    expire([60_000, 60_000, 9_000])
    assert [landing.reload(photo).status for photo in photos].count("failed") == 2
    expire()
    assert [landing.reload(photo).status for photo in photos].count("failed") == 5


def test_finished_photos_are_due_no_more() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landing.deliver(landing.put(photo.key, content))
    resize(photo)
    photo = landing.reload(photo)
    assert (photo.due_at, photo.due_list) == (None, None)
    before = photo.to_simple_dict()
    expire()
    assert landing.reload(photo).to_simple_dict() == before


def test_an_error_of_one_photo_stops_no_other_and_the_run_fails(
    monkeypatch: pytest.MonkeyPatch, output: Callable[[], str]
) -> None:
    photos = [make_due(landing.make_pending(b"x")) for _ in range(5)]
    broken = photos[2]
    find = storage.find_original

    def failing(key: str, version_id: str | None) -> Any:
        if key == broken.key:
            raise ConnectionError
        return find(key, version_id)

    monkeypatch.setattr(storage, "find_original", failing)
    with pytest.raises(PhotosNotCheckedError):
        expire()
    assert [landing.reload(photo).status for photo in photos].count("failed") == 4
    assert landing.reload(broken).status == "pending"
    assert '"PhotosLeft":[1.0]' in output()
    monkeypatch.undo()
    expire()
    assert landing.reload(broken).status == "failed"


def test_a_failed_photo_is_looked_after_once_more_and_what_landed_unseen_is_removed() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    assert report(photo, {"status": "failed"})[0] == 200
    landing.put(photo.key, content)  # its event is lost
    expire()
    assert landing.is_there(photo.key), "something may still land"
    make_due(photo)
    expire()
    assert not landing.is_there(photo.key)
    assert (landing.reload(photo).status, landing.reload(photo).due_at) == ("failed", None)


def test_thumbnails_of_a_photo_whose_original_was_removed_do_not_outlive_it() -> None:
    photo = make_verified(pictures.jpeg())
    storage.put_thumbnail(keys.thumbnail(photo.key, 160), b"x", "image/webp")
    landing.delete_version(photo, photo.version_id)
    make_due(photo)
    expire()
    assert landing.failure_code(photo) == "UploadRemoved"
    make_due(photo)
    expire()
    assert thumbnails() == {}
