"""From a video that landed to its facts and thumbnails, or to a refusal."""

import io
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from PIL import Image

import process_upload
import process_video
from photodrop import keys
from photodrop.aws import storage
from photodrop.aws.tables import Failure, Photo, ThumbnailSize, Usage
from photodrop.domain import photo_deletion, recovery
from photodrop.imaging import video as video_process
from photodrop.status import Status
from tests.support import events, landing, pictures, videos
from tests.support.template import resources
from tests.unit.test_resize_thumbnails import thumbnails
from tests.unit.test_thumbnail_photo import ask, stored
from tests.unit.test_view_and_list_photos import make_photo

pytestmark = pytest.mark.usefixtures("aws")


def landed(content: bytes, content_type: str = "video/mp4") -> Photo:
    """Make a photo whose file has landed and shows a video by its first bytes."""
    photo = landing.make_pending(content, content_type)
    assert landing.deliver(landing.put(photo.key, content)) == []
    photo = landing.reload(photo)
    assert photo.status == Status.PROCESSING
    assert asked_for() == [photo.photo_id]
    return photo


def asked_for() -> list[str]:
    """Take everything from the videos queue; return the photo ids."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="videos")["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"])["photoId"] for message in messages]


def process(photo: Photo) -> list[str]:
    """Deliver the videos queue's message; return the messages that are to come again."""
    event = events.load("process_video")
    event["Records"][0]["body"] = json.dumps({"photoId": photo.photo_id})
    answer = process_video.handler(event, events.CONTEXT)
    return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]


def test_completes_a_video_with_its_facts_and_thumbnails() -> None:
    photo = landed(videos.video(size=(2000, 1000), rotation=-90))
    assert process(photo) == []
    photo = landing.reload(photo)
    assert photo.status == "completed"
    assert (photo.width, photo.height) == (1000, 2000)
    assert (photo.duration_seconds, photo.codec) == (2, "mpeg4")
    assert photo.thumb_hash
    assert photo.thumbnails_missing is None
    sizes = [(int(made.size), int(made.width), int(made.height)) for made in photo.thumbnails]
    assert sizes == [(160, 80, 160), (640, 320, 640), (1600, 800, 1600)]
    base = photo.key.removesuffix(".mp4")
    assert sorted(thumbnails()) == sorted(f"{base}/{size}.webp" for size in (160, 640, 1600))
    for size, width, height in sizes:
        made = stored(f"{base}/{size}.webp")
        assert made["ContentType"] == "image/webp"
        assert Image.open(io.BytesIO(made["Body"].read())).size == (width, height)


def test_the_event_file_of_a_video_that_is_gone_does_nothing() -> None:
    answer = process_video.handler(events.load("process_video"), events.CONTEXT)
    assert answer == {"batchItemFailures": []}


def test_a_second_delivery_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = landed(videos.video())
    process(photo)
    before = landing.reload(photo).to_simple_dict()
    monkeypatch.setattr(video_process, "inspect", None)
    assert process(photo) == []
    assert landing.reload(photo).to_simple_dict() == before


def test_a_video_that_is_stuck_is_asked_for_again() -> None:
    content = videos.video()
    photo = landed(content)
    Photo(photo.photo_id, "photo").update([Photo.due_at.set(1)])
    recovery.check_due(lambda: True)
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="uploads")["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    event = events.load("process_upload")
    event["Records"][0]["body"] = message["Body"]
    assert process_upload.handler(event, events.CONTEXT) == {"batchItemFailures": []}
    assert asked_for() == [photo.photo_id]


def test_thumbnails_on_demand_are_made_of_the_poster_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = make_photo(
        content_type="video/mp4",
        key=f"uploads/user_{events.USER}/0b6f6c1e-3f0a-4b43-9a43-6d0f3a1f5c77.mp4",
        width=3840,
        height=2160,
        size_bytes=4 * 1024**3,
        thumbnails=[
            ThumbnailSize(size=160, width=160, height=90),
            ThumbnailSize(size=1600, width=1600, height=900),
        ],
    )
    poster = pictures.picture("WEBP", 1600, 900)
    storage.put_thumbnail(keys.thumbnail(photo.key, 1600), poster, "image/webp")
    monkeypatch.setattr(storage, "download_original", None)
    for res, size in {"640x480": (640, 360), "2048": (1600, 900), "160": (160, 90)}.items():
        status, answer = ask(photo, res)
        assert status == 200
        assert (answer["width"], answer["height"]) == size
        if res != "160":
            made = stored(keys.thumbnail(photo.key, res))
            assert Image.open(io.BytesIO(made["Body"].read())).size == size


def test_a_video_without_a_poster_has_none_on_demand() -> None:
    why = Failure(code="UnsupportedCodec", message="This kind of video codec is not decoded.")
    photo = make_photo(content_type="video/mp4", thumbnails=[], thumbnails_missing=why)
    status, answer = ask(photo)
    assert (status, answer["code"]) == (409, "ThumbnailFailed")
    assert answer["message"] == why.message


def test_only_ranges_of_a_large_video_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of it lies in a box that nobody reads, before the index."""
    content = videos.video()
    index = content.index(b"moov") - 4
    filler = 40_000_000
    content = (
        content[:index] + filler.to_bytes(4, "big") + b"free" + bytes(filler - 8) + content[index:]
    )
    fetched: list[int] = []
    get = storage._get

    def counting(source: dict[str, str]) -> Any:
        first, last = source["Range"].removeprefix("bytes=").split("-")
        fetched.append(int(last) - int(first) + 1)
        return get(source)

    photo = landed(content)
    monkeypatch.setattr(storage, "_get", counting)
    assert process(photo) == []
    assert landing.reload(photo).status == "completed"
    assert len(landing.reload(photo).thumbnails) == 3
    assert len(fetched) <= 5
    assert sum(fetched) < 2_000_000


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (videos.video()[:-100], "CorruptVideo"),
        (videos.audio(), "NoVideoStream"),
        (videos.video()[:64] + bytes(1000), "CorruptVideo"),
    ],
)
def test_what_is_no_video_fails_with_a_code_and_leaves_sight(content: bytes, code: str) -> None:
    photo = landed(content)
    assert process(photo) == []
    landing.assert_refused(photo, code)
    process(photo)
    assert Usage.get("ada").held_photos == 0


@pytest.mark.parametrize(
    ("content", "declared", "code"),
    [
        (b"just some text, named .mp4", "video/mp4", "UnsupportedContent"),
        (pictures.jpeg(), "video/mp4", "ContentTypeMismatch"),
        (videos.video(), "image/jpeg", "ContentTypeMismatch"),
        (videos.video(), "video/webm", "ContentTypeMismatch"),
    ],
)
def test_another_kind_of_file_fails_before_a_video_is_looked_for(
    content: bytes, declared: str, code: str
) -> None:
    photo = landing.make_pending(content, declared)
    landing.deliver(landing.put(photo.key, content))
    assert landing.failure_code(photo) == code
    assert asked_for() == []


@pytest.mark.parametrize(
    ("kind", "declared", "recorded"),
    [("mov", "video/mp4", "video/quicktime"), ("mp4", "video/quicktime", "video/mp4")],
)
def test_mp4_and_quicktime_stand_in_for_each_other(kind: str, declared: str, recorded: str) -> None:
    photo = landed(videos.video(kind), declared)
    process(photo)
    photo = landing.reload(photo)
    assert photo.status == "completed"
    assert photo.content_type == recorded


def test_a_video_without_a_poster_is_completed_and_says_why() -> None:
    photo = landed(videos.video("mov", "mpeg2video"), "video/quicktime")
    process(photo)
    photo = landing.reload(photo)
    assert photo.status == "completed"
    assert photo.failure is None
    assert list(photo.thumbnails) == []
    assert photo.thumbnails_missing is not None
    assert photo.thumbnails_missing.code == "UnsupportedCodec"
    assert photo.thumbnails_missing.message


def test_an_object_that_is_gone_again_fails_the_video() -> None:
    photo = landed(videos.video())
    landing.delete_version(photo, photo.version_id)
    assert process(photo) == []
    assert landing.failure_code(photo) == "UploadRemoved"


def test_an_error_of_s3_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = landed(videos.video())

    def unavailable(source: dict[str, str]) -> Any:
        raise ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")

    monkeypatch.setattr(storage, "_get", unavailable)
    assert process(photo) == ["2e1424d4-f796-459a-8184-9c92662be6da"]
    assert landing.reload(photo).status == "processing"
    monkeypatch.undo()
    assert process(photo) == []
    assert landing.reload(photo).status == "completed"


def test_thumbnails_do_not_outlive_a_video_deleted_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = landed(videos.video())
    store = storage.put_thumbnail

    def store_and_delete(key: str, *rest: Any, **more: Any) -> None:
        store(key, *rest, **more)
        photo_deletion.delete(landing.reload(photo))
        monkeypatch.setattr(storage, "put_thumbnail", store)

    monkeypatch.setattr(storage, "put_thumbnail", store_and_delete)
    assert process(photo) == []
    assert thumbnails() == {}


def test_nothing_of_a_user_is_logged(output: Callable[[], str]) -> None:
    photo = landed(videos.video(metadata={"title": "Our secret place"}))
    process(photo)
    written = output()
    assert '"message":"Video completed"' in written
    assert "secret" not in written
    assert photo.file_name not in written


def test_the_child_is_given_up_before_the_function_is() -> None:
    function = resources("AWS::Serverless::Function")["ProcessVideoFunction"]
    limits = video_process.LIMITS
    assert function["Timeout"] >= limits.wall_seconds + video_process.MAX_FETCHING_SECONDS + 15
    assert function["MemorySize"] * 1024**2 >= limits.memory_bytes + 400_000_000
