"""Students: their records, who may see and change them, and their lists."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest

import create_student
import delete_student
import edit_student
import list_students
import view_student
from photodrop.aws.tables import EmailLock, Student
from tests.support import events
from tests.support.conflicts import conflicting

pytestmark = pytest.mark.usefixtures("aws")

GRACE = {"name": "Grace Hopper", "email": "grace@example.com", "course": "Compilers"}
STAFF = {"email": "staff@example.com", "cognito:groups": "staff"}
SELF = {"email": "grace@example.com"}
OUTSIDER = {"email": "alan@example.com"}
NO_ONE = "0b6f6c1e-3f0a-4b43-9a43-6d0f3a1f5c77"


def call(function: Any, claims: dict[str, str] = STAFF, **parts: Any) -> tuple[int, Any]:
    """Invoke a function with its event file, as this caller."""
    event = events.request(function.__name__, **parts)
    known = event["requestContext"]["authorizer"]["claims"]
    known.pop("cognito:groups", None)
    known.update(claims)
    response = function.handler(event, events.CONTEXT)
    return response["statusCode"], json.loads(response["body"] or "null")


def create(**details: str) -> Any:
    status, body = call(create_student, body=GRACE | details)
    assert status == 201, body
    return body


def view(student_id: str, claims: dict[str, str] = STAFF) -> tuple[int, Any]:
    return call(view_student, claims, path=f"/v2/students/{student_id}")


def edit(student_id: str, claims: dict[str, str] = STAFF, **details: str) -> tuple[int, Any]:
    return call(edit_student, claims, path=f"/v2/students/{student_id}", body=GRACE | details)


def delete(student_id: str, claims: dict[str, str] = STAFF) -> tuple[int, Any]:
    return call(delete_student, claims, path=f"/v2/students/{student_id}")


def page(claims: dict[str, str] = STAFF, **query: str) -> tuple[int, Any]:
    return call(list_students, claims, query=query)


def items() -> list[Any]:
    return list(boto3.client("dynamodb").scan(TableName="students")["Items"])


def test_a_new_student_has_everything_the_contract_names() -> None:
    body = create(name=" Grace\u0020Hopper ")
    assert set(body) == {
        "studentId", "name", "email", "course", "pictureKey", "picture", "createdAt", "updatedAt",
    }  # fmt: skip
    assert body["name"] == "Grace Hopper"
    assert body["pictureKey"] == f"students/{body['studentId']}_1.jpg"
    assert body["picture"] is None
    assert view(body["studentId"]) == (200, body)


def test_emails_are_kept_in_lower_case() -> None:
    assert create(email=" Grace@Example.COM ")["email"] == "grace@example.com"


def test_an_email_is_of_one_student_only() -> None:
    create()
    status, body = call(create_student, body=GRACE | {"email": "GRACE@example.com"})
    assert (status, body["code"]) == (409, "EmailTaken")
    assert len(items()) == 2, "one student and one address"


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        ({}, ["course", "email", "name"]),
        (GRACE | {"name": " ", "email": "x", "course": "x" * 201}, ["course", "email", "name"]),
        (GRACE | {"name": None, "email": 5}, ["email", "name"]),
        (GRACE | {"name": "a\x00b"}, ["name"]),
        (GRACE | {"studentId": "mine"}, ["studentId"]),
        ("not json", ["body"]),
        ("[]", ["body"]),
    ],
)
@pytest.mark.parametrize("function", [create_student, edit_student])
def test_names_every_wrong_field_at_once(function: Any, wrong: Any, fields: list[str]) -> None:
    status, body = call(function, body=wrong)
    assert (status, body["code"]) == (400, "InvalidRequest")
    assert sorted(field["field"] for field in body["fields"]) == fields


@pytest.mark.parametrize(
    "email",
    [
        "", "grace", "grace@", "@example.com", "grace@localhost", "a b@example.com",
        "a@b@example.com", ".grace@example.com", "gr..ace@example.com", "grace.@example.com",
        "grace@-example.com", "grace@example..com", "grace@example.com.",
        "x" * 65 + "@example.com", "grace@" + "x" * 64 + ".com", "g@" + "x." * 130 + "com",
        "grace@example.com\nbcc: all@example.com", "<grace@example.com>", "email#a@example.com,b",
    ],
)  # fmt: skip
def test_what_is_no_email_address_is_refused(email: str) -> None:
    status, body = call(create_student, body=GRACE | {"email": email})
    assert (status, [field["field"] for field in body["fields"]]) == (400, ["email"])


@pytest.mark.parametrize(
    "email", ["g.h+students@mail.example.co.uk", "o'neil@example.com", "a@b.cd", "1@x-y.example"]
)
def test_what_is_an_email_address_is_accepted(email: str) -> None:
    assert create(email=email)["email"] == email


def test_editing_replaces_the_details_and_frees_the_old_address() -> None:
    student = create()
    status, body = edit(student["studentId"], name="G. Hopper", email="hopper@example.com")
    assert status == 200
    assert body == student | {
        "name": "G. Hopper",
        "email": "hopper@example.com",
        "updatedAt": body["updatedAt"],
    }
    assert body["updatedAt"] >= student["updatedAt"]
    assert view(student["studentId"]) == (200, body)
    assert create(email="grace@example.com")["studentId"] != student["studentId"]


def test_editing_to_an_address_that_is_taken_changes_nothing() -> None:
    create(email="alan@example.com")
    student = create()
    status, body = edit(student["studentId"], name="Alan", email="alan@example.com")
    assert (status, body["code"]) == (409, "EmailTaken")
    assert view(student["studentId"]) == (200, student)
    assert edit(student["studentId"], email="Grace@example.com")[0] == 200, "one's own is not taken"


def test_editing_what_changed_in_the_meantime_is_done_again_on_what_is_there() -> None:
    student_id = create()["studentId"]
    first, second = Student.get(student_id), Student.get(student_id)
    assert first.edit(name="A", email="a@example.com", course="A")
    assert second.edit(name="B", email="b@example.com", course="B")
    assert {item["studentId"]["S"] for item in items()} == {student_id, "email#b@example.com"}


def test_two_creations_that_meet_are_tried_again() -> None:
    with conflicting("TransactWriteItems", times=2) as refused:
        create()
    assert len(refused) == 2


def test_deleting_a_student_removes_everything_and_frees_the_address() -> None:
    student_id = create()["studentId"]
    assert delete(student_id) == (204, None)
    assert items() == []
    assert view(student_id)[0] == 404
    status, body = delete(student_id)
    assert (status, body["code"]) == (404, "StudentNotFound")
    create()


def test_a_deletion_that_was_cut_off_is_finished_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    student_id = create()["studentId"]

    def cut_off(_: Student) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(Student, "delete", cut_off)
        assert delete(student_id)[0] == 500
    assert view(student_id)[0] == 404
    assert edit(student_id)[0] == 404
    assert page()[1]["items"] == page(hasPicture="false")[1]["items"] == []
    other = create()
    assert delete(student_id) == (204, None)
    assert page()[1]["items"] == [other], "the address was free at once"


def test_a_late_second_deletion_leaves_the_address_to_whoever_has_it_by_then() -> None:
    student_id = create()["studentId"]
    late = Student.get(student_id)
    delete(student_id)
    other = create()
    with pytest.raises(Student.DoesNotExist):
        late.begin_deletion()
    assert EmailLock.get("email#grace@example.com").taken_by == other["studentId"]


@pytest.mark.parametrize(
    ("act", "status"), [(view, 200), (edit, 403), (delete, 403)], ids=["view", "edit", "delete"]
)
def test_students_see_their_own_record_and_others_nothing(
    act: Callable[..., tuple[int, Any]], status: int
) -> None:
    student_id = create()["studentId"]
    assert act(student_id, SELF)[0] == status
    unverified = SELF | {"email_verified": "false"}
    for claims in (OUTSIDER, unverified):
        assert act(student_id, claims) == act(NO_ONE, claims)
        refused = act(student_id, claims)
        assert (refused[0], refused[1]["code"]) == (404, "StudentNotFound")
    assert len(items()) == 2


@pytest.mark.parametrize("claims", [SELF, OUTSIDER])
def test_only_staff_create_and_list(claims: dict[str, str]) -> None:
    for status, body in (call(create_student, claims, body=GRACE), page(claims)):
        assert (status, body["code"]) == (403, "Forbidden")


@pytest.mark.parametrize("function", [create_student, list_students, view_student, edit_student])
def test_nobody_signed_in_may_do_nothing(function: Any) -> None:
    event = events.request(function.__name__, user=None)
    assert function.handler(event, events.CONTEXT)["statusCode"] == 401


@pytest.mark.parametrize("act", [view, edit, delete])
@pytest.mark.parametrize("student_id", ["email%23grace@example.com", "email#grace@example.com"])
def test_an_address_is_never_taken_for_a_student(
    act: Callable[..., tuple[int, Any]], student_id: str
) -> None:
    create()
    assert act(student_id)[0] == 404
    assert len(items()) == 2


def test_lists_are_newest_first_in_full_pages() -> None:
    made = [create(email=f"{number}@example.com")["studentId"] for number in range(5)]
    for number, student_id in enumerate(
        made
    ):  # created in the same millisecond, they have no order
        order = f"2026-05-01T10:00:00.00{number}Z#{student_id}"
        Student(student_id).update([Student.list_order.set(order)])
    for query in ({}, {"hasPicture": "false"}):
        _, first = page(limit="2", **query)
        _, second = page(limit="2", cursor=first["nextCursor"], **query)
        _, third = page(limit="2", cursor=second["nextCursor"], **query)
        seen = [[item["studentId"] for item in got["items"]] for got in (first, second, third)]
        assert seen == [made[4:2:-1], made[2:0:-1], made[:1]]
        assert third["nextCursor"] is None
    assert page(hasPicture="true") == (200, {"items": [], "nextCursor": None})
    assert page(limit="5")[1]["nextCursor"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"hasPicture": "perhaps"}, "hasPicture"),
        ({"cursor": "made up"}, "cursor"),
    ],
)
def test_a_wrong_query_is_400(query: dict[str, str], field: str) -> None:
    status, body = page(**query)
    assert (status, body["fields"][0]["field"]) == (400, field)


def test_no_personal_text_is_logged(output: Callable[[], str]) -> None:
    student_id = create()["studentId"]
    edit(student_id, name="Hopper", email="hopper@example.com")
    call(create_student, body=GRACE | {"email": "not an address"})
    delete(student_id)
    written = output()
    for text in ("Hopper", "example.com", "Compilers", "not an address"):
        assert text not in written
