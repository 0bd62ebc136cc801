"""Reading photos back: one, a list, a signed URL to the original."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import list_photos
import view_photo
from photodrop.aws.tables import Failure, Photo, ThumbnailSize
from photodrop.aws.tables.connection import CONNECTION
from photodrop.domain import links, paging
from tests.support import aws_calls, events

pytestmark = pytest.mark.usefixtures("aws")


def make_photo(number: int = 1, **changes: Any) -> Photo:
    photo_id = f"00000000-0000-4000-8000-{number:012}"
    created_at = f"2026-05-01T10:00:00.{number:03}Z"
    attributes: dict[str, Any] = {
        "owner_id": events.USER,
        "key": f"uploads/user_{events.USER}/{photo_id}.jpg",
        "version_id": "version-1",
        "file_name": "sunset.jpg",
        "content_type": "image/jpeg",
        "size_bytes": 1024,
        "status": "completed",
        "width": 2000,
        "height": 1000,
        "thumbnails": [ThumbnailSize(size=160, width=160, height=80)],
        "upload_method": "PUT",
        "correlation_id": "grant-1",
        "created_at": created_at,
        "updated_at": created_at,
    } | changes
    status = attributes.pop("status")
    photo = Photo(photo_id, **attributes)
    assert photo.create(due_at=0) is None
    photo.change(status=status)
    return photo


def view(path: str, **parts: Any) -> tuple[int, Any]:
    event = events.request("view_photo", path=f"/photos/{path}", **parts)
    response = view_photo.handler(event, events.CONTEXT)
    return response["statusCode"], json.loads(response["body"])


def page(**query: str) -> tuple[int, Any]:
    event = events.request("list_photos", query=query)
    response = list_photos.handler(event, events.CONTEXT)
    return response["statusCode"], json.loads(response["body"])


def test_shows_a_photo_with_everything_the_contract_names() -> None:
    photo = make_photo(title="Sunset", tags=["lake"], taken_at="2026-04-30T21:04:00+02:00")
    status, body = view(photo.photo_id)
    assert status == 200
    assert set(body) == {
        "imageUrl",
        "photoId", "eventId", "ownerId", "fileName", "title", "description", "tags",
        "contentType", "sizeBytes", "status", "failure", "width", "height", "takenAt",
        "durationSeconds", "codec", "thumbHash", "thumbnails", "thumbnailsMissing",
        "storageClass", "restore", "createdAt", "updatedAt",
    }  # fmt: skip
    assert body["title"] == "Sunset"
    assert body["width"] == 2000
    (thumbnail,) = body["thumbnails"]
    assert set(thumbnail) == {"size", "width", "height", "contentType", "url", "expiresAt"}
    assert urlsplit(thumbnail["url"]).path == (
        f"/uploads/user_{events.USER}/{photo.photo_id}/160.webp"
    )


def test_shows_why_a_photo_failed() -> None:
    photo = make_photo(status="failed", failure=Failure(code="CorruptImage", message="Cut off."))
    assert view(photo.photo_id)[1]["failure"] == {"code": "CorruptImage", "message": "Cut off."}


@pytest.mark.parametrize("path", ["{id}", "{id}/view-url"])
def test_somebody_elses_photo_and_no_photo_are_the_same_404(path: str) -> None:
    photo = make_photo()
    theirs = view(path.format(id=photo.photo_id), user="somebody-else")
    none = view(path.format(id="0b6f6c1e-3f0a-4b43-9a43-6d0f3a1f5c77"))
    assert theirs == none
    assert (theirs[0], theirs[1]["code"]) == (404, "PhotoNotFound")


def test_nobody_signed_in_sees_nothing() -> None:
    assert view(make_photo().photo_id, user=None)[0] == 401


def test_signs_the_verified_version_of_an_original() -> None:
    status, body = view(f"{make_photo().photo_id}/view-url")
    assert status == 200
    query = parse_qs(urlsplit(body["url"]).query)
    assert query["versionId"] == ["version-1"]
    assert query["response-content-type"] == ["image/jpeg"]
    assert query["response-cache-control"] == ["private, max-age=31536000, immutable"]
    assert query["response-content-disposition"][0].startswith("inline; ")
    assert query["X-Amz-Expires"] == ["600"]


def test_download_names_the_file_by_rfc_6266() -> None:
    photo = make_photo(file_name='Été "1" 日本.jpg')
    _, body = view(f"{photo.photo_id}/view-url", query={"disposition": "attachment"})
    (disposition,) = parse_qs(urlsplit(body["url"]).query)["response-content-disposition"]
    assert disposition == (
        'attachment; filename="_t_ _1_ __.jpg"; '
        "filename*=UTF-8''%C3%89t%C3%A9%20%221%22%20%E6%97%A5%E6%9C%AC.jpg"
    )


@given(st.text(min_size=1))
def test_any_file_name_makes_a_header_of_plain_ascii(name: str) -> None:
    name = name.encode("utf-8", "ignore").decode() or "x"
    header = links.content_disposition("inline", name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2


def test_another_disposition_is_400() -> None:
    status, body = view(f"{make_photo().photo_id}/view-url", query={"disposition": "x"})
    assert (status, body["fields"][0]["field"]) == (400, "disposition")


@pytest.mark.parametrize("state", ["pending", "uploaded", "processing", "failed"])
def test_only_a_completed_photo_can_be_viewed(state: str) -> None:
    status, body = view(f"{make_photo(status=state).photo_id}/view-url")
    assert (status, body["code"]) == (409, "PhotoNotReady")
    assert state in body["message"]


def test_lists_the_callers_photos_newest_first() -> None:
    for number in (1, 3, 2):
        make_photo(number)
    make_photo(4, owner_id="somebody-else")
    status, body = page()
    assert status == 200
    assert [item["photoId"][-1] for item in body["items"]] == ["3", "2", "1"]
    assert body["nextCursor"] is None
    assert body["items"][0]["thumbnails"][0]["url"].startswith("https://photodrop-thumbnails.s3.")


def test_pages_are_full_until_the_end_and_stable_while_photos_are_added() -> None:
    for number in range(1, 6):
        make_photo(number)
    _, first = page(limit="2")
    make_photo(6)
    _, second = page(limit="2", cursor=first["nextCursor"])
    _, third = page(limit="2", cursor=second["nextCursor"])
    seen = [[item["photoId"][-1] for item in got["items"]] for got in (first, second, third)]
    assert seen == [["5", "4"], ["3", "2"], ["1"]]
    assert third["nextCursor"] is None


def test_a_full_last_page_has_no_cursor() -> None:
    make_photo(1)
    make_photo(2)
    assert page(limit="2")[1]["nextCursor"] is None


def test_the_cursor_of_somebody_elses_list_shows_only_ones_own() -> None:
    make_photo(1)
    photo = make_photo(2, owner_id="somebody-else")
    stolen = paging.encode(photo.list_order)
    assert [item["photoId"][-1] for item in page(cursor=stolen)[1]["items"]] == ["1"]


@given(st.text(max_size=60))
def test_a_made_up_cursor_is_400_and_nothing_worse(cursor: str) -> None:
    event = events.request("list_photos", query={"cursor": cursor})
    response = list_photos.handler(event, events.CONTEXT)
    assert response["statusCode"] in {200, 400}
    if cursor:
        assert response["statusCode"] == 400


@pytest.mark.parametrize("limit", ["0", "101", "many"])
def test_a_limit_out_of_range_is_400(limit: str) -> None:
    status, body = page(limit=limit)
    assert (status, body["fields"][0]["field"]) == (400, "limit")


def test_a_page_is_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 8):
        make_photo(number)
    calls = aws_calls.record(monkeypatch, CONNECTION.client)
    page(limit="5")
    assert calls == ["Query"]


def test_urls_are_signed_with_the_life_that_is_set(settings: Callable[..., None]) -> None:
    settings(VIEW_TTL_SECONDS=60)
    _, body = view(make_photo().photo_id)
    assert "X-Amz-Expires=60" in body["thumbnails"][0]["url"]
