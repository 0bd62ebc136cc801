"""What failed by our fault is kept, and can be tried again; what nobody tried does not fail."""

import json
import time
from typing import Any

import boto3
import pytest

import delete_photo
import process_upload
import resize_thumbnails
import retry_photos
from photodrop.aws.tables import Photo, Usage
from photodrop.domain import recovery, thumbnails
from photodrop.domain.lifecycle import FAILED_DAYS
from tests.support import events, landing, pictures
from tests.unit.test_recovery import expire, make_due, messages, process_queue

pytestmark = pytest.mark.usefixtures("aws")

CONTENT = pictures.jpeg(40, 30)


def crash(_: Photo) -> None:
    raise ConnectionError


def resize(photo: Photo, *, delivery: int = 1) -> bool:
    """Deliver the thumbnails message; return whether it was processed."""
    event = events.verified(photo.photo_id)
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(delivery)
    return resize_thumbnails.handler(event, events.CONTEXT) == {"batchItemFailures": []}


def verified() -> tuple[Photo, dict[str, Any]]:
    """Return a photo that is verified, and the event of its file."""
    photo = landing.make_pending(CONTENT)
    landed = landing.put(photo.key, CONTENT)
    assert landing.deliver(landed) == []
    return landing.reload(photo), landed


def tried_too_often(monkeypatch: pytest.MonkeyPatch) -> tuple[Photo, dict[str, Any]]:
    """Return a photo whose thumbnails crashed until it failed."""
    photo, landed = verified()
    with monkeypatch.context() as broken:
        broken.setattr(thumbnails, "_complete", crash)
        while landing.reload(photo).status == "processing":
            for delivery in range(1, 6):
                assert not resize(photo, delivery=delivery)
            make_due(photo)
            expire()
    return landing.reload(photo), landed


def retry(path: str, *, groups: str = "staff", user: str = "staff") -> tuple[int, Any]:
    event = events.request("retry_photos", path=path, user=user)
    event["requestContext"]["authorizer"]["claims"]["cognito:groups"] = groups
    response = retry_photos.handler(event, events.CONTEXT)
    return response["statusCode"], json.loads(response["body"])


def finish(photo: Photo) -> None:
    """Deliver what the queues hold."""
    process_queue()
    for photo_id in landing.asked_for_thumbnails():
        assert photo_id == photo.photo_id
        assert resize(photo)


def test_the_good_path_counts_no_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, _ = verified()
    read: list[str] = []
    monkeypatch.setattr("photodrop.domain.lifecycle.count_try", read.append)
    assert resize(photo)
    assert read == []
    assert landing.reload(photo).tries == 0


def test_a_message_that_comes_again_is_a_try_and_each_step_has_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = landing.make_pending(CONTENT)
    landed = landing.put(photo.key, CONTENT)
    event = events.landed(landed)
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = "4"
    with monkeypatch.context() as broken:
        broken.setattr("photodrop.domain.verification._verify_content", lambda *_: crash(photo))
        landing.deliver(landed)
        process_upload.handler(event, events.CONTEXT)
    assert (landing.reload(photo).status, landing.reload(photo).tries) == ("uploaded", 1)
    process_upload.handler(event, events.CONTEXT)
    assert (landing.reload(photo).status, landing.reload(photo).tries) == ("processing", 0)


def test_an_outage_of_any_length_fails_nothing_and_its_end_makes_all_whole() -> None:
    """The function does not even start, so its messages end in the dead-letter queue untried."""
    photo, _ = verified()
    landing.asked_for_thumbnails()
    for _ in range(40):
        make_due(photo)
        expire()
        process_queue()
        landing.asked_for_thumbnails()
    assert landing.reload(photo).status == "processing"
    assert resize(photo), "the redriven message"
    assert landing.reload(photo).status == "completed"


def test_what_was_tried_too_often_fails_and_is_kept_and_charged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo, landed = tried_too_often(monkeypatch)
    assert photo.failure is not None
    assert (photo.status, photo.failure.code) == ("failed", "ProcessingFailed")
    assert landing.is_there(photo.key)
    assert photo.remove_at is None
    assert photo.due_at == pytest.approx(time.time() + FAILED_DAYS * 24 * 3600, abs=60)
    usage = Usage.get("ada")
    assert (usage.held_photos, usage.held_bytes) == (1, len(CONTENT))
    assert photo.version_id == landed["versionId"]


@pytest.mark.parametrize("redriven", ["thumbnails message", "event"])
def test_a_redriven_message_makes_it_whole(monkeypatch: pytest.MonkeyPatch, redriven: str) -> None:
    photo, landed = tried_too_often(monkeypatch)
    messages("thumbnails")
    if redriven == "event":
        assert landing.deliver(landed) == []
        finish(photo)
    else:
        assert resize(photo)
    photo = landing.reload(photo)
    assert (photo.status, photo.failure, photo.is_retryable) == ("completed", None, None)
    assert (photo.due_at, photo.due_list) == (None, None)
    assert Usage.get("ada").held_bytes == len(CONTENT)


def test_staff_have_one_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, _ = tried_too_often(monkeypatch)
    messages("thumbnails")
    path = f"/photos/{photo.photo_id}/retry"
    assert retry(path) == (202, {"photoId": photo.photo_id, "status": "uploaded"})
    assert retry(path)[1]["status"] == "uploaded", "twice is once"
    assert (landing.reload(photo).tries, landing.reload(photo).attempts) == (0, 0)
    finish(photo)
    assert landing.reload(photo).status == "completed"
    assert retry(path) == (202, {"photoId": photo.photo_id, "status": "completed"})
    assert Usage.get("ada").held_photos == 1


def test_staff_have_all_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    photos = [tried_too_often(monkeypatch)[0] for _ in range(3)]
    by_content = landing.make_pending(b"no picture")
    landing.deliver(landing.put(by_content.key, b"no picture"))
    event = events.request("retry_photos", path="/photos/retry", query={"limit": "2"}, user="staff")
    response = retry_photos.handler(event, events.CONTEXT)
    first = json.loads(response["body"])
    assert (response["statusCode"], len(first["items"]), first["more"]) == (202, 2, True)
    status, rest = retry("/photos/retry")
    assert (status, len(rest["items"]), rest["more"]) == (202, 1, False)
    taken = {item["photoId"] for item in first["items"] + rest["items"]}
    assert taken == {photo.photo_id for photo in photos}
    assert retry("/photos/retry")[1] == {"items": [], "more": False}
    assert landing.reload(by_content).status == "failed"


def test_what_failed_by_its_content_is_final() -> None:
    photo = landing.make_pending(b"no picture")
    landed = landing.put(photo.key, b"no picture")
    landing.deliver(landed)
    status, body = retry(f"/photos/{photo.photo_id}/retry")
    assert (status, body["code"]) == (409, "NotRetryable")
    landing.deliver(landed)
    assert resize(photo)
    assert landing.reload(photo).status == "failed"
    assert not landing.is_there(photo.key)


def test_only_staff_may(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, _ = tried_too_often(monkeypatch)
    path = f"/photos/{photo.photo_id}/retry"
    assert retry(path, groups="organizers", user="ada")[0] == 403
    assert retry(path, groups="", user="eve")[0] == 404
    assert retry("/photos/retry", groups="organizers", user="ada")[0] == 403
    for unknown in ("nonsense", "x" * 2049, "0b6f6c1e-3f0a-4b43-9a43-6d0f3a1f5c77_1"):
        assert retry(f"/photos/{unknown}/retry")[0] == 404
    assert landing.reload(photo).status == "failed"


def test_one_whose_file_is_gone_ends_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, landed = tried_too_often(monkeypatch)
    landing.delete_version(photo, landed["versionId"])
    assert retry(f"/photos/{photo.photo_id}/retry")[0] == 202
    make_due(photo)
    expire()
    assert landing.failure_code(photo) == "UploadRemoved"
    assert Usage.get("ada").held_photos == 0


def test_after_its_days_it_is_erased_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, _ = tried_too_often(monkeypatch)
    make_due(photo)
    expire()
    with pytest.raises(Photo.DoesNotExist):
        landing.reload(photo)
    found = boto3.client("s3").list_object_versions(Bucket="photodrop-uploads")
    assert found.get("Versions", []) == []
    assert (Usage.get("ada").held_photos, Usage.get("ada").held_bytes) == (0, 0)


def test_a_failed_one_of_an_earlier_version_is_not_brought_back() -> None:
    """Its original was hidden, and its owner refunded."""
    photo = landing.make_pending(b"no picture")
    landing.deliver(landing.put(photo.key, b"no picture"))
    photo = landing.reload(photo)
    assert photo.change(failure={"code": "ProcessingFailed", "message": "It was not processed."})
    assert retry(f"/photos/{photo.photo_id}/retry")[0] == 409
    assert recovery.retry_failed(100) == ([], False)


def test_the_owner_may_delete_it(monkeypatch: pytest.MonkeyPatch) -> None:
    photo, _ = tried_too_often(monkeypatch)
    event = events.request("delete_photo", path=f"/photos/{photo.photo_id}", user="ada")
    assert delete_photo.handler(event, events.CONTEXT)["statusCode"] == 204
    assert Usage.get("ada").held_photos == 0
