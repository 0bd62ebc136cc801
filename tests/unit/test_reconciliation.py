"""Each kind of difference is found and repaired; what is right or in flight is no difference."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from pynamodb.exceptions import PutError

import resize_thumbnails
from local import reconcile
from local.reconciliation import events, originals, photos, run, usage
from local.reconciliation.differences import Difference, Kind, Rules
from local.reconciliation.run import Outcome, Progress, Reconciliation, comparisons
from photodrop import keys
from photodrop.aws import storage
from photodrop.aws.tables import (
    Attendee,
    EmailLock,
    Event,
    Failure,
    Photo,
    ShownPicture,
    Student,
    ThumbnailLease,
    Tombstone,
    Usage,
    attendee_row,
)
from photodrop.aws.tables.photo_lists import shard_of
from photodrop.domain import lifecycle, multipart, photo_deletion, student_pictures
from photodrop.domain.uploads import UploadRequest, begin
from photodrop.errors import BusyError
from tests.support import events as event_files
from tests.support import pictures
from tests.support.landing import ADA, deliver, make_pending, put, reload
from tests.support.people import ADA as ORGANIZER
from tests.support.people import GRACE
from tests.unit.test_recovery import messages
from tests.unit.test_resize_thumbnails import resize
from tests.unit.test_student_pictures import OTHER, grant, photo_of
from tests.unit.test_student_pictures import replace as replace_picture
from tests.unit.test_students import create as create_student

pytestmark = pytest.mark.usefixtures("aws")

NOW = Rules(grace_seconds=0, settle_seconds=0, erase_after_seconds=0)
"""Nothing is in flight, and everything is old enough."""

FOREVER = 40 * 365 * 24 * 3600
"""Longer ago than moto says that multipart uploads were begun, which is always in 2010."""

CONTENT = pictures.jpeg(64, 48)
UPLOADS, THUMBNAILS = "photodrop-uploads", "photodrop-thumbnails"


@pytest.fixture(autouse=True)
def few_on_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything take several pages."""
    for module in (events, originals, photos, usage):
        monkeypatch.setattr(module, "PAGE", 3)


def compare(
    rules: Rules = NOW, *, repairs: bool = False, may_erase: int = 100
) -> list[tuple[Difference, Outcome]]:
    found: list[tuple[Difference, Outcome]] = []
    reconciliation = Reconciliation(
        rules, lambda *one: found.append(one), repairs=repairs, may_erase=may_erase
    )
    reconciliation.run(comparisons(rules), Progress())
    return found


def kinds(found: list[tuple[Difference, Outcome]]) -> set[Kind]:
    return {difference.kind for difference, _ in found}


def completed(**details: Any) -> Photo:
    wish = UploadRequest("photo.jpg", "image/jpeg", len(CONTENT), "PUT", **details)
    photo = begin(ADA, wish, idempotency_key=None, correlation_id="grant-1")
    assert deliver(put(photo.key, CONTENT)) == []
    assert resize(photo) == []
    photo = reload(photo)
    assert photo.status == "completed"
    return photo


def failed() -> Photo:
    photo = make_pending(b"no picture")
    deliver(put(photo.key, b"no picture"))
    photo = reload(photo)
    assert photo.status == "failed"
    return photo


def in_parts() -> Photo:
    wish = UploadRequest("photo.jpg", "image/jpeg", 6_000_000, "MULTIPART")
    photo = begin(ADA, wish, idempotency_key=None, correlation_id="grant-1")
    multipart.begin(photo, may_be_repeated=False)
    return photo


def create() -> Any:
    return create_student(email=f"{uuid4()}@example.com")


def shown_picture() -> tuple[str, Photo]:
    student_id = str(create()["studentId"])
    return student_id, photo_of(replace_picture(student_id, CONTENT))


def write(model: Any, **changes: Any) -> None:
    """Change an item behind the service's back."""
    actions = [
        getattr(type(model), name).remove()
        if value is None
        else getattr(type(model), name).set(value)
        for name, value in changes.items()
    ]
    model.update(actions)


def raw(photo: Photo, **changes: Any) -> None:
    write(Photo(photo.photo_id, "photo"), **changes)


def healthy() -> None:
    """Let everything happen that a stack is for."""
    completed(tags=["lake", "sun"])
    edited = completed(tags=["lake"])
    assert edited.change(tags=["hill"], title="Hill")
    make_pending(CONTENT)
    failed()
    in_parts()
    lifecycle.cancel(in_parts(), "No more.")
    photo_deletion.delete(completed(tags=["gone"]))
    verified = make_pending(CONTENT)
    deliver(put(verified.key, CONTENT))
    video = make_pending(CONTENT, "video/mp4")
    stored = put(video.key, CONTENT)
    missing = Failure(code="UnsupportedVideo", message="No frame.")
    raw(video, version_id=stored["versionId"])
    for status in ("uploaded", "processing", "completed"):
        assert lifecycle.advance(reload(video), status, due_at=None, thumbnails_missing=missing)
    event_id = ORGANIZER.create_event()
    ORGANIZER.register(event_id, GRACE.email)
    GRACE.begin_upload(event_id)
    student_id, _ = shown_picture()
    replace_picture(student_id, OTHER)
    grant(student_id)
    create()
    deleted = Student.get(shown_picture()[0])
    student_pictures.delete_student(deleted)
    student_pictures.delete(Student.get(shown_picture()[0]))


def test_a_healthy_stack_has_no_differences() -> None:
    healthy()
    assert compare() == []


@pytest.mark.parametrize("row", ["photo", "tag#lake"])
def test_rows_that_the_time_to_live_removes_one_by_one_are_in_flight(row: str) -> None:
    photo = failed()
    assert photo.change(tags=["lake"], due_at=None, remove_at=int(time.time()) - 1)
    Photo(photo.photo_id, row).delete()
    assert compare() == []


def test_a_lease_that_has_ended_hides_no_difference_of_its_photo() -> None:
    photo = completed()
    ThumbnailLease.release(photo.photo_id, "320.webp")
    write(ThumbnailLease(photo.photo_id, "thumbnail#320.webp"), remove_at=1)
    raw(photo, owner_status_list="user_ada#failed")
    assert kinds(compare()) == {Kind.ROWS_DIFFER}


def event_photos() -> list[str]:
    event_id = ORGANIZER.create_event()
    ORGANIZER.register(event_id, GRACE.email)
    return [GRACE.begin_upload(event_id) for _ in range(4)]


def test_photos_stay_in_their_shard_when_an_events_lists_are_spread_further(
    settings: Callable[..., None],
) -> None:
    for photo_id in event_photos():
        assert Photo.get(photo_id, "photo").change(tags=["lake"])
    settings(EVENT_LIST_SHARDS=4)
    assert compare() == []


def test_photos_in_shards_that_are_no_longer_read_are_found(
    settings: Callable[..., None],
) -> None:
    settings(EVENT_LIST_SHARDS=4)
    elsewhere = {one for one in event_photos() if shard_of(one)}
    settings(EVENT_LIST_SHARDS=1)

    assert {one.subject for one, _ in compare()} == elsewhere
    compare(repairs=True)
    assert compare() == []


# Each of these makes one difference of the kind that it is named for.


def rows_differ() -> None:
    raw(completed(tags=["lake"]), owner_status_list="user_ada#failed")


def rows_differ_by_a_missing_copy() -> None:
    Photo(completed(tags=["lake"]).photo_id, "tag#lake").delete()


def rows_differ_by_a_copy_that_is_left() -> None:
    photo = completed(tags=["lake"])
    raw(photo, tags=[])


def rows_without_photo() -> None:
    photo = completed(tags=["lake", "sun"])
    photo_deletion.delete(reload(photo))
    photo.row = "tag#lake"
    photo.save()


def deleted_photo_exists() -> None:
    photo = completed()
    Tombstone(photo.photo_id).save()


def photo_not_checked() -> None:
    raw(make_pending(CONTENT), due_at=int(time.time()) - 60)


def photo_not_checked_ever() -> None:
    raw(make_pending(CONTENT), due_at=None, due_list=None)


def charge_not_released() -> None:
    photo = failed()
    raw(photo, charged_bytes=7, due_at=None, due_list=None)
    Usage("ada").update([Usage.held_bytes.add(7), Usage.held_photos.add(1)])


def photo_without_original() -> None:
    photo = make_pending(CONTENT)
    deliver(put(photo.key, CONTENT))
    storage.erase_original(photo.key)


def photo_without_thumbnails() -> None:
    photo = completed()
    boto3.client("s3").delete_object(Bucket=THUMBNAILS, Key=keys.thumbnail(photo.key, 640))


def picture_without_student() -> None:
    student_id, _ = shown_picture()
    email = Student.get(student_id).email
    Student(student_id).delete()
    EmailLock(f"email#{email}").delete()


def picture_not_shown() -> None:
    student_id, _ = shown_picture()
    write(Student(student_id), picture=None, settled_version=0, picture_list="noPicture")


def object_without_photo() -> None:
    photo = completed()
    photo_deletion.delete(photo)
    put(photo.key, CONTENT)


def marker_without_photo() -> None:
    photo = completed()
    photo_deletion.delete(photo)
    version = put(photo.key, CONTENT)["versionId"]
    boto3.client("s3").delete_object(Bucket=UPLOADS, Key=photo.key)
    storage.erase_version(photo.key, version)


def object_of_failed_photo() -> None:
    photo = failed()
    assert photo.change(due_at=None)
    put(photo.key, CONTENT)


def second_version() -> None:
    put(completed().key, OTHER)


def thumbnail_without_photo() -> None:
    photo = completed()
    photo_deletion.delete(photo)
    storage.put_thumbnail(keys.thumbnail(photo.key, 640), b"x", "image/webp")


def thumbnail_of_failed_photo() -> None:
    photo = failed()
    storage.put_thumbnail(keys.thumbnail(photo.key, 640), b"x", "image/webp")


def multipart_without_upload() -> None:
    photo = in_parts()
    lifecycle.cancel(photo, "No more.")
    assert photo.change(due_at=None)
    storage.create_multipart(photo.key, "image/jpeg", part_checksums=False)


def multipart_of_a_deleted_photo() -> None:
    photo = in_parts()
    photo_deletion.delete(photo)
    storage.create_multipart(photo.key, "image/jpeg", part_checksums=False)


def usage_differs() -> None:
    completed()
    write(Usage("ada"), held_bytes=5, held_photos=3)


def usage_is_missing() -> None:
    completed()
    Usage("ada").delete()


def student_lists_differ() -> None:
    write(Student(str(create()["studentId"])), picture_list="picture")


def student_not_deleted() -> None:
    Student.get(shown_picture()[0]).begin_deletion()


def shown_picture_missing() -> None:
    student_id, photo = shown_picture()
    photo_deletion.delete(photo)
    assert isinstance(Student.get(student_id).picture, ShownPicture)


def email_is_not_locked() -> None:
    EmailLock(f"email#{create()['email']}").delete()


def email_lock_is_left() -> None:
    EmailLock("email#former@example.com", taken_by=create()["studentId"]).save()


def event_lists_differ() -> None:
    event_id = ORGANIZER.create_event()
    ORGANIZER.register(event_id, GRACE.email)
    write(Event(event_id), member="organizer#somebody")
    write(Attendee(event_id, attendee_row(GRACE.email)), list_order="never")


def event_not_purged() -> None:
    event_id = ORGANIZER.create_event()
    ORGANIZER.register(event_id, GRACE.email)
    assert ORGANIZER.ask("DELETE", f"/{event_id}", photos="delete")[0] in (202, 204)
    assert messages("purge")
    purge_queue = "https://sqs.eu-west-1.amazonaws.com/123456789012/purge"
    boto3.client("sqs").purge_queue(QueueUrl=purge_queue)


def attendees_without_event() -> None:
    event_id = ORGANIZER.create_event()
    ORGANIZER.register(event_id, GRACE.email)
    Event(event_id).delete()


def dead_letters() -> None:
    sqs = boto3.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = {
        "deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:dead",
        "maxReceiveCount": 5,
    }
    url = sqs.get_queue_url(QueueName="videos")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(policy)})
    for number in range(12):
        sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"photoId": str(number)}))


REPAIRED: dict[Callable[[], None], Kind] = {
    rows_differ: Kind.ROWS_DIFFER,
    rows_differ_by_a_missing_copy: Kind.ROWS_DIFFER,
    rows_differ_by_a_copy_that_is_left: Kind.ROWS_DIFFER,
    rows_without_photo: Kind.ROWS_WITHOUT_PHOTO,
    photo_not_checked_ever: Kind.PHOTO_NOT_CHECKED,
    charge_not_released: Kind.CHARGE_NOT_RELEASED,
    photo_without_original: Kind.PHOTO_WITHOUT_ORIGINAL,
    picture_without_student: Kind.PICTURE_WITHOUT_STUDENT,
    picture_not_shown: Kind.PICTURE_NOT_SHOWN,
    object_without_photo: Kind.OBJECT_WITHOUT_PHOTO,
    marker_without_photo: Kind.OBJECT_WITHOUT_PHOTO,
    object_of_failed_photo: Kind.OBJECT_OF_FAILED_PHOTO,
    second_version: Kind.SECOND_VERSION,
    thumbnail_without_photo: Kind.THUMBNAIL_WITHOUT_PHOTO,
    thumbnail_of_failed_photo: Kind.THUMBNAIL_WITHOUT_PHOTO,
    multipart_without_upload: Kind.MULTIPART_WITHOUT_UPLOAD,
    multipart_of_a_deleted_photo: Kind.MULTIPART_WITHOUT_UPLOAD,
    usage_differs: Kind.USAGE_DIFFERS,
    usage_is_missing: Kind.USAGE_DIFFERS,
    student_lists_differ: Kind.STUDENT_LISTS_DIFFER,
    student_not_deleted: Kind.STUDENT_NOT_DELETED,
    shown_picture_missing: Kind.SHOWN_PICTURE_MISSING,
    email_is_not_locked: Kind.EMAIL_LOCK_DIFFERS,
    email_lock_is_left: Kind.EMAIL_LOCK_DIFFERS,
    event_lists_differ: Kind.EVENT_LISTS_DIFFER,
    event_not_purged: Kind.EVENT_NOT_PURGED,
    attendees_without_event: Kind.ATTENDEES_WITHOUT_EVENT,
    dead_letters: Kind.DEAD_LETTERS,
    photo_not_checked: Kind.PHOTO_NOT_CHECKED,
    photo_without_thumbnails: Kind.PHOTO_WITHOUT_THUMBNAILS,
}


@pytest.mark.parametrize("plant", REPAIRED, ids=lambda plant: plant.__name__)
def test_a_difference_is_found_repaired_and_gone(plant: Callable[[], None]) -> None:
    kind = REPAIRED[plant]
    completed(tags=["lake"])
    plant()

    found = compare()
    assert [(one.kind, outcome) for one, outcome in found] == [(kind, Outcome.FOUND)]
    assert compare() == found, "A dry run has changed something."

    repaired = compare(repairs=True)
    assert [(one.kind, outcome) for one, outcome in repaired] == [(kind, Outcome.REPAIRED)]
    if plant is photo_without_thumbnails:
        make_thumbnails_that_are_asked_for()
    assert compare() == []


def make_thumbnails_that_are_asked_for() -> None:
    template = event_files.load("resize_thumbnails")["Records"][0]
    records = [template | {"body": body} for body in messages("thumbnails") if "variant" in body]
    assert len(records) == 1
    answer = resize_thumbnails.handler({"Records": records}, event_files.CONTEXT)
    assert answer == {"batchItemFailures": []}


def lost_photo() -> None:
    storage.erase_original(completed().key)


def hidden_original() -> None:
    boto3.client("s3").delete_object(Bucket=UPLOADS, Key=completed().key)


def unknown_object() -> None:
    put("backups/2026.zip", b"x")


def unknown_thumbnail() -> None:
    storage.put_thumbnail("backups/2026.webp", b"x", "image/webp")


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        (lost_photo, Kind.PHOTO_WITHOUT_ORIGINAL),
        (hidden_original, Kind.HIDDEN_ORIGINAL),
        (unknown_object, Kind.UNKNOWN_OBJECT),
        (unknown_thumbnail, Kind.UNKNOWN_OBJECT),
        (deleted_photo_exists, Kind.DELETED_PHOTO_EXISTS),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_a_person_has_to_decide_is_only_reported(
    plant: Callable[[], None], kind: Kind
) -> None:
    plant()
    found = compare(repairs=True)
    assert [(one.kind, outcome) for one, outcome in found] == [(kind, Outcome.FOUND)]
    assert compare() == found


def test_an_address_that_is_kept_for_another_student_is_given_to_who_has_it() -> None:
    student, other = create(), create()
    write(EmailLock(f"email#{student['email']}"), taken_by=other["studentId"])

    compare(repairs=True)
    compare(repairs=True)

    assert compare() == []
    lock = EmailLock.get(f"email#{student['email']}")
    assert lock.taken_by == student["studentId"]


def test_an_address_that_two_students_have_is_only_reported() -> None:
    student, other = create(), create()
    write(Student(other["studentId"]), email=student["email"])
    EmailLock(f"email#{other['email']}").delete()

    ((difference, outcome),) = compare(repairs=True)

    assert difference.kind == Kind.EMAIL_LOCK_DIFFERS
    assert (difference.subject, outcome) == (other["studentId"], Outcome.FOUND)


def test_every_kind_of_difference_is_planted_here() -> None:
    decided = {
        Kind.HIDDEN_ORIGINAL,
        Kind.UNKNOWN_OBJECT,
        Kind.DELETED_PHOTO_EXISTS,
    }
    assert {*REPAIRED.values(), *decided} == set(Kind)


def test_a_lost_photo_is_deleted_only_when_that_is_asked_for() -> None:
    lost_photo()
    asked = replace(NOW, deletes_lost_photos=True)

    assert [outcome for _, outcome in compare(asked, repairs=True)] == [Outcome.REPAIRED]
    assert compare() == []
    assert Usage.get("ada").held_bytes == 0


TIMED = [
    photo_not_checked,
    charge_not_released,
    photo_without_original,
    photo_without_thumbnails,
    picture_without_student,
    picture_not_shown,
    object_without_photo,
    marker_without_photo,
    object_of_failed_photo,
    second_version,
    thumbnail_without_photo,
    thumbnail_of_failed_photo,
    multipart_without_upload,
    multipart_of_a_deleted_photo,
    usage_differs,
    student_not_deleted,
]


@pytest.mark.parametrize("plant", TIMED, ids=lambda plant: plant.__name__)
def test_what_may_be_in_flight_is_left_alone(plant: Callable[[], None]) -> None:
    plant()
    assert compare(replace(NOW, grace_seconds=FOREVER), repairs=True) == []
    assert kinds(compare()) == {REPAIRED[plant]}


def test_an_event_whose_purge_is_in_the_queue_is_in_flight() -> None:
    event_id = ORGANIZER.create_event()
    assert ORGANIZER.ask("DELETE", f"/{event_id}", photos="delete")[0] in (202, 204)
    assert compare() == []
    assert messages("purge")


def test_a_young_original_without_a_record_is_reported_and_kept() -> None:
    object_without_photo()
    week = replace(NOW, erase_after_seconds=7 * 24 * 3600)

    ((difference, outcome),) = compare(week, repairs=True)

    assert (difference.kind, outcome) == (Kind.OBJECT_WITHOUT_PHOTO, Outcome.FOUND)
    assert "Too young" in difference.detail
    assert kinds(compare()) == {Kind.OBJECT_WITHOUT_PHOTO}


def test_rows_are_repaired_before_what_they_list_is_recounted() -> None:
    raw(completed(), owner_list="user_somebody")

    assert kinds(compare()) == {Kind.ROWS_DIFFER, Kind.USAGE_DIFFERS}
    assert kinds(compare(repairs=True)) == {Kind.ROWS_DIFFER}
    assert compare() == []


def test_no_more_originals_are_erased_than_allowed() -> None:
    for _ in range(3):
        object_without_photo()

    outcomes = [outcome for _, outcome in compare(repairs=True, may_erase=2)]

    assert outcomes == [Outcome.REPAIRED, Outcome.REPAIRED, Outcome.NOT_ERASED]
    assert len(compare()) == 1


def test_what_has_changed_since_it_was_read_is_not_repaired(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage_differs()
    correct = usage._correct

    def late(*arguments: Any) -> bool:
        make_pending(CONTENT)
        return correct(*arguments)

    monkeypatch.setattr(usage, "_correct", late)
    assert [outcome for _, outcome in compare(repairs=True)] == [Outcome.CHANGED]
    assert Usage.get("ada").held_photos == 4


def test_rows_that_were_edited_since_they_were_read_are_not_repaired() -> None:
    photo = completed(tags=["lake"])
    raw(photo, owner_list="user_somebody")
    (difference,) = photos.Photos(NOW).examine(photo.photo_id)
    assert reload(photo).change(title="Lake")

    assert difference.repair
    assert not difference.repair()
    assert reload(photo).title == "Lake"


def test_a_repair_that_is_refused_is_reported_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage_differs()
    thumbnail_without_photo()
    monkeypatch.setattr(usage, "_correct", lambda *_: (_ for _ in ()).throw(PutError("no")))

    found = {one.kind: outcome for one, outcome in compare(repairs=True)}

    assert found == {
        Kind.USAGE_DIFFERS: Outcome.FAILED,
        Kind.THUMBNAIL_WITHOUT_PHOTO: Outcome.REPAIRED,
    }


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "cursor.json"
    for _ in range(4):
        rows_differ()

    class StopError(Exception):
        pass

    found: list[str] = []

    def stop_at_the_second(difference: Difference, _: Outcome) -> None:
        if len(found) == 1:
            raise StopError
        found.append(difference.subject)

    with pytest.raises(StopError):
        Reconciliation(NOW, stop_at_the_second).run(comparisons(NOW), Progress.read(file))
    stopped = json.loads(file.read_text())
    assert stopped["comparison"] == "photos"
    rest: list[str] = []
    again = Reconciliation(NOW, lambda one, _: rest.append(one.subject))
    again.run(comparisons(NOW), Progress.read(file))

    assert len({*found, *rest}) == 4
    assert "students" not in again.compared
    assert not file.exists()


def test_everything_is_read_in_pages() -> None:
    for _ in range(4):
        rows_differ()
        object_without_photo()
        thumbnail_without_photo()
    found = compare()
    assert len(found) == len({(one.kind, one.subject) for one, _ in found}) == 12


def test_nothing_that_is_printed_was_written_by_a_user() -> None:
    for plant in REPAIRED:
        plant()
    for one, _ in compare():
        assert "@" not in f"{one.subject}{one.detail}"
        assert "lake" not in f"{one.subject}{one.detail}"


def test_the_command_names_what_is_compared_in_the_order_of_the_run() -> None:
    assert [one.name for one in comparisons(NOW)] == list(reconcile.NAMES)


class Unreadable:
    name = "photos"

    def read_page(self, position: Any) -> Any:
        raise BusyError

    def examine(self, suspect: Any) -> list[Difference]:
        return []


def test_what_cannot_be_read_ends_the_run_and_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(run, "comparisons", lambda _: [Unreadable()])
    options = reconcile._parser().parse_args(["--cursor", str(tmp_path / "cursor.json")])

    assert reconcile._reconcile(options) == 2
    assert f"--cursor {tmp_path / 'cursor.json'}" in capsys.readouterr().err
    assert (tmp_path / "cursor.json").exists()


def test_a_checkout_of_another_version_than_the_stack_is_said_to_be_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lack(name: str) -> None:
        raise KeyError("NEW_SETTING")

    monkeypatch.setattr(reconcile.importlib, "import_module", lack)

    assert reconcile._reconcile(reconcile._parser().parse_args([])) == 2
    assert "NEW_SETTING" in capsys.readouterr().err
