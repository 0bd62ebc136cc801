"""Archived originals: what their viewers are told, restoring them, and S3's events about them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.moto_api import state_manager
from moto.s3.models import s3_backends

import process_upload
import restore_photo
import thumbnail_photo
from photodrop.aws import archived_objects
from photodrop.aws.tables import Photo, Restore
from photodrop.domain import archive
from tests.support import aws_calls, events, landing, pictures
from tests.unit.test_view_and_list_photos import make_photo, page, view

pytestmark = pytest.mark.usefixtures("aws")

BUCKET = "photodrop-uploads"


@pytest.fixture(autouse=True)
def slow_restores() -> Iterator[None]:
    """Let restores be under way until `finish` ends them."""
    state_manager.set_transition("s3::keyrestore", {"progression": "manual", "times": 10**9})
    yield
    state_manager.unset_transition("s3::keyrestore")


def make_archived(
    storage_class: str = "DEEP_ARCHIVE", *, noted: bool = True, number: int = 1, **more: Any
) -> Photo:
    """Make a completed photo whose original is in `storage_class`; `noted`: its record says so."""
    photo = make_photo(number, **more)
    stored = boto3.client("s3").put_object(
        Bucket=BUCKET, Key=photo.key, Body=pictures.jpeg(), StorageClass=storage_class
    )
    noted_class = storage_class if noted else "STANDARD"
    photo.change(version_id=stored["VersionId"], storage_class=noted_class)
    _in_moto(photo).status = "IN_PROGRESS"  # shown once there is a restore
    return photo


def finish(photo: Photo) -> None:
    """End a restore that is under way."""
    _in_moto(photo).status = "RESTORED"


def _in_moto(photo: Photo) -> Any:
    return s3_backends["123456789012"]["aws"].get_bucket(BUCKET).keys[photo.key]


def restore(photo: Photo, tier: str = "Standard", days: Any = 7, **parts: Any) -> tuple[int, Any]:
    event = events.request(
        "restore_photo",
        path=f"/photos/{photo.photo_id}/restore",
        body={"tier": tier, "days": days},
        **parts,
    )
    response = restore_photo.handler(event, events.CONTEXT)
    return response["statusCode"], json.loads(response["body"])


def tell(photo: Photo, name: str) -> list[Any]:
    """Deliver an event of S3's about a photo's original."""
    event = events.load("process_upload_restored")
    notice = json.loads(event["Records"][0]["body"])
    (record,) = notice["Records"]
    record["eventName"] = name
    record["s3"]["object"] = {"key": photo.key, "versionId": photo.version_id}
    event["Records"][0]["body"] = json.dumps(notice)
    return list(process_upload.handler(event, events.CONTEXT)["batchItemFailures"])


def saved(photo: Photo) -> tuple[str, Any]:
    found = Photo.get(photo.photo_id, "photo", consistent_read=True)
    return found.storage_class, found.restore and found.restore.status


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What S3 was asked for by the archive module."""
    return aws_calls.record(monkeypatch, archived_objects._s3())


@pytest.mark.parametrize(
    ("storage_class", "tiers"),
    [
        (
            "GLACIER",
            [
                {"tier": "Expedited", "typicalTime": "1-5 minutes"},
                {"tier": "Standard", "typicalTime": "3-5 hours"},
                {"tier": "Bulk", "typicalTime": "5-12 hours"},
            ],
        ),
        (
            "DEEP_ARCHIVE",
            [
                {"tier": "Standard", "typicalTime": "within 12 hours"},
                {"tier": "Bulk", "typicalTime": "within 48 hours"},
            ],
        ),
    ],
)
def test_the_view_url_of_an_archived_photo_says_how_to_restore_it(
    storage_class: str, tiers: list[Any]
) -> None:
    photo = make_archived(storage_class)
    status, body = view(f"{photo.photo_id}/view-url")
    assert status == 409
    assert set(body) == {"code", "message", "requestId", "restore"}
    assert body["code"] == "PhotoArchived"
    assert body["restore"] == {
        "method": "POST",
        "path": f"/photos/{photo.photo_id}/restore",
        "storageClass": storage_class,
        "tiers": tiers,
        "current": None,
    }


@pytest.mark.parametrize("storage_class", ["STANDARD", "STANDARD_IA", "GLACIER_IR"])
def test_what_can_be_read_at_once_is_viewed_and_not_restored(storage_class: str) -> None:
    photo = make_archived(storage_class)
    assert view(f"{photo.photo_id}/view-url")[0] == 200
    assert view(photo.photo_id)[1]["storageClass"] == storage_class
    status, body = restore(photo)
    assert (status, body["code"]) == (409, "NotArchived")


def test_a_photo_is_restored_and_then_viewed() -> None:
    photo = make_archived()
    status, body = restore(photo)
    assert status == 202
    assert body == {
        "photoId": photo.photo_id,
        "storageClass": "DEEP_ARCHIVE",
        "restore": {"status": "ongoing", "expiresAt": None},
    }
    assert saved(photo) == ("DEEP_ARCHIVE", "ongoing")
    status, body = view(f"{photo.photo_id}/view-url")
    assert (status, body["code"]) == (409, "PhotoArchived")
    assert body["restore"]["current"] == {"status": "ongoing", "expiresAt": None}
    finish(photo)
    assert view(f"{photo.photo_id}/view-url")[0] == 200
    shown = view(photo.photo_id)[1]
    assert shown["storageClass"] == "DEEP_ARCHIVE"
    assert shown["restore"]["status"] == "completed"
    assert shown["restore"]["expiresAt"].endswith("Z")


def test_restoring_again_while_it_is_under_way_asks_s3_for_nothing(asked: list[str]) -> None:
    photo = make_archived()
    answers = [restore(photo) for _ in range(3)]
    assert answers == [answers[0]] * 3
    assert answers[0][0] == 202
    assert asked.count("RestoreObject") == 1


def test_restoring_what_is_restored_moves_its_end(asked: list[str]) -> None:
    photo = make_archived()
    restore(photo, days=1)
    finish(photo)
    ends = [restore(photo, days=days)[1]["restore"]["expiresAt"] for days in (2, 9)]
    assert ends[0] < ends[1]
    assert asked.count("RestoreObject") == 3


def test_a_restore_that_somebody_else_began_at_the_same_time_is_202(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = make_archived()
    refused = ClientError({"Error": {"Code": "RestoreAlreadyInProgress"}}, "RestoreObject")
    monkeypatch.setattr(archived_objects._s3(), "restore_object", _raising(refused))
    assert restore(photo)[0] == 202


def test_no_capacity_for_expedited_retrievals_is_503_with_retry_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = make_archived("GLACIER")
    code = "GlacierExpeditedRetrievalNotAvailable"
    refused = ClientError({"Error": {"Code": code}}, "RestoreObject")
    monkeypatch.setattr(archived_objects._s3(), "restore_object", _raising(refused))
    status, body = restore(photo, "Expedited")
    assert (status, body["code"]) == (503, "TierUnavailable")


def _raising(error: Exception) -> Callable[..., None]:
    def call(**_: Any) -> None:
        raise error

    return call


def test_a_tier_that_the_class_does_not_have_is_400_and_names_the_ones_it_has() -> None:
    status, body = restore(make_archived(), "Expedited")
    assert status == 400
    assert body["fields"] == [
        {"field": "tier", "message": "must be one of Standard, Bulk, for the class DEEP_ARCHIVE"}
    ]
    assert restore(make_archived("GLACIER", number=2), "Expedited")[0] == 202


@pytest.mark.parametrize(("tier", "days"), [("Fast", 7), ("Bulk", 0), ("Bulk", 31), ("Bulk", "x")])
def test_an_unknown_tier_or_too_many_days_are_400(tier: str, days: Any) -> None:
    status, body = restore(make_archived(), tier, days)
    assert status == 400
    assert body["fields"][0]["field"] in {"tier", "days"}


def test_only_the_owner_and_staff_restore() -> None:
    photo = make_archived()
    assert restore(photo, user="somebody-else")[0] == 404
    event = events.request(
        "restore_photo",
        path=f"/photos/{photo.photo_id}/restore",
        body={"tier": "Bulk", "days": 1},
        user="staff",
    )
    event["requestContext"]["authorizer"]["claims"]["cognito:groups"] = "staff"
    assert restore_photo.handler(event, events.CONTEXT)["statusCode"] == 202


def test_a_photo_that_is_not_completed_cannot_be_restored() -> None:
    status, body = restore(make_photo(status="processing"))
    assert (status, body["code"]) == (409, "PhotoNotReady")


def test_an_original_that_is_gone_cannot_be_restored() -> None:
    photo = make_archived()
    boto3.client("s3").delete_object(Bucket=BUCKET, Key=photo.key, VersionId=photo.version_id)
    assert restore(photo)[0] == 404


def test_a_transition_is_noted_in_the_record_and_shown_in_lists() -> None:
    photo = make_archived(noted=False, tags=["lake"])
    assert tell(photo, "LifecycleTransition") == []
    assert saved(photo) == ("DEEP_ARCHIVE", None)
    for query in ({}, {"tag": "lake"}):
        (item,) = page(**query)[1]["items"]
        assert (item["storageClass"], item["restore"]) == ("DEEP_ARCHIVE", None)
    assert view(f"{photo.photo_id}/view-url")[1]["code"] == "PhotoArchived"


@pytest.mark.parametrize("name", ["ObjectRestore:Post", "ObjectRestore:Completed"])
def test_whatever_event_comes_and_in_whatever_order_the_record_is_as_s3_says(name: str) -> None:
    photo = make_archived()
    boto3.client("s3").restore_object(Bucket=BUCKET, Key=photo.key, RestoreRequest={"Days": 1})
    tell(photo, name)
    assert saved(photo) == ("DEEP_ARCHIVE", "ongoing")
    finish(photo)
    tell(photo, "ObjectRestore:Completed")
    before = Photo.get(photo.photo_id, "photo").to_simple_dict()
    for late in (name, "ObjectRestore:Post", "ObjectRestore:Delete", "LifecycleTransition"):
        assert tell(photo, late) == []
    assert saved(photo) == ("DEEP_ARCHIVE", "completed")
    assert Photo.get(photo.photo_id, "photo").to_simple_dict() == before


def test_the_end_of_a_restored_copy_is_noted() -> None:
    photo = make_archived()
    photo.change(restore=Restore(status="completed", expires_at="2099-01-01T00:00:00Z"))
    tell(photo, "ObjectRestore:Delete")
    assert saved(photo) == ("DEEP_ARCHIVE", None)


def test_a_restored_copy_that_has_ended_is_not_shown_even_if_the_event_was_lost() -> None:
    make_archived(restore=Restore(status="completed", expires_at="2026-01-01T00:00:00Z"))
    assert page()[1]["items"][0]["restore"] is None


def test_a_change_that_comes_between_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = make_archived(noted=False)
    ask = archive._fetch_state
    titles = iter(["First", "Second"])

    def edited_meanwhile(asked_for: Photo) -> Any:
        if title := next(titles, None):
            Photo.get(photo.photo_id, "photo").change(title=title)
        return ask(asked_for)

    monkeypatch.setattr(archive, "_fetch_state", edited_meanwhile)
    tell(photo, "LifecycleTransition")
    assert saved(photo) == ("DEEP_ARCHIVE", None)
    assert Photo.get(photo.photo_id, "photo").title == "Second"


def test_events_of_photos_that_are_gone_or_not_completed_change_nothing() -> None:
    assert process_upload.handler(events.load("process_upload_restored"), events.CONTEXT) == {
        "batchItemFailures": []
    }
    photo = make_photo(status="failed")
    tell(photo, "LifecycleTransition")
    tell(photo, "LifecycleExpiration:DeleteMarkerCreated")
    assert saved(photo) == ("STANDARD", None)


def test_s3_is_asked_only_about_what_may_be_archived(
    asked: list[str], settings: Callable[..., None]
) -> None:
    photo = make_archived("STANDARD")
    view(f"{photo.photo_id}/view-url")
    view(photo.photo_id)
    assert asked == []
    settings(ARCHIVE_AFTER_DAYS=90)
    photo.change(created_at="2020-01-01T00:00:00.000Z")
    assert view(f"{photo.photo_id}/view-url")[0] == 200
    assert asked == ["HeadObject"]
    photo.change(created_at="2999-01-01T00:00:00.000Z")
    view(f"{photo.photo_id}/view-url")
    assert asked == ["HeadObject"]


def test_an_archived_photo_is_told_even_if_the_event_was_lost(
    settings: Callable[..., None],
) -> None:
    settings(ARCHIVE_AFTER_DAYS=90)
    photo = make_archived(noted=False, created_at="2020-01-01T00:00:00.000Z")
    assert view(f"{photo.photo_id}/view-url")[1]["code"] == "PhotoArchived"
    assert view(photo.photo_id)[1]["storageClass"] == "DEEP_ARCHIVE"


def thumbnail(photo: Photo, res: str) -> tuple[int, Any]:
    event = events.request(
        "thumbnail_photo", path=f"/photos/{photo.photo_id}/thumbnail", query={"res": res}
    )
    response = thumbnail_photo.handler(event, events.CONTEXT)
    return response["statusCode"], json.loads(response["body"])


@pytest.mark.parametrize("noted", [True, False])
def test_thumbnails_of_an_archived_photo_stay_and_new_ones_need_it_restored(noted: bool) -> None:
    photo = make_archived(noted=noted, width=64, height=48)
    assert thumbnail(photo, "160")[0] == 200
    status, body = thumbnail(photo, "320")
    assert (status, body["code"]) == (409, "PhotoArchived")
    assert body["restore"]["tiers"]


def test_a_photo_that_the_lifecycle_expired_is_forgotten_with_its_thumbnails() -> None:
    photo = make_archived()
    s3 = boto3.client("s3")
    key = f"{photo.key.removesuffix('.jpg')}/160.webp"
    s3.put_object(Bucket="photodrop-thumbnails", Key=key, Body=b"x")
    tell(photo, "LifecycleExpiration:DeleteMarkerCreated")
    assert saved(photo)[0], "its original is still there"
    s3.delete_object(Bucket=BUCKET, Key=photo.key)
    assert not landing.is_there(photo.key)
    for _ in range(2):
        assert tell(photo, "LifecycleExpiration:DeleteMarkerCreated") == []
    assert view(photo.photo_id)[0] == 404
    assert page()[1]["items"] == []
    assert "Contents" not in s3.list_objects_v2(Bucket="photodrop-thumbnails")
    left = s3.list_object_versions(Bucket=BUCKET, Prefix=photo.key)
    assert not left.get("Versions"), "the hidden version is billed, too"
    assert not left.get("DeleteMarkers")
