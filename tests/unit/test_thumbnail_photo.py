"""Thumbnails on demand: made once, then only signed."""

import io
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from PIL import Image

import resize_thumbnails
import thumbnail_photo
from photodrop.aws import storage
from photodrop.aws.tables import Photo, ThumbnailLease
from photodrop.domain import photo_deletion, thumbnails_on_demand
from photodrop.imaging import images
from tests.support import events, landing, pictures
from tests.unit.test_view_and_list_photos import make_photo

pytestmark = pytest.mark.usefixtures("aws")


def make_stored(
    content: bytes | None = None, number: int = 1, size: tuple[int, int] = (2000, 1000), **more: Any
) -> Photo:
    """Make a completed photo whose original is in the bucket."""
    photo = make_photo(number, width=size[0], height=size[1], **more)
    landed = landing.put(photo.key, content or pictures.jpeg(*size))
    Photo(photo.photo_id, "photo").update([Photo.version_id.set(landed["versionId"])])
    photo.reload()
    return photo


def ask(photo: Photo, res: str | None = "640x480", **parts: Any) -> tuple[int, Any]:
    query = {"res": res} if res else {}
    query |= {name: parts.pop(name) for name in ("format", "fit", "gravity") if name in parts}
    event = events.request(
        "thumbnail_photo", path=f"/photos/{photo.photo_id}/thumbnail", query=query, **parts
    )
    response = thumbnail_photo.handler(event, events.CONTEXT)
    answer = json.loads(response["body"])
    if response["statusCode"] == 202:
        assert response["multiValueHeaders"]["Retry-After"] == [str(answer["retryAfterSeconds"])]
    return response["statusCode"], answer


def stored(key: str) -> Any:
    return boto3.client("s3").get_object(Bucket="photodrop-thumbnails", Key=key)


def names() -> list[str]:
    found = boto3.client("s3").list_objects_v2(Bucket="photodrop-thumbnails").get("Contents", [])
    return sorted(item["Key"].rpartition("/")[2] for item in found)


def queued() -> list[Any]:
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="thumbnails")["QueueUrl"]
    found: list[Any] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"]) for message in messages]
    return found


def work_off(message: Any) -> list[Any]:
    event = events.load("resize_thumbnails_on_demand")
    event["Records"][0]["body"] = json.dumps(message)
    answer = resize_thumbnails.handler(event, events.CONTEXT)
    return list(answer["batchItemFailures"])


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The boxes that were decoded for."""
    made: list[tuple[int, int]] = []
    make = images.make_thumbnail

    def counting(source: Any, box: tuple[int, int], **options: Any) -> Any:
        made.append(box)
        return make(source, box, **options)

    monkeypatch.setattr(images, "make_thumbnail", counting)
    return made


@pytest.mark.parametrize("image_format", ["webp", "jpeg", "avif"])
@pytest.mark.parametrize(
    ("res", "size"), [("320", (320, 160)), ("640x480", (640, 320)), ("2048", (2000, 1000))]
)
def test_makes_what_was_asked_for_and_tells_its_size(
    image_format: str, res: str, size: tuple[int, int]
) -> None:
    photo = make_stored()
    status, body = ask(photo, res, format=image_format)
    assert status == 200
    assert set(body) == {"url", "width", "height", "contentType", "expiresAt"}
    assert (body["width"], body["height"]) == size
    assert body["contentType"] == f"image/{image_format}"
    key = urlsplit(body["url"]).path.lstrip("/")
    assert key == f"{photo.key.removesuffix('.jpg')}/{res}.{image_format}"
    thing = stored(key)
    assert thing["ContentType"] == body["contentType"]
    picture = Image.open(io.BytesIO(thing["Body"].read()))
    assert picture.size == size
    assert picture.format == image_format.upper()


def red_square_at(left: int) -> bytes:
    """Return a grey JPEG of 2000 x 1000 with a red square, which draws attention."""
    image = Image.new("RGB", (2000, 1000), (128, 128, 128))
    image.paste((230, 30, 30), (left, 350, left + 300, 650))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def red_pixels(picture: Image.Image) -> float:
    pixels = list(picture.convert("RGB").get_flattened_data())
    return sum(red > 180 and green < 90 for red, green, _ in pixels) / len(pixels)


@pytest.mark.parametrize("image_format", ["webp", "jpeg", "avif"])
@pytest.mark.parametrize(
    ("res", "size"),
    [("320", (320, 320)), ("640x480", (640, 480)), ("2048", (1000, 1000))],
    ids=["square", "box", "larger than the photo"],
)
def test_a_thumbnail_that_covers_its_box_fills_it_and_is_not_enlarged(
    image_format: str, res: str, size: tuple[int, int]
) -> None:
    photo = make_stored()
    status, body = ask(photo, res, format=image_format, fit="cover")
    assert (status, body["width"], body["height"]) == (200, *size)
    key = urlsplit(body["url"]).path.lstrip("/")
    assert key == f"{photo.key.removesuffix('.jpg')}/{res}-cover.{image_format}"
    assert Image.open(stored(key)["Body"]).size == size


@pytest.mark.parametrize("left", [0, 1700])
def test_gravity_auto_keeps_what_draws_attention_and_center_the_middle(left: int) -> None:
    photo = make_stored(red_square_at(left))
    kept = {
        gravity: red_pixels(Image.open(stored(urlsplit(body["url"]).path.lstrip("/"))["Body"]))
        for gravity in ("auto", "center")
        for _, body in [ask(photo, "320", fit="cover", gravity=gravity)]
    }
    assert kept["auto"] > 0.07, "the square is 0.09 of what is cut"
    assert kept["center"] == 0
    assert names() == ["320-cover-auto.webp", "320-cover.webp"]


@pytest.mark.parametrize(
    ("accept", "made"),
    [
        ("image/avif,image/webp,*/*", "image/avif"),
        ("image/webp,*/*;q=0.8", "image/webp"),
        ("*/*", "image/jpeg"),
        ("", "image/jpeg"),
    ],
)
def test_format_auto_is_the_smallest_that_is_accepted(accept: str, made: str) -> None:
    _, body = ask(make_stored(), "320", format="auto", headers={"Accept": accept})
    assert body["contentType"] == made


@pytest.mark.parametrize(
    "wrong", [{"fit": "fill"}, {"gravity": "face"}, {"format": "png"}, {"fit": ""}]
)
def test_other_options_are_refused(wrong: dict[str, str]) -> None:
    status, body = ask(make_stored(), "320", **wrong)
    assert (status, body["fields"][0]["field"]) == (400, next(iter(wrong)))


def test_the_default_format_is_webp() -> None:
    assert ask(make_stored(), "320")[1]["contentType"] == "image/webp"


@pytest.mark.parametrize("size", [(999, 667), (667, 999), (1333, 1), (3, 2000), (641, 481)])
def test_the_size_that_is_told_is_the_size_that_is_made(size: tuple[int, int]) -> None:
    for res in ("320", "640x480"):
        photo = make_stored(None, number=len(res), size=size)
        _, body = ask(photo, res)
        picture = Image.open(stored(urlsplit(body["url"]).path.lstrip("/"))["Body"])
        assert picture.size == (body["width"], body["height"])


def test_is_made_once_and_then_only_signed(making: list[Any], monkeypatch: Any) -> None:
    photo = make_stored()
    first = ask(photo)
    monkeypatch.setattr(storage, "download_original", None)
    assert urlsplit(ask(photo)[1]["url"]).path == urlsplit(first[1]["url"]).path
    assert making == [(640, 480)]


def test_what_every_photo_has_is_signed_without_asking_s3(monkeypatch: Any) -> None:
    photo = make_photo()  # its record lists 160; no object is there at all
    monkeypatch.setattr(storage, "_s3", None)
    status, body = ask(photo, "160")
    assert (status, body["width"], body["height"]) == (200, 160, 80)


@pytest.mark.parametrize("res", ["641", "640X480", "480x640", "0", "-1", "x", "", "160 ", "1e3"])
def test_what_is_not_on_the_ladder_is_400_and_names_the_ladder(res: str, making: Any) -> None:
    event = events.request(
        "thumbnail_photo", path=f"/photos/{make_stored().photo_id}/thumbnail", query={"res": res}
    )
    response = thumbnail_photo.handler(event, events.CONTEXT)
    (field,) = json.loads(response["body"])["fields"]
    assert response["statusCode"] == 400
    assert field == {"field": "res", "message": "must be one of 160, 320, 640, 2048, 640x480"}
    assert making == []


def test_without_res_or_with_an_unknown_format_is_400() -> None:
    photo = make_stored()
    assert ask(photo, None)[1]["fields"][0] == {"field": "res", "message": "is required"}
    status, body = ask(photo, "320", format="gif")
    assert (status, body["fields"][0]["field"]) == (400, "format")


@pytest.mark.parametrize("state", ["pending", "uploaded", "processing", "failed"])
def test_only_a_completed_photo_has_them(state: str) -> None:
    status, body = ask(make_photo(status=state))
    assert (status, body["code"]) == (409, "PhotoNotReady")


def test_somebody_elses_photo_is_404_and_makes_nothing(making: list[Any]) -> None:
    status, body = ask(make_stored(), user="somebody-else")
    assert (status, body["code"]) == (404, "PhotoNotFound")
    assert making == []


@pytest.mark.parametrize(
    ("content_type", "width", "height", "size_bytes"),
    [
        ("image/png", 6000, 5000, 1000),
        ("image/jpeg", 12000, 10000, 1000),
        ("image/jpeg", 2000, 1000, 60_000_000),
    ],
)
def test_what_takes_long_is_left_to_the_queue_once(
    content_type: str, width: int, height: int, size_bytes: int, making: list[Any]
) -> None:
    photo = make_stored()
    photo.change(content_type=content_type, width=width, height=height, size_bytes=size_bytes)
    status, body = ask(photo, "640x480", format="avif")
    assert status == 202
    assert body == {
        "status": "processing",
        "retryAfterSeconds": 2,
        "location": f"/photos/{photo.photo_id}/thumbnail?res=640x480&format=avif",
    }
    assert making == []
    assert [ask(photo, "640x480", format="avif")[0] for _ in range(3)] == [202] * 3
    (message,) = queued()
    assert message == {"photoId": photo.photo_id, "variant": "640x480.avif"}
    assert work_off(message) == []
    assert ask(photo, "640x480", format="avif")[0] == 200
    assert work_off(message) == [], "delivered twice"
    assert names() == ["640x480.avif"]


def test_who_comes_second_waits_for_the_first(making: list[Any], monkeypatch: Any) -> None:
    photo = make_stored()
    assert ThumbnailLease.acquire(photo.photo_id, "640x480.webp", None, seconds=30, is_queued=False)

    def finish(_: float) -> None:
        storage.put_thumbnail(f"{photo.key.removesuffix('.jpg')}/640x480.webp", b"x", "image/webp")

    monkeypatch.setattr(time, "sleep", finish)
    assert ask(photo)[0] == 200
    assert making == []


def test_who_has_waited_long_enough_is_told_to_come_back(
    making: list[Any], monkeypatch: Any
) -> None:
    monkeypatch.setattr(thumbnails_on_demand, "WAIT_SECONDS", 0.1)
    photo = make_stored()
    assert ThumbnailLease.acquire(photo.photo_id, "640x480.webp", None, seconds=30, is_queued=False)
    assert ask(photo)[0] == 202
    assert making == []


def test_only_one_of_many_gets_the_claim() -> None:
    photo = make_photo()
    taken = [
        ThumbnailLease.acquire(photo.photo_id, "160.avif", None, seconds=30, is_queued=False)
        for _ in range(5)
    ]
    assert taken == [True, False, False, False, False]
    lapsed = ThumbnailLease.find(photo.photo_id, "160.avif")
    taken = [
        ThumbnailLease.acquire(photo.photo_id, "160.avif", lapsed, seconds=31 + n, is_queued=True)
        for n in range(3)
    ]
    assert taken == [True, False, False]


def test_a_request_that_failed_is_made_up_for_by_the_queue(monkeypatch: Any) -> None:
    photo = make_stored()

    def crash(*_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(storage, "download_original", crash)
    assert ask(photo)[0] == 500
    monkeypatch.undo()
    assert ask(photo)[0] == 202
    (message,) = queued()
    work_off(message)
    assert ask(photo)[0] == 200


def test_a_picture_that_cannot_be_made_small_is_said_so_and_not_tried_again(
    making: list[Any],
) -> None:
    photo = make_stored(pictures.jpeg(2000, 1000)[:3000])
    for _ in range(3):
        status, body = ask(photo)
        assert (status, body["code"]) == (409, "ThumbnailFailed")
        assert body["message"]
    assert making == [(640, 480)]


def test_a_thumbnail_does_not_outlive_a_photo_deleted_meanwhile(monkeypatch: Any) -> None:
    photo = make_stored()
    put_thumbnail = storage.put_thumbnail

    def delete_first(*arguments: Any, **options: Any) -> None:
        photo_deletion.delete(Photo.get(photo.photo_id, "photo"))
        put_thumbnail(*arguments, **options)

    monkeypatch.setattr(storage, "put_thumbnail", delete_first)
    status, body = ask(photo)
    assert (status, body["code"]) == (404, "PhotoNotFound")
    assert names() == []


def test_a_thumbnail_stored_while_its_photo_is_being_deleted_is_removed(monkeypatch: Any) -> None:
    photo = make_stored()
    erase = Photo.delete_rows

    def store_first(self: Photo) -> None:
        assert ask(photo, "320")[0] in {200, 404}
        storage.put_thumbnail(f"{photo.key.removesuffix('.jpg')}/9.webp", b"x", "image/webp")
        erase(self)

    monkeypatch.setattr(Photo, "delete_rows", store_first)
    photo_deletion.delete(photo)
    assert names() == []


def test_deleting_a_photo_removes_them_all() -> None:
    photo = make_stored()
    for image_format in ("webp", "jpeg", "avif"):
        ask(photo, format=image_format)
    assert len(names()) == 3
    photo_deletion.delete(photo)
    assert names() == []


def test_a_message_of_a_photo_that_is_gone_does_nothing() -> None:
    event = events.load("resize_thumbnails_on_demand")
    assert resize_thumbnails.handler(event, events.CONTEXT) == {"batchItemFailures": []}


def test_the_ladder_is_a_setting(settings: Callable[..., None]) -> None:
    settings(THUMBNAIL_RESOLUTIONS="64")
    photo = make_stored()
    assert ask(photo, "64")[0] == 200
    assert ask(photo, "320")[0] == 400


def test_a_queued_thumbnail_of_an_original_that_was_archived_is_given_up_and_said_so() -> None:
    photo = make_stored()
    photo.change(size_bytes=60_000_000)
    assert ask(photo)[0] == 202
    stored_again = boto3.client("s3").put_object(
        Bucket="photodrop-uploads", Key=photo.key, Body=b"x", StorageClass="GLACIER"
    )
    photo.change(version_id=stored_again["VersionId"])
    (message,) = queued()
    assert work_off(message) == []
    status, body = ask(photo)
    assert (status, body["code"]) == (409, "PhotoArchived")
