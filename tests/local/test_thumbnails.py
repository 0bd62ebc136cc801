"""Thumbnails on demand over real HTTP, against the deployed local stack."""

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from local.client import Client, Stack
from tests.support import pictures
from tests.support.running_stack import (
    SAMPLE,
    assert_ends_when_it_says,
    assert_is_error,
    aws,
    is_empty,
    logged,
    resource,
    until,
    upload,
)


def ask(client: Client, photo: Any, **query: str) -> httpx.Response:
    return client.api.get(f"/photos/{photo['photoId']}/thumbnail", params=query)


def log_lines(stack: Stack, photo: Any) -> list[Any]:
    """What the functions logged about a photo's thumbnails on demand."""
    lines = logged(stack, photo["photoId"])
    return [line for line in lines if line["message"] == "Thumbnail made"]


@pytest.mark.parametrize("image_format", ["webp", "jpeg", "avif"])
def test_a_real_photo_in_every_format(ada: Client, image_format: str) -> None:
    photo = upload(ada, SAMPLE.read_bytes())
    answer = ask(ada, photo, res="640x480", format=image_format)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert set(made) == {"url", "width", "height", "contentType", "expiresAt"}
    assert made["width"] <= 640
    assert made["height"] <= 480
    assert 480 in (made["width"], made["height"]) or 640 in (made["width"], made["height"])
    fetched = ada.storage.get(made["url"]).raise_for_status()
    assert fetched.headers["content-type"] == made["contentType"] == f"image/{image_format}"
    picture = Image.open(io.BytesIO(fetched.content))
    assert picture.size == (made["width"], made["height"])
    assert not picture.getexif()


def test_never_larger_than_the_original_and_upright(ada: Client) -> None:
    photo = upload(ada, pictures.jpeg(400, 200, orientation=6))
    made = ask(ada, photo, res="1920x1080", format="jpeg").json()
    assert (made["width"], made["height"]) == (200, 400)
    assert Image.open(io.BytesIO(ada.storage.get(made["url"]).content)).size == (200, 400)


def test_many_first_requests_at_once_make_it_once(ada: Client, stack: Stack) -> None:
    photo = upload(ada, SAMPLE.read_bytes())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(ada, photo, res="1024", format="jpeg"), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({urlsplit(answer.json()["url"]).path for answer in answers}) == 1
    assert len({(a.json()["width"], a.json()["height"]) for a in answers}) == 1
    at_that_size = {
        "Bucket": stack.thumbnails_bucket,
        "Prefix": f"uploads/user_{photo['ownerId']}/{photo['photoId']}/1024",
    }
    s3 = aws(stack, "s3")
    (before,) = s3.list_objects_v2(**at_that_size)["Contents"]
    assert ask(ada, photo, res="1024", format="jpeg").status_code == 200
    (after,) = s3.list_objects_v2(**at_that_size)["Contents"]
    assert after["LastModified"] == before["LastModified"]
    until(lambda: log_lines(stack, photo))
    assert len(log_lines(stack, photo)) == 1, "decoded once"


def test_what_takes_long_is_202_with_where_to_look_and_then_there(
    ada: Client, stack: Stack
) -> None:
    content = pictures.picture("PNG", 5100, 5000)
    photo = upload(ada, content, contentType="image/png")
    assert photo["status"] == "completed", photo["failure"]
    answer = ask(ada, photo, res="800", format="avif")
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert body["status"] == "processing"
    assert answer.headers["retry-after"] == str(body["retryAfterSeconds"])

    def made() -> Any:
        again = ada.api.get(body["location"])
        assert again.status_code in {200, 202}
        return again.json() if again.status_code == 200 else None

    found = until(made, 60)
    picture = Image.open(io.BytesIO(ada.storage.get(found["url"]).content))
    assert picture.size == (found["width"], found["height"]) == (800, 784)
    until(lambda: is_empty(aws(stack, "sqs"), resource(stack, "ThumbnailsQueue")))
    assert len(log_lines(stack, photo)) == 1


def test_what_is_not_on_the_ladder_is_400_and_lists_it(ada: Client) -> None:
    photo = upload(ada, pictures.jpeg())
    for wrong in ({"res": "641"}, {"res": "641x480"}, {}):
        answer = ask(ada, photo, **wrong)
        assert_is_error(answer, 400, "InvalidRequest")
        assert answer.json()["fields"][0]["field"] == "res"
    assert "640x480" in ask(ada, photo, res="641").json()["message"]
    assert_is_error(ask(ada, photo, res="640", format="gif"), 400, "InvalidRequest")


def test_other_peoples_photos_and_unfinished_ones_have_none(ada: Client, grace: Client) -> None:
    photo = upload(ada, pictures.jpeg())
    assert_is_error(ask(grace, photo, res="320"), 404, "PhotoNotFound")
    failed = upload(ada, b"text")
    assert_is_error(ask(ada, failed, res="320"), 409, "PhotoNotReady")


def test_deleting_a_photo_removes_what_was_made_on_demand(ada: Client, stack: Stack) -> None:
    photo = upload(ada, pictures.jpeg())
    made = [ask(ada, photo, res="320", format=kind).json() for kind in ("webp", "avif")]
    assert ada.api.delete(f"/photos/{photo['photoId']}").status_code == 204
    for thumbnail in made:
        assert ada.storage.get(thumbnail["url"]).status_code == 404
    assert_is_error(ask(ada, photo, res="320"), 404, "PhotoNotFound")


def test_signed_thumbnails_end_when_they_say(ada: Client) -> None:
    photo = upload(ada, pictures.jpeg())

    def sign() -> tuple[str, str]:
        thumbnail = ask(ada, photo, res="320").json()
        return thumbnail["url"], thumbnail["expiresAt"]

    assert_ends_when_it_says(ada, "ThumbnailPhotoFunction", sign)
