"""Lists by tag and status, editing and deleting: all rows of a photo stay one."""

import json
from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType

import delete_photo
import edit_photo
import list_photos
from photodrop.aws.tables import Photo, Usage, user_scope
from photodrop.domain import lifecycle, photos
from photodrop.http.schemas.photos import PhotoPage
from photodrop.status import Status
from tests.support import events, landing, pictures
from tests.unit.test_resize_thumbnails import resize
from tests.unit.test_view_and_list_photos import make_photo

pytestmark = pytest.mark.usefixtures("aws")


def call(handler: Any, name: str, photo_id: str, **parts: Any) -> tuple[int, Any]:
    event = events.request(name, path=f"/photos/{photo_id}", **parts)
    response = handler(event, events.CONTEXT)
    return response["statusCode"], json.loads(response["body"] or "null")


def edit(photo_id: str, body: Any, **parts: Any) -> tuple[int, Any]:
    return call(edit_photo.handler, "edit_photo", photo_id, body=body, **parts)


def delete(photo_id: str, **parts: Any) -> int:
    return call(delete_photo.handler, "delete_photo", photo_id, **parts)[0]


def listed(user: str = events.USER, groups: str = "", **query: str) -> Any:
    event = events.request("list_photos", query=query, user=user)
    event["requestContext"]["authorizer"]["claims"]["cognito:groups"] = groups
    response = list_photos.handler(event, events.CONTEXT)
    body = json.loads(response["body"])
    if response["statusCode"] != 200:
        return body["code"]
    return [item["photoId"][-1] for item in body["items"]]


def test_lists_by_tag_by_status_and_by_both() -> None:
    make_photo(1, tags=["lake", "été"])
    make_photo(2, tags=["lake"], status="failed")
    make_photo(3)
    assert listed() == ["3", "2", "1"]
    assert listed(tag="lake") == ["2", "1"]
    assert listed(tag=" Été ") == ["1"]
    assert listed(status="failed") == ["2"]
    assert listed(tag="lake", status="completed") == ["1"]
    assert listed(tag="nothing") == []


def test_only_staff_may_list_other_users_photos() -> None:
    make_photo(1, owner_id="ada")
    assert listed(userId="ada") == "Forbidden"
    assert listed(userId=events.USER) == []
    assert listed(userId="ada", groups="staff") == ["1"]


@pytest.mark.parametrize(("name", "value"), [("status", "done"), ("tag", " "), ("tag", "x" * 51)])
def test_a_filter_that_cannot_be_is_400(name: str, value: str) -> None:
    assert listed(**{name: value}) == "InvalidRequest"


def _text(value: str) -> DynamoType:
    return DynamoType({"S": value})


def test_a_page_of_50_reads_51_of_10_000_photos_by_whatever_it_is_filtered() -> None:
    """Of every hundred photos one is rare and failed."""
    owner = user_scope(events.USER)
    common = make_photo(1)
    rare = make_photo(2, tags=["rare"], status="failed")
    table = dynamodb_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].get_table("photos").items
    rows = {photo.photo_id: dict(table[_text(photo.photo_id)]) for photo in (common, rare)}
    for number in range(10_000):
        photo_id = f"00000000-0000-4000-8000-{number:012}"
        moment = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(seconds=number)
        order = f"{moment.isoformat(timespec='milliseconds')[:23]}Z#{photo_id}"
        # Past DynamoDB's interface, which would take minutes.
        changed = {"photoId": _text(photo_id), "listOrder": _text(order)}
        for name, row in rows[(common if number % 100 else rare).photo_id].items():
            item = copy(row)
            item.hash_key, item.attrs = changed["photoId"], row.attrs | changed
            table[item.hash_key][name] = item

    read: list[tuple[str, int]] = []
    client = Photo._get_connection().connection.client
    send = client._make_api_call

    def counting(operation: str, arguments: Any) -> Any:
        answer = send(operation, arguments)
        read.append((operation, answer["ScannedCount"]))
        return answer

    filters: list[dict[str, Any]] = [
        {},
        {"tag": "rare"},
        {"status": Status.FAILED},
        {"tag": "rare", "status": Status.FAILED},
    ]
    for wanted in filters:
        read.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(client, "_make_api_call", counting)
            page = photos.list_photos(owner, limit=50, cursor=None, **wanted)
        assert len(page.items) == 50, wanted
        assert read == [("Query", 51)], wanted


def test_edits_what_is_named_and_nothing_else() -> None:
    photo = make_photo(1, title="Sunset", description="Lake", tags=["a", "b"])
    status, body = edit(photo.photo_id, {"title": "Dawn", "tags": ["B ", "c"]})
    assert status == 200
    assert (body["title"], body["description"], body["tags"]) == ("Dawn", "Lake", ["b", "c"])
    assert [listed(tag=tag) for tag in ("a", "b", "c")] == [[], ["1"], ["1"]]
    titles = [item.title for item in library_page(tag="b").items + library_page(tag="c").items]
    assert titles == ["Dawn", "Dawn"]


def library_page(**filters: Any) -> PhotoPage:
    return photos.list_photos(user_scope(events.USER), limit=50, cursor=None, **filters)


def test_null_clears_a_title() -> None:
    photo = make_photo(1, title="Sunset", tags=["a"])
    assert edit(photo.photo_id, {"title": None, "tags": []})[1]["title"] is None
    assert listed(tag="a") == []


def test_an_empty_edit_changes_nothing() -> None:
    photo = make_photo(1, title="Sunset", tags=["a"])
    assert edit(photo.photo_id, {})[1]["title"] == "Sunset"
    assert listed(tag="a") == ["1"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"tags": [str(number) for number in range(21)]}, "tags"),
        ({"title": "x" * 201}, "title"),
        ({"status": "completed"}, "status"),
        ({"ownerId": "eve"}, "ownerId"),
    ],
)
def test_a_wrong_edit_is_400(wrong: Any, field: str) -> None:
    status, body = edit(make_photo(1).photo_id, wrong)
    assert (status, body["fields"][0]["field"]) == (400, field)


def test_somebody_elses_photo_cannot_be_edited_or_deleted() -> None:
    photo = make_photo(1)
    assert edit(photo.photo_id, {"title": "x"}, user="eve")[0] == 404
    assert delete(photo.photo_id, user="eve") == 404
    assert listed() == ["1"]


def test_an_edit_between_two_steps_is_kept() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    stale = landing.reload(photo)
    assert photo.change(tags=["new"])
    assert lifecycle.advance(stale, Status.UPLOADED, version_id="v", etag="e")
    assert stale.tags == ["new"]
    assert landing.reload(photo).tags == ["new"]


def completed() -> Photo:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    photo.change(tags=["lake"])
    landing.deliver(landing.put(photo.key, content))
    resize(photo)
    return landing.reload(photo)


def stored(bucket: str) -> list[str]:
    found = boto3.client("s3").list_object_versions(Bucket=bucket)
    return [item["Key"] for item in found.get("Versions", []) + found.get("DeleteMarkers", [])]


def test_deleting_removes_the_record_every_version_and_every_thumbnail() -> None:
    photo = completed()
    landing.put(photo.key, b"an older version")
    boto3.client("s3").delete_object(Bucket="photodrop-uploads", Key=photo.key)
    assert delete(photo.photo_id, user="ada") == 204
    assert stored("photodrop-uploads") == stored("photodrop-thumbnails") == []
    assert listed(user="ada") == listed(user="ada", tag="lake") == []
    assert Usage.get("ada").held_photos == 0
    rows = boto3.client("dynamodb").scan(TableName="photos")["Items"]
    assert [row["row"]["S"] for row in rows] == ["deleted"]
    assert int(rows[0]["removeAt"]["N"]) > 0


def test_deleting_again_is_answered_alike_but_tells_others_nothing() -> None:
    photo = completed()
    assert [delete(photo.photo_id, user="ada") for _ in range(3)] == [204] * 3
    assert delete(photo.photo_id, user="eve") == 404
    assert delete("0b6f6c1e-3f0a-4b43-9a43-6d0f3a1f5c77", user="ada") == 404
    assert Usage.get("ada").held_photos == 0


def test_a_failed_photo_is_refunded_once() -> None:
    photo = landing.make_pending(b"text")
    landing.deliver(landing.put(photo.key, b"text"))
    assert delete(photo.photo_id, user="ada") == 204
    assert Usage.get("ada").held_photos == 0


def test_a_late_event_never_brings_a_photo_back() -> None:
    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landed = landing.put(photo.key, content)
    assert delete(photo.photo_id, user="ada") == 204
    late = landing.put(photo.key, content)
    for item in (landed, late):
        assert landing.deliver(item) == []
    assert resize(photo) == []
    assert listed(user="ada") == []
    found = boto3.client("s3").list_objects_v2(Bucket="photodrop-uploads")
    assert found.get("Contents", []) == []


def test_thumbnails_never_outlive_a_photo_deleted_while_they_were_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from photodrop.aws import storage

    content = pictures.jpeg()
    photo = landing.make_pending(content)
    landing.deliver(landing.put(photo.key, content))
    store = storage.put_thumbnail

    def delete_meanwhile(key: str, *rest: Any) -> None:
        if key.endswith("/640.webp"):
            delete(photo.photo_id, user="ada")
        store(key, *rest)

    monkeypatch.setattr(storage, "put_thumbnail", delete_meanwhile)
    assert resize(photo) == []
    assert stored("photodrop-thumbnails") == []


def test_an_unchanged_file_is_not_uploaded_twice(output: Callable[[], str]) -> None:
    import hashlib

    import initiate_upload

    content = pictures.jpeg()
    wish = {
        "fileName": "a.jpg",
        "contentType": "image/jpeg",
        "sizeBytes": len(content),
        "checksumSha256": hashlib.sha256(content).hexdigest(),
    }

    def initiate(user: str) -> tuple[int, Any]:
        event = events.request("initiate_upload", body=wish, user=user)
        del event["headers"]["Idempotency-Key"], event["multiValueHeaders"]["Idempotency-Key"]
        response = initiate_upload.handler(event, events.CONTEXT)
        return response["statusCode"], json.loads(response["body"])

    status, first = initiate("ada")
    assert status == 201
    assert initiate("ada")[0] == 201, "not while the first is only pending"
    photo = Photo.get(first["photoId"], "photo")
    landing.deliver(landing.put(photo.key, content))
    resize(photo)
    output()
    status, again = initiate("ada")
    assert (status, again["photoId"], again["upload"]) == (200, first["photoId"], None)
    counted = output().splitlines()[-1]
    assert '"UploadsSpared":[1.0]' in counted
    assert "GrantsRefused" not in counted
    assert again["status"] == "completed"
    assert again["thumbnails"]
    assert initiate("grace")[0] == 201
    held = Usage.get("ada").held_photos
    assert delete(first["photoId"], user="ada") == 204
    assert Usage.get("ada").held_photos == held - 1
    assert initiate("ada")[0] == 201
