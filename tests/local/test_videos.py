"""Videos over real HTTP, against the deployed local stack."""

import io

import httpx
import pytest
from PIL import Image

from local.client import Client, Stack
from tests.support import pictures, videos
from tests.support.archive import Record, thumbnails_in_bucket
from tests.support.running_stack import assert_is_error, upload


def fetch(client: Client, url: str, **headers: str) -> httpx.Response:
    return client.storage.get(url, headers=headers).raise_for_status()


def test_a_video_is_completed_with_its_facts_and_thumbnails(ada: Client) -> None:
    content = videos.video(
        size=(1920, 1080), rotation=-90, metadata={"creation_time": "2024-05-01T12:00:00Z"}
    )
    photo = upload(ada, content, fileName="party.mp4", contentType="video/mp4")
    assert photo["status"] == "completed", photo["failure"]
    assert photo["contentType"] == "video/mp4"
    assert (photo["width"], photo["height"]) == (1080, 1920)
    assert photo["durationSeconds"] == 2
    assert photo["codec"] == "mpeg4"
    assert photo["takenAt"] == "2024-05-01T12:00:00+00:00"
    assert photo["thumbHash"]
    assert photo["thumbnailsMissing"] is None
    assert [thumbnail["size"] for thumbnail in photo["thumbnails"]] == [160, 640, 1600]
    for thumbnail in photo["thumbnails"]:
        answer = fetch(ada, thumbnail["url"])
        assert answer.headers["content-type"] == thumbnail["contentType"] == "image/webp"
        picture = Image.open(io.BytesIO(answer.content))
        assert picture.size == (thumbnail["width"], thumbnail["height"])
        assert max(picture.size) == thumbnail["size"]
        red, _, blue = picture.convert("RGB").getpixel((picture.width // 2, 5))
        assert red > blue, "turned right, the stored left half is on top"


@pytest.mark.parametrize(
    ("kind", "codec", "content_type"),
    [("mov", "mpeg4", "video/quicktime"), ("webm", "libvpx", "video/webm")],
)
def test_every_kind_of_video_is_completed(
    ada: Client, kind: str, codec: str, content_type: str
) -> None:
    content = videos.video(kind, codec)
    photo = upload(ada, content, fileName=f"clip.{kind}", contentType=content_type)
    assert photo["status"] == "completed", photo["failure"]
    assert (photo["contentType"], photo["width"], photo["height"]) == (content_type, 320, 240)
    assert [thumbnail["width"] for thumbnail in photo["thumbnails"]] == [160, 320, 320]


def test_a_browser_can_play_a_video_from_the_middle(ada: Client) -> None:
    content = videos.video()
    photo = upload(ada, content, fileName="clip.mp4", contentType="video/mp4")
    view = ada.api.get(f"/photos/{photo['photoId']}/view-url").raise_for_status().json()
    whole = fetch(ada, view["url"])
    assert whole.content == content
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["content-disposition"].startswith("inline")
    part = fetch(ada, view["url"], Range="bytes=100-199")
    assert part.status_code == 206
    assert part.content == content[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(content)}"


@pytest.mark.parametrize(
    ("content", "content_type", "code"),
    [
        (b"just some text, named .mp4", "video/mp4", "UnsupportedContent"),
        (pictures.jpeg(), "video/mp4", "ContentTypeMismatch"),
        (videos.video(), "image/jpeg", "ContentTypeMismatch"),
        (videos.video("webm", "libvpx"), "video/mp4", "ContentTypeMismatch"),
        (videos.video()[:-100], "video/mp4", "CorruptVideo"),
        (videos.audio(), "video/mp4", "NoVideoStream"),
    ],
)
def test_what_is_no_such_video_fails(
    ada: Client, content: bytes, content_type: str, code: str
) -> None:
    photo = upload(ada, content, fileName="clip.mp4", contentType=content_type)
    assert photo["status"] == "failed"
    assert photo["failure"]["code"] == code
    view = ada.api.get(f"/photos/{photo['photoId']}/view-url")
    assert_is_error(view, 409, "PhotoNotReady")


def test_a_video_that_cannot_be_decoded_is_completed_and_says_so(ada: Client) -> None:
    content = videos.video("mov", "mpeg2video")
    photo = upload(ada, content, fileName="old.mov", contentType="video/quicktime")
    assert photo["status"] == "completed", photo["failure"]
    assert photo["codec"] == "mpeg2video"
    assert (photo["width"], photo["height"]) == (320, 240)
    assert photo["thumbnails"] == []
    assert photo["thumbHash"] is None
    assert photo["thumbnailsMissing"]["code"] == "UnsupportedCodec"
    assert photo["thumbnailsMissing"]["message"]
    thumbnail = ada.api.get(f"/photos/{photo['photoId']}/thumbnail", params={"res": "320"})
    assert_is_error(thumbnail, 409, "ThumbnailFailed")


def test_other_thumbnails_are_made_of_the_poster(ada: Client) -> None:
    photo = upload(ada, videos.video(size=(1000, 500)), contentType="video/mp4")
    asked = {"res": "320", "format": "jpeg"}
    answer = ada.api.get(f"/photos/{photo['photoId']}/thumbnail", params=asked)
    made = answer.raise_for_status().json()
    picture = Image.open(io.BytesIO(fetch(ada, made["url"]).content))
    assert picture.format == "JPEG"
    assert picture.size == (made["width"], made["height"]) == (320, 160)


def test_a_deleted_video_leaves_nothing(ada: Client, stack: Stack) -> None:
    photo = upload(ada, videos.video(), contentType="video/mp4")
    key = Record(stack, photo).key
    assert len(thumbnails_in_bucket(stack, key)) == 3
    assert ada.api.delete(f"/photos/{photo['photoId']}").status_code == 204
    assert thumbnails_in_bucket(stack, key) == []
