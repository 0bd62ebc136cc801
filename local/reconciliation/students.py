"""The students table: lists, shown pictures, and the items that keep e-mail addresses unique."""

from __future__ import annotations

from typing import Any

from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from local.reconciliation.differences import Difference, Kind, Page, Rules
from photodrop import keys
from photodrop.aws.tables import (
    ALL_STUDENTS,
    PHOTO_ROW,
    WITH_PICTURE,
    WITHOUT_PICTURE,
    EmailLock,
    Photo,
    Student,
)
from photodrop.aws.tables.connection import CONNECTION, write_if
from photodrop.domain import student_pictures
from photodrop.status import Status

PAGE = 200
LOCK = "email#"
"""How the keys of the items begin that keep e-mail addresses unique."""


class Students:
    """Each student, and each item of an e-mail address."""

    name = "students"

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def read_page(self, position: Any) -> Page:
        """Scan a page of the table, and read what its items point to."""
        found = Student.scan(limit=PAGE, page_size=PAGE, last_evaluated_key=position)
        keys_of_items = [str(item.student_id) for item in found]
        suspects = [key for key in keys_of_items if self.examine(key)]
        return Page(suspects, found.last_evaluated_key, len(keys_of_items))

    def examine(self, suspect: str) -> list[Difference]:
        """Read one item again, and what it points to."""
        if suspect.startswith(LOCK):
            return _compare_lock(suspect)
        student = _find(suspect)
        if student is None:
            return []
        if student.is_deleting:
            return self._compare_deletion(student)
        return [*_compare_lists(student), *_compare_email(student), *_compare_picture(student)]

    def _compare_deletion(self, student: Student) -> list[Difference]:
        if self.rules.is_recent(student.updated_at):
            return []
        return [
            Difference(
                Kind.STUDENT_NOT_DELETED,
                student.student_id,
                "The student's deletion was begun, and never finished.",
                lambda: _delete(student),
            )
        ]


def _compare_lists(student: Student) -> list[Difference]:
    picture_list = WITHOUT_PICTURE if student.picture is None else WITH_PICTURE
    order = f"{student.created_at}#{student.student_id}"
    found = (student.student_list, student.picture_list, student.list_order)
    if found == (ALL_STUDENTS, picture_list, order):
        return []
    actions: list[Action] = [
        Student.student_list.set(ALL_STUDENTS),
        Student.picture_list.set(picture_list),
        Student.list_order.set(order),
    ]
    return [
        Difference(
            Kind.STUDENT_LISTS_DIFFER,
            student.student_id,
            "The student is in lists that do not fit the record.",
            lambda: write_if(lambda: student.update(actions, _as_read(student))),
        )
    ]


def _compare_email(student: Student) -> list[Difference]:
    """Compare a student's e-mail address with the item that keeps it unique."""
    lock = EmailLock(f"{LOCK}{student.email}", taken_by=student.student_id)
    taken_by = _taken_by(lock.lock)
    if taken_by == student.student_id or _has_changed(student):
        return []

    def write() -> None:
        with TransactWrite(connection=CONNECTION) as transaction:
            transaction.condition_check(Student, student.student_id, condition=_as_read(student))
            transaction.save(lock, EmailLock.lock.does_not_exist())

    return [
        Difference(
            Kind.EMAIL_LOCK_DIFFERS,
            student.student_id,
            "Another student has this e-mail address, too."
            if taken_by
            else "Nothing keeps the student's e-mail address unique.",
            None if taken_by else lambda: write_if(write),
        )
    ]


def _compare_lock(key: str) -> list[Difference]:
    """Compare the item of an e-mail address with the student that it names."""
    taken_by = _taken_by(key)
    if taken_by is None:
        return []
    email, student = key.removeprefix(LOCK), _find(taken_by)
    if student and student.email == email and not student.is_deleting:
        return []
    if taken_by != _taken_by(key):
        return []  # the student was edited meanwhile

    def write() -> None:
        with TransactWrite(connection=CONNECTION) as transaction:
            gone = Student.student_id.does_not_exist() | Student.is_deleting.exists()
            free = gone | (Student.email != email)
            transaction.condition_check(Student, taken_by, condition=free)
            transaction.delete(EmailLock(key), EmailLock.taken_by == taken_by)

    return [
        Difference(
            Kind.EMAIL_LOCK_DIFFERS,
            taken_by,
            "An e-mail address is kept for this student, who does not have it.",
            lambda: write_if(write),
        )
    ]


def _compare_picture(student: Student) -> list[Difference]:
    """Compare the picture that is shown with the photo that it is."""
    if student.picture is None:
        return []
    photo_id = keys.picture_id(student.student_id, int(student.settled_version))
    try:
        photo = Photo.get(photo_id, PHOTO_ROW, consistent_read=True)
        shown = student.picture.object_version_id
        if photo.status == Status.COMPLETED and photo.version_id == shown:
            return []
    except Photo.DoesNotExist:
        pass
    if _has_changed(student):
        return []
    actions: list[Action] = [Student.picture.remove(), Student.picture_list.set(WITHOUT_PICTURE)]
    return [
        Difference(
            Kind.SHOWN_PICTURE_MISSING,
            student.student_id,
            f"Version {int(student.settled_version)} of the picture is shown, and is no photo.",
            lambda: write_if(lambda: student.update(actions, _as_read(student))),
        )
    ]


def _find(student_id: str) -> Student | None:
    try:
        return Student.get(student_id, consistent_read=True)
    except Student.DoesNotExist:
        return None


def _taken_by(key: str) -> str | None:
    try:
        return str(EmailLock.get(key, consistent_read=True).taken_by)
    except EmailLock.DoesNotExist:
        return None


def _has_changed(student: Student) -> bool:
    """Tell whether a student was changed since the record was read, or is gone."""
    latest = _find(student.student_id)
    return latest is None or latest.serialize() != student.serialize()


def _as_read(student: Student) -> Any:
    """Return the condition that nobody has changed a student since."""
    return (
        (Student.updated_at == student.updated_at)
        & (Student.email == student.email)
        & (Student.settled_version == student.settled_version)
        & Student.is_deleting.does_not_exist()
    )


def _delete(student: Student) -> bool:
    student_pictures.delete_student(student)
    return True
