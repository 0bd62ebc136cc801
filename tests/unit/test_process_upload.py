"""From S3's event to a verified photo, or to a refusal that leaves a trace."""

import io
import json
import struct
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import process_upload
from photodrop.aws import messages, s3_events, storage
from photodrop.aws.tables import Photo, Usage
from photodrop.domain import photo_deletion
from tests.support import events, landing, pictures
from tests.support.template import resources

pytestmark = pytest.mark.usefixtures("aws")


def test_a_granted_picture_is_verified_and_asked_to_be_resized() -> None:
    content = pictures.jpeg(64, 48, orientation=6)
    photo = landing.make_pending(content)
    landed = landing.put(photo.key, content)
    assert landing.deliver(landed) == []
    photo = landing.reload(photo)
    assert photo.status == "processing"
    assert (photo.width, photo.height, photo.orientation) == (48, 64, 6)
    assert photo.etag == landed["eTag"]
    assert photo.version_id == landed["versionId"]
    assert photo.content_type == "image/jpeg"
    assert photo.remove_at is None
    assert landing.asked_for_thumbnails() == [photo.photo_id]


def test_a_file_that_browsers_would_decode_first_is_refused() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landing.deliver(landing.put(photo.key, content, ContentEncoding="gzip"))
    photo = landing.reload(photo)
    assert (photo.status, photo.failure.code) == ("failed", "UnsupportedContent")
    assert "Content-Encoding" in photo.failure.message
    assert not landing.is_there(photo.key)


def test_the_event_file_of_an_object_without_a_record_is_handled() -> None:
    answer = process_upload.handler(events.load("process_upload"), events.CONTEXT)
    assert answer == {"batchItemFailures": []}


def test_keys_in_events_are_decoded_with_plus_as_space() -> None:
    record = {"s3": {"object": {"key": "a+b%2Bc%C3%A9", "eTag": "e", "size": 1}}}
    ((_, item),) = s3_events.read({"Records": [record]})
    assert item.key == "a b+cé"


def test_s3s_test_message_is_ignored() -> None:
    event = events.load("process_upload")
    event["Records"][0]["body"] = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"})
    assert process_upload.handler(event, events.CONTEXT) == {"batchItemFailures": []}


def test_the_same_event_five_times_changes_nothing() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landed = landing.put(photo.key, content)
    landing.deliver(landed)
    Photo(photo.photo_id, "photo").update([Photo.status.set("completed")])
    before = landing.reload(photo).to_simple_dict()
    landing.asked_for_thumbnails()
    for _ in range(5):
        assert landing.deliver(landed, landed) == []
    assert landing.reload(photo).to_simple_dict() == before
    assert landing.asked_for_thumbnails() == []
    assert landing.is_there(photo.key)


@pytest.mark.parametrize(
    ("content", "declared", "size", "code"),
    [
        (b"just some text, named .jpg", "image/jpeg", None, "UnsupportedContent"),
        (pictures.png(), "image/jpeg", None, "ContentTypeMismatch"),
        (pictures.jpeg(), "image/jpeg", 5, "SizeMismatch"),
        (pictures.jpeg()[:20], "image/jpeg", None, "CorruptImage"),
    ],
)
def test_what_was_not_granted_fails_with_a_code_and_leaves_sight(
    content: bytes, declared: str, size: int | None, code: str
) -> None:
    photo = landing.make_pending(content, declared, size)
    landed = landing.put(photo.key, content)
    assert landing.deliver(landed) == []
    landing.assert_refused(photo, code)
    assert landing.reload(photo).remove_at is not None
    assert landing.asked_for_thumbnails() == []
    landing.deliver(landed)
    assert Usage.get("ada").held_photos == 0


def versions() -> list[str]:
    """Return the keys of all versions in the uploads bucket, delete markers included."""
    found = boto3.client("s3").list_object_versions(Bucket="photodrop-uploads")
    return [item["Key"] for item in found.get("Versions", []) + found.get("DeleteMarkers", [])]


def test_a_refused_object_is_erased_and_only_then_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = landing.make_pending(b"text")
    landed = landing.put(photo.key, b"text")
    erase = storage.erase_original

    def failing(key: str) -> None:
        raise ConnectionError

    monkeypatch.setattr(storage, "erase_original", failing)
    assert landing.deliver(landed) == ["message-0"]
    assert landing.reload(photo).status == "failed"
    assert Usage.get("ada").held_bytes == 4, "what is stored is charged"
    monkeypatch.setattr(storage, "erase_original", erase)
    assert landing.deliver(landed) == []
    assert versions() == []
    assert (Usage.get("ada").held_photos, Usage.get("ada").held_bytes) == (0, 0)


def test_what_lands_for_a_photo_that_was_deleted_is_erased() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    photo_deletion.delete(photo)
    landing.deliver(landing.put(photo.key, content))
    assert versions() == []


def test_too_many_pixels_fail_before_anything_is_decoded(settings: Callable[..., None]) -> None:
    settings(MAX_IMAGE_PIXELS=64 * 48 - 1)
    content = pictures.jpeg(64, 48)
    photo = landing.make_pending(content)
    landing.deliver(landing.put(photo.key, content))
    assert landing.failure_code(photo) == "TooManyPixels"


@pytest.mark.parametrize(
    "key",
    [
        "uploads/user_ada/0b6f6c1e-3f0a-4b43-9a43-6d0f3a1f5c77.jpg",
        "uploads/user_ada/nonsense.jpg",
        "elsewhere/photo.jpg",
        "uploads/日本 語+.jpg",
    ],
)
def test_an_object_without_a_record_leaves_sight_and_a_trace(
    key: str, output: Callable[[], str]
) -> None:
    assert landing.deliver(landing.put(key, pictures.jpeg())) == []
    assert not landing.is_there(key)
    written = output()
    assert '"ObjectsWithoutRecord":[1.0]' in written
    assert '"message":"Object refused"' in written


def test_an_object_under_another_photos_id_is_not_taken_for_it() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landing.deliver(landing.put(photo.key.replace("user_ada", "user_eve"), content))
    assert landing.reload(photo).status == "pending"


def test_a_second_file_over_the_first_is_removed_and_never_shown() -> None:
    content = pictures.jpeg(64, 48)
    photo = landing.make_pending(content)
    first = landing.put(photo.key, content)
    landing.deliver(first)
    second = landing.put(photo.key, b"x" * len(content))
    landing.deliver(second)
    photo = landing.reload(photo)
    assert photo.version_id == first["versionId"]
    assert photo.status == "processing"
    current = boto3.client("s3").get_object(Bucket="photodrop-uploads", Key=photo.key)
    assert current["Body"].read() == content


def test_an_event_with_another_etag_for_the_file_that_is_shown_removes_nothing() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landed = landing.put(photo.key, content)
    landing.deliver(landed)
    landing.deliver(landed | {"eTag": "another"})
    assert landing.is_there(photo.key)
    assert landing.reload(photo).status == "processing"


def test_an_error_of_a_service_is_tried_again_and_other_messages_are_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = pictures.jpeg()
    broken, fine = landing.make_pending(content), landing.make_pending(content)
    opened = storage.open_original

    def unavailable(key: str, *rest: Any) -> Any:
        if key == broken.key:
            raise ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")
        return opened(key, *rest)

    monkeypatch.setattr(storage, "open_original", unavailable)
    objects = landing.put(broken.key, content), landing.put(fine.key, content)
    assert landing.deliver(*objects) == ["message-0"]
    assert landing.reload(broken).status == "uploaded"
    assert landing.reload(fine).status == "processing"
    monkeypatch.undo()
    assert landing.deliver(objects[0]) == []
    assert landing.reload(broken).status == "processing"


def test_a_crash_before_asking_for_thumbnails_is_healed_by_the_next_delivery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landed = landing.put(photo.key, content)

    def crash(_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(messages.MakeThumbnails, "send", crash)
    assert landing.deliver(landed) == ["message-0"]
    assert landing.reload(photo).status == "processing"
    monkeypatch.undo()
    assert landing.deliver(landed) == []
    assert landing.asked_for_thumbnails() == [photo.photo_id]


def test_an_object_that_is_gone_again_fails_the_photo() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landed = landing.put(photo.key, content)
    landing.delete_version(photo, landed["versionId"])
    landing.deliver(landed)
    assert landing.failure_code(photo) == "UploadRemoved"


def test_log_lines_carry_the_grants_correlation_id(output: Callable[[], str]) -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landing.deliver(landing.put(photo.key, content))
    lines = [json.loads(line) for line in output().splitlines()]
    verified = next(line for line in lines if line.get("message") == "Photo verified")
    assert verified["correlation_id"] == "grant-1"
    assert verified["photo_id"] == photo.photo_id


def test_reads_only_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytes(range(256)) * 4096
    landing.put("uploads/user_ada/x.jpg", content)
    fetched = count_requests(monkeypatch)
    with storage.open_original("uploads/user_ada/x.jpg", None, len(content)) as stream:
        assert stream.read(10) == content[:10]
        assert stream.read(10) == content[10:20]
        stream.seek(-4, io.SEEK_END)
        assert stream.read() == content[-4:]
    assert fetched == ["bytes=0-65535", f"bytes={len(content) - 65536}-{len(content) - 1}"]


def count_requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list that the ranges of all requests go into."""
    fetched: list[str] = []
    get = storage._get

    def counting(source: dict[str, str]) -> Any:
        fetched.append(source["Range"])
        return get(source)

    monkeypatch.setattr(storage, "_get", counting)
    return fetched


def tiff_of(pages: int, page_bytes: int, *, between: int = 0) -> bytes:
    """Return a TIFF of so many pages, every second of which lies `between` bytes behind."""
    size = 8 + pages * page_bytes + between
    content = bytearray(b"II*\0\x08\0\0\0".ljust(size + 100, b"\0"))
    places = [8 + number * page_bytes + (between if number % 2 else 0) for number in range(pages)]
    for place, following in zip(places, [*places[1:], 0], strict=True):
        page = struct.pack("<H", 4)
        for tag, value in {256: 9, 257: 9, 258: 8, 262: 1}.items():  # sides, bits, grey
            page += struct.pack("<HHII", tag, 3, 1, value)
        page += struct.pack("<I", following)
        content[place : place + len(page)] = page
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "most_requests"),
    [
        pytest.param(tiff_of(1000, 60, between=2_000_000), 4, id="in two places, by turns"),
        pytest.param(tiff_of(300, 30_000), 20, id="scattered, and not all counted"),
    ],
)
def test_a_tiff_of_many_pages_is_accepted_after_a_few_requests(
    monkeypatch: pytest.MonkeyPatch, content: bytes, most_requests: int
) -> None:
    photo = landing.make_pending(content, "image/tiff")
    landed = landing.put(photo.key, content)
    fetched = count_requests(monkeypatch)
    landing.deliver(landed)
    assert landing.reload(photo).status == "processing"
    assert len(fetched) <= most_requests


def test_a_header_that_is_scattered_over_the_file_is_refused_after_few_requests(
    monkeypatch: pytest.MonkeyPatch, settings: Callable[..., None]
) -> None:
    settings(MAX_IMAGE_BYTES=100_000_000)
    png = pictures.png()
    filler = (300_000).to_bytes(4, "big") + b"junk" + bytes(300_004)
    content = png[:33] + filler * 150 + png[33:]
    photo = landing.make_pending(content, "image/png")
    landed = landing.put(photo.key, content)
    fetched = count_requests(monkeypatch)
    assert landing.deliver(landed) == []
    assert landing.failure_code(photo) == "HeaderTooLarge"
    assert len(fetched) <= storage.MAX_HEADER_REQUESTS


def test_without_time_for_more_messages_the_rest_of_a_batch_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = pictures.jpeg()
    photos = [landing.make_pending(content) for _ in range(4)]
    objects = [landing.put(photo.key, content) for photo in photos]
    context = events.Context()
    opened = storage.open_original

    def slowly(*arguments: Any) -> Any:
        context.seconds_left -= 12
        return opened(*arguments)

    monkeypatch.setattr(storage, "open_original", slowly)
    answer = process_upload.handler(events.landed(*objects), context)
    returned = [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]
    assert returned == ["message-2", "message-3"]
    assert [landing.reload(photo).status for photo in photos[:2]] == ["processing", "processing"]
    assert [landing.reload(photo).status for photo in photos[2:]] == ["pending", "pending"]
    assert len(landing.asked_for_thumbnails()) == 2


def test_the_first_message_of_a_batch_always_has_its_turn() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    context = events.Context()
    context.seconds_left = 0
    answer = process_upload.handler(events.landed(landing.put(photo.key, content)), context)
    assert answer == {"batchItemFailures": []}
    assert landing.reload(photo).status == "processing"


def test_no_message_waits_for_another_one_of_its_batch() -> None:
    """A message that is returned has been received: five times, and it would count as dead."""
    for name, function in resources("AWS::Serverless::Function").items():
        for event in function.get("Events", {}).values():
            if event["Type"] == "SQS":
                assert event["Properties"]["BatchSize"] == 1, name
