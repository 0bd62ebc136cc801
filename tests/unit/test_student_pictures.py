"""Students' pictures: granted, verified as any photo, shown one at a time, and erased."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

import delete_student
import initiate_picture_upload
import report_status
import view_photo
import view_student
from photodrop import keys
from photodrop.aws.tables import PHOTO_ROW, Photo, Student, Usage
from photodrop.aws.tables.connection import CONNECTION
from photodrop.domain import photo_deletion, recovery, student_pictures, uploads
from tests.support import aws_calls, events, landing, pictures
from tests.unit.test_resize_thumbnails import thumbnails
from tests.unit.test_students import (
    NO_ONE,
    OUTSIDER,
    SELF,
    STAFF,
    call,
    create,
    delete,
    edit,
    page,
    view,
)
from tests.unit.test_uploads_any_order import resize

pytestmark = pytest.mark.usefixtures("aws")

GOOD = pictures.jpeg(64, 48)
OTHER = pictures.jpeg(48, 64)
BAD = b"just some text, named .jpg"


@pytest.fixture
def student_id() -> str:
    return str(create()["studentId"])


def ask(student_id: str, claims: dict[str, str] = STAFF, **query: str) -> tuple[int, Any]:
    path = f"/v2/students/{student_id}/picture-upload-url"
    return call(initiate_picture_upload, claims, path=path, query=query)


def view_url(student_id: str, claims: dict[str, str] = STAFF) -> tuple[int, Any]:
    return call(view_student, claims, path=f"/v2/students/{student_id}/picture-view-url")


def remove(student_id: str, claims: dict[str, str] = STAFF) -> tuple[int, Any]:
    path = f"/v2/students/{student_id}/picture"
    return call(delete_student, claims, path=path)


def grant(student_id: str, **query: str) -> str:
    """Return the key that is granted."""
    status, body = ask(student_id, **query)
    assert status == 200, body
    return str(body["pictureKey"])


def uploaded(student_id: str) -> tuple[str, Photo]:
    """Upload a picture; return its key and its photo, which waits for its thumbnails."""
    key = grant(student_id)
    landing.deliver(landing.put(key, GOOD))
    return key, photo_of(key)


def photo_of(key: str) -> Photo:
    return Photo.get(str(keys.photo_id(key)), PHOTO_ROW)


def replace(student_id: str, content: bytes) -> str:
    """Upload a picture and let everything be done; return its key."""
    key = grant(student_id)
    assert landing.deliver(landing.put(key, content)) == []
    assert resize(photo_of(key)) == []
    return key


def versions() -> set[str]:
    found = boto3.client("s3").list_object_versions(Bucket="photodrop-uploads")
    return {item["Key"] for item in found.get("Versions", []) + found.get("DeleteMarkers", [])}


def test_grants_the_key_that_was_given_on_creation_then_new_ones() -> None:
    student = create()
    status, first = ask(student["studentId"], sizeBytes="1024")
    assert status == 200
    assert set(first) == {"pictureKey", "upload"}
    assert set(first["upload"]) == {"method", "url", "headers", "expiresAt"}
    assert first["pictureKey"] == student["pictureKey"]
    assert grant(student["studentId"]) == f"students/{student['studentId']}_2.jpg"


@pytest.mark.parametrize(("query", "length"), [({"sizeBytes": "9"}, ["content-length"]), ({}, [])])
def test_a_grant_signs_everything_and_the_length_where_it_is_known(
    student_id: str, query: dict[str, str], length: list[str]
) -> None:
    upload = ask(student_id, **query)[1]["upload"]
    assert upload["method"] == "PUT"
    assert upload["headers"] == {"Content-Type": "image/jpeg", "If-None-Match": "*"}
    signed = parse_qs(urlsplit(upload["url"]).query)["X-Amz-SignedHeaders"][0].split(";")
    assert signed == [*length, "content-type", "host", "if-none-match"]


@pytest.mark.parametrize("size", ["0", "-1", "many", "1.5"])
def test_a_wrong_size_is_400(student_id: str, size: str) -> None:
    status, body = ask(student_id, sizeBytes=size)
    assert (status, body["fields"][0]["field"]) == (400, "sizeBytes")


def test_too_large_a_size_is_refused_at_once(student_id: str) -> None:
    status, body = ask(student_id, sizeBytes="1000001")
    assert (status, body["code"]) == (413, "FileTooLarge")
    assert view(student_id)[1]["picture"] is None


def test_a_picture_of_unannounced_size_goes_through_everything(student_id: str) -> None:
    key = grant(student_id)
    assert view(student_id)[1]["picture"]["status"] == "pending"
    landing.deliver(landing.put(key, GOOD))
    assert view(student_id)[1]["picture"]["status"] == "processing"
    resize(photo_of(key))
    _, body = view(student_id)
    assert body["pictureKey"] == key
    picture = body["picture"]
    assert (picture["status"], picture["failure"], picture["replacement"]) == (
        "completed", None, None,
    )  # fmt: skip
    assert [thumbnail["size"] for thumbnail in picture["thumbnails"]] == [160, 640, 1600]
    assert urlsplit(picture["thumbnails"][0]["url"]).path == (
        f"/{key.removesuffix('.jpg')}/160.webp"
    )
    assert photo_of(key).size_bytes == len(GOOD)
    assert page(hasPicture="true")[1]["items"][0]["studentId"] == student_id
    assert page(hasPicture="false")[1]["items"] == []


def test_signs_the_verified_version_of_the_picture(student_id: str) -> None:
    key = replace(student_id, GOOD)
    landing.put(key, BAD)
    status, body = view_url(student_id)
    assert status == 200
    assert set(body) == {"url", "expiresAt"}
    url = urlsplit(body["url"])
    assert url.path == f"/{key}"
    assert parse_qs(url.query)["versionId"] == [photo_of(key).version_id]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (BAD, "UnsupportedContent"),
        (pictures.png(), "ContentTypeMismatch"),
        (GOOD + b"x" * 1_000_000, "FileTooLarge"),
        (GOOD[:20], "CorruptImage"),
    ],
)
def test_a_first_picture_that_is_refused_says_why(
    student_id: str, content: bytes, code: str
) -> None:
    key = grant(student_id)
    landing.deliver(landing.put(key, content))
    _, body = view(student_id)
    assert body["pictureKey"] == key
    assert (body["picture"]["status"], body["picture"]["failure"]["code"]) == ("failed", code)
    assert not landing.is_there(key)
    status, refused = view_url(student_id)
    assert (status, refused["code"]) == (409, "PictureNotReady")


def test_another_size_than_announced_is_refused(student_id: str) -> None:
    landing.deliver(landing.put(grant(student_id, sizeBytes="5"), GOOD))
    assert view(student_id)[1]["picture"]["failure"]["code"] == "SizeMismatch"


def test_there_is_no_url_before_there_is_a_picture(student_id: str) -> None:
    assert (view_url(student_id)[0], view_url(student_id)[1]["code"]) == (404, "PictureNotFound")
    key = grant(student_id)
    for step in (lambda: None, lambda: landing.deliver(landing.put(key, GOOD))):
        step()
        status, body = view_url(student_id)
        assert (status, body["code"]) == (409, "PictureNotReady")


def test_a_completed_picture_is_in_work_until_it_is_shown(
    student_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = grant(student_id)
    landing.deliver(landing.put(key, GOOD))

    def cut_off(*_: Any) -> bool:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(Student, "show", cut_off)
        assert resize(photo_of(key)) != []
    assert photo_of(key).status == "completed"
    assert view(student_id)[1]["picture"]["status"] == "processing"
    assert resize(photo_of(key)) == []
    assert view(student_id)[1]["picture"]["status"] == "completed"


def test_replacing_shows_the_old_picture_until_the_new_one_is_whole(student_id: str) -> None:
    old = replace(student_id, GOOD)
    shown = view(student_id)[1]
    new = grant(student_id)
    assert view(student_id)[1]["picture"]["replacement"] == {
        "pictureKey": new, "status": "pending", "failure": None,
    }  # fmt: skip
    landing.deliver(landing.put(new, OTHER))
    during = view(student_id)[1]
    assert (during["pictureKey"], during["picture"]["status"]) == (old, "completed")
    assert len(during["picture"]["thumbnails"]) == len(shown["picture"]["thumbnails"])
    assert urlsplit(view_url(student_id)[1]["url"]).path == f"/{old}"

    resize(photo_of(new))
    after = view(student_id)[1]
    assert (after["pictureKey"], after["picture"]["replacement"]) == (new, None)
    assert versions() == {new}
    assert {key.rpartition("/")[0] for key in thumbnails()} == {new.removesuffix(".jpg")}
    with pytest.raises(Photo.DoesNotExist):
        photo_of(old)


def test_a_replacement_that_is_refused_leaves_the_picture_in_place(student_id: str) -> None:
    old = replace(student_id, GOOD)
    new = grant(student_id)
    landing.deliver(landing.put(new, BAD))
    _, body = view(student_id)
    assert (body["pictureKey"], body["picture"]["status"]) == (old, "completed")
    assert body["picture"]["replacement"]["pictureKey"] == new
    assert body["picture"]["replacement"]["failure"]["code"] == "UnsupportedContent"
    assert landing.is_there(old)
    assert (
        page(hasPicture="true")[1]["items"][0]["picture"]["replacement"]
        == (body["picture"]["replacement"])
    )


def test_a_failed_attempt_is_cleared_away_by_the_next_good_picture(student_id: str) -> None:
    landing.deliver(landing.put(grant(student_id), BAD))
    unused = grant(student_id)
    new = replace(student_id, GOOD)
    assert versions() == {new}
    with pytest.raises(Photo.DoesNotExist):
        photo_of(unused)
    landing.deliver(landing.put(unused, OTHER))
    assert view(student_id)[1]["pictureKey"] == new, "an older grant, used late, shows nothing"
    assert not landing.is_there(unused)


def test_an_older_picture_that_is_completed_last_is_erased_and_not_shown(
    student_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = grant(student_id), grant(student_id)
    landing.deliver(landing.put(older, GOOD), landing.put(newer, OTHER))

    def cut_off(*_: Any, **__: Any) -> None:
        raise ConnectionError

    late = photo_of(older)
    with monkeypatch.context() as patch:
        patch.setattr(student_pictures, "_delete_versions", cut_off)
        assert resize(photo_of(newer)) != []
    assert view(student_id)[1]["pictureKey"] == newer
    assert resize(late) == []
    assert view(student_id)[1]["pictureKey"] == newer
    assert versions() == {newer}
    assert len(thumbnails()) == 3
    assert resize(photo_of(newer)) == []


def test_removing_the_picture_removes_all_of_it_and_what_is_on_its_way(student_id: str) -> None:
    replace(student_id, GOOD)
    on_its_way = grant(student_id)
    landed = landing.put(on_its_way, OTHER)
    landing.deliver(landed)
    for _ in range(2):
        assert remove(student_id) == (204, None)
        _, body = view(student_id)
        assert (body["pictureKey"], body["picture"]) == (None, None)
    assert versions() == set()
    assert thumbnails() == {}
    assert view_url(student_id)[1]["code"] == "PictureNotFound"
    assert page(hasPicture="true")[1]["items"] == []
    landing.deliver(landed)
    assert view(student_id)[1]["picture"] is None
    new = replace(student_id, OTHER)
    assert new == f"students/{student_id}_3.jpg", "no key is used again"
    assert view(student_id)[1]["pictureKey"] == new


def test_removing_a_picture_that_never_was_clears_its_key(student_id: str) -> None:
    assert remove(student_id) == (204, None)
    assert view(student_id)[1]["pictureKey"] is None
    assert grant(student_id) == f"students/{student_id}_2.jpg"


def test_deleting_a_student_removes_every_version_and_thumbnail(student_id: str) -> None:
    other = replace(create(email="other@example.com")["studentId"], GOOD)
    replace(student_id, GOOD)
    landing.deliver(landing.put(grant(student_id), BAD))
    processing = grant(student_id)
    landed = landing.put(processing, OTHER)
    landing.deliver(landed)
    message = photo_of(processing)
    grant(student_id)
    assert delete(student_id) == (204, None)
    assert versions() == {other}
    assert landing.deliver(landed) == []
    assert resize(message) == []
    assert len(thumbnails()) == 3
    assert all(key.startswith(other.removesuffix(".jpg")) for key in thumbnails())


def test_a_picture_that_is_completed_while_its_student_is_deleted_goes_too(
    student_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, photo = uploaded(student_id)
    with monkeypatch.context() as patch:  # as if the record were too new to be found
        patch.setattr(photo_deletion, "delete", lambda _: None)
        delete(student_id)
    landing.put(key, GOOD)
    Photo(photo.photo_id, PHOTO_ROW).update([Photo.version_id.remove()])
    assert resize(photo) == []
    assert versions() == set()
    assert thumbnails() == {}
    with pytest.raises(Photo.DoesNotExist):
        photo_of(key)


def test_a_picture_that_is_completed_in_the_midst_of_a_deletion_is_not_shown_but_erased(
    student_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, photo = uploaded(student_id)

    def overlook(*_: Any, **__: Any) -> None:
        assert resize(photo) == []

    monkeypatch.setattr(student_pictures, "_delete_versions", overlook)
    assert delete(student_id) == (204, None)
    assert versions() == set()
    assert thumbnails() == {}


def test_no_grant_for_a_student_who_is_being_deleted(student_id: str) -> None:
    Student.get(student_id).begin_deletion()
    for status, body in (ask(student_id), view_url(student_id), remove(student_id)):
        assert (status, body["code"]) == (404, "StudentNotFound")


def test_editing_leaves_the_picture(student_id: str) -> None:
    key = replace(student_id, GOOD)
    _, body = edit(student_id, name="G. Hopper")
    assert (body["pictureKey"], body["picture"]["status"]) == (key, "completed")


@pytest.mark.parametrize(
    ("act", "status"), [(ask, 200), (view_url, 200), (remove, 403)], ids=["ask", "view", "remove"]
)
def test_students_replace_and_see_their_own_picture_and_outsiders_nothing(
    student_id: str, act: Callable[..., tuple[int, Any]], status: int
) -> None:
    replace(student_id, GOOD)
    assert act(student_id, SELF)[0] == status
    for claims in (OUTSIDER, SELF | {"email_verified": "false"}):
        refused = act(student_id, claims)
        assert refused == act(NO_ONE, claims)
        assert (refused[0], refused[1]["code"]) == (404, "StudentNotFound")


@pytest.mark.parametrize(
    ("function", "suffix"),
    [(view_photo, ""), (view_photo, "/view-url"), (report_status, "/status")],
)
@pytest.mark.parametrize("claims", [STAFF, SELF])
def test_a_picture_is_no_photo_to_the_photos_routes(
    student_id: str, function: Any, suffix: str, claims: dict[str, str]
) -> None:
    photo_id = keys.photo_id(replace(student_id, GOOD))
    status, body = call(function, claims, path=f"/photos/{photo_id}{suffix}")
    assert (status, body["code"]) == (404, "PhotoNotFound")


def test_a_picture_counts_against_nobodys_limits(student_id: str) -> None:
    landing.deliver(landing.put(grant(student_id), BAD))
    replace(student_id, GOOD)
    assert [(usage.held_photos, usage.held_bytes) for usage in Usage.scan()] == [(0, 0)]


def test_a_picture_whose_event_was_lost_is_found_by_the_sweep(student_id: str) -> None:
    key = grant(student_id)
    landing.put(key, GOOD)
    photo = photo_of(key)
    photo.change(due_at=1)
    recovery.check_due(lambda: True)
    url = boto3.client("sqs").get_queue_url(QueueName="uploads")["QueueUrl"]
    (message,) = boto3.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert f"{student_id}_1.jpg" in message["Body"]


def test_a_list_reads_all_unfinished_uploads_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        grant(create(email=f"{number}@example.com")["studentId"])
    called = aws_calls.record(monkeypatch, CONNECTION.client)
    assert len(page()[1]["items"]) == 4
    assert called == ["Query", "BatchGetItem"]


def test_event_files_of_pictures_are_answered() -> None:
    for function in (initiate_picture_upload, delete_student):
        event = events.load(function.__name__)
        assert function.handler(event, events.CONTEXT)["statusCode"] == 404


def test_asking_costs_the_caller_a_grant_and_nothing_else(
    student_id: str, settings: Callable[..., None]
) -> None:
    settings(UPLOADS_PER_MINUTE=2)
    assert [ask(student_id)[0] for _ in range(3)] == [200, 200, 429]
    status, body = ask(student_id)
    assert (status, body["code"]) == (429, "LimitExceeded")
    assert ask(student_id, SELF | {"sub": "somebody-else"})[0] == 200
    staff = Usage.get(events.USER)
    assert (staff.held_photos, staff.held_bytes) == (0, 0)


def test_so_many_pending_pictures_of_a_student_and_no_more(
    student_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_PENDING_PICTURES", 3)
    first = grant(student_id)
    grant(student_id), grant(student_id)
    status, body = ask(student_id)
    assert (status, body["code"]) == (429, "LimitExceeded")
    assert ask(str(create(email="other@example.com")["studentId"]))[0] == 200
    landing.deliver(landing.put(first, BAD))
    assert photo_of(first).status == "failed"
    assert ask(student_id)[0] == 200
    assert ask(student_id)[0] == 429
