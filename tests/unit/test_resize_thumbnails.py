"""From a verified photo to its thumbnails, or to a refusal."""

import io
import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from PIL import Image

import resize_thumbnails
from photodrop.aws import storage
from photodrop.aws.tables import Photo, Usage
from photodrop.imaging import images
from photodrop.imaging.sandbox import Limits, Sandbox
from photodrop.status import Status
from tests.support import events, landing, pictures
from tests.support.template import resources, template

pytestmark = pytest.mark.usefixtures("aws")


def make_verified(content: bytes, content_type: str = "image/jpeg") -> Photo:
    photo = landing.make_pending(content, content_type)
    landing.deliver(landing.put(photo.key, content))
    photo = landing.reload(photo)
    assert photo.status == Status.PROCESSING
    return photo


def resize(photo: Photo) -> list[str]:
    """Deliver the thumbnails queue's message; return the messages that are to come again."""
    answer = resize_thumbnails.handler(events.verified(photo.photo_id), events.CONTEXT)
    return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]


def thumbnails() -> dict[str, Any]:
    s3 = boto3.client("s3")
    found = s3.list_objects_v2(Bucket="photodrop-thumbnails").get("Contents", [])
    return {
        item["Key"]: s3.get_object(Bucket="photodrop-thumbnails", Key=item["Key"]) for item in found
    }


def test_completes_a_photo_with_all_its_thumbnails() -> None:
    photo = make_verified(pictures.jpeg(2000, 1000, orientation=6, gps=True))
    assert resize(photo) == []
    photo = landing.reload(photo)
    assert photo.status == "completed"
    assert photo.thumb_hash
    assert [(int(t.size), int(t.width), int(t.height)) for t in photo.thumbnails] == [
        (160, 80, 160),
        (640, 320, 640),
        (1600, 800, 1600),
    ]
    made = thumbnails()
    base = photo.key.removesuffix(".jpg")
    assert sorted(made) == sorted(f"{base}/{size}.webp" for size in (160, 640, 1600))
    for key, stored in made.items():
        assert stored["ContentType"] == "image/webp"
        picture = Image.open(io.BytesIO(stored["Body"].read()))
        assert picture.format == "WEBP", key
        assert picture.height > picture.width
        assert not picture.getexif()
        red, _, blue = picture.convert("RGB").getpixel((picture.width // 2, 2))
        assert red > blue, "orientation 6 puts the stored left half on top"


def test_the_event_file_of_a_photo_that_is_gone_does_nothing() -> None:
    answer = resize_thumbnails.handler(events.load("resize_thumbnails"), events.CONTEXT)
    assert answer == {"batchItemFailures": []}


def test_the_same_message_again_changes_nothing() -> None:
    photo = make_verified(pictures.jpeg())
    resize(photo)
    before = landing.reload(photo).to_simple_dict()
    for _ in range(4):
        assert resize(photo) == []
    assert landing.reload(photo).to_simple_dict() == before


def test_a_picture_that_cannot_be_decoded_fails_and_frees_what_it_held() -> None:
    content = pictures.jpeg(640, 480)
    photo = make_verified(content[: len(content) // 2])
    assert resize(photo) == []
    photo = landing.reload(photo)
    assert photo.status == "failed"
    assert photo.failure is not None
    assert photo.failure.code == "CorruptImage"
    assert thumbnails() == {}
    assert Usage.get("ada").held_photos == 0


def test_is_completed_only_when_every_thumbnail_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = make_verified(pictures.jpeg(2000, 1000))
    store = storage.put_thumbnail

    def full(key: str, *rest: Any) -> None:
        if key.endswith("/1600.webp"):
            raise ConnectionError
        store(key, *rest)

    monkeypatch.setattr(storage, "put_thumbnail", full)
    assert resize(photo) == [events.load("resize_thumbnails")["Records"][0]["messageId"]]
    assert landing.reload(photo).status == "processing"
    monkeypatch.undo()
    assert resize(photo) == []
    assert landing.reload(photo).status == "completed"


def test_resizes_the_version_that_was_verified() -> None:
    photo = make_verified(pictures.jpeg(64, 48))
    landing.put(photo.key, b"not a picture")
    resize(photo)
    assert landing.reload(photo).status == "completed"


def test_an_original_that_is_gone_fails_the_photo() -> None:
    photo = make_verified(pictures.jpeg())
    landing.delete_version(photo, photo.version_id)
    assert resize(photo) == []
    assert landing.failure_code(photo) == "UploadRemoved"


def test_a_photo_that_fails_keeps_no_thumbnails_of_an_earlier_try() -> None:
    photo = make_verified(pictures.jpeg())
    storage.put_thumbnail(f"{photo.key.removesuffix('.jpg')}/160.webp", b"x", "image/webp")
    landing.delete_version(photo, photo.version_id)
    assert resize(photo) == []
    assert landing.failure_code(photo) == "UploadRemoved"
    assert thumbnails() == {}


def test_log_lines_carry_the_grants_correlation_id(output: Callable[[], str]) -> None:
    photo = make_verified(pictures.jpeg())
    resize(photo)
    lines = [json.loads(line) for line in output().splitlines()]
    completed = next(line for line in lines if line.get("message") == "Photo completed")
    assert completed["correlation_id"] == "grant-1"
    assert completed["photo_id"] == photo.photo_id


def test_a_photo_that_takes_too_long_to_decode_fails_at_the_first_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = make_verified(pictures.many_scans())
    monkeypatch.setattr(images, "LIMITS", Limits(cpu_seconds=1, wall_seconds=60))
    assert resize(photo) == []
    assert landing.failure_code(photo) == "TooMuchTime"
    assert Usage.get("ada").held_photos == 0


def test_a_fault_of_the_decoder_itself_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = make_verified(pictures.jpeg())
    monkeypatch.setattr(images, "_sandbox", Sandbox("no_such_decoder", "image"))
    assert resize(photo) == [events.load("resize_thumbnails")["Records"][0]["messageId"]]
    assert landing.reload(photo).status == "processing"
    monkeypatch.undo()
    assert resize(photo) == []
    assert landing.reload(photo).status == "completed"


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("ResizeThumbnailsFunction", images.LIMITS),
        ("ThumbnailPhotoFunction", images.REQUEST_LIMITS),
    ],
)
def test_the_decoder_is_given_up_before_the_function_is(name: str, limits: Limits) -> None:
    function = resources("AWS::Serverless::Function")[name]
    assert function["Timeout"] >= limits.wall_seconds + 9
    assert function["MemorySize"] * 1024**2 >= limits.memory_bytes + 400_000_000


@pytest.mark.parametrize("parameter", ["MaxImageBytes", "MaxPictureBytes"])
def test_the_largest_image_fits_into_the_functions_temporary_storage(parameter: str) -> None:
    function = resources("AWS::Serverless::Function")["ResizeThumbnailsFunction"]
    megabytes = function.get("EphemeralStorage", {"Size": 512})["Size"]
    # A file system keeps some of it to itself.
    assert template()["Parameters"][parameter]["MaxValue"] <= 0.8 * megabytes * 1024**2
