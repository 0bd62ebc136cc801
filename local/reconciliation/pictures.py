"""Whether each completed version of a student's picture is the one that is shown."""

from __future__ import annotations

from collections.abc import Iterator

from local.reconciliation.differences import Difference, Kind, Rules
from photodrop.aws.tables import Photo, Student
from photodrop.domain import photo_deletion, student_pictures
from photodrop.status import Status


def compare(photo: Photo, rules: Rules) -> Iterator[Difference]:
    """Compare a version of a picture with the student's record."""
    if photo.student_id is None or rules.is_recent(photo.updated_at):
        return
    try:
        student = Student.get(photo.student_id, consistent_read=True)
    except Student.DoesNotExist:
        yield Difference(
            Kind.PICTURE_WITHOUT_STUDENT,
            photo.photo_id,
            "Its student does not exist.",
            lambda: _delete(photo),
        )
        return
    if student.is_deleting or photo.status != Status.COMPLETED:
        return
    if student.picture is None or student.settled_version != photo.picture_version:
        yield Difference(
            Kind.PICTURE_NOT_SHOWN,
            photo.photo_id,
            "This version is completed, and neither shown nor deleted.",
            lambda: _show(photo),
        )


def _delete(photo: Photo) -> bool:
    photo_deletion.delete(photo)
    return True


def _show(photo: Photo) -> bool:
    """Show the version, or delete it if it is outdated, as its last message should have done."""
    photo.reload()
    student_pictures.show(photo)
    return True
