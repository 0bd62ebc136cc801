"""Students, as staff and they themselves see them."""

from photodrop.domain import students
from photodrop.domain.paging import Page
from photodrop.domain.records import Photo, Student
from photodrop.http.presenters.photos import present_failure, present_thumbnails
from photodrop.http.schemas.students import (
    Picture,
    PictureReplacement,
    StudentDetails,
    StudentPage,
)
from photodrop.status import Status


def present(student: Student) -> StudentDetails:
    """Return what a viewer of the student sees, with the picture's thumbnails signed."""
    return _present_all([student])[0]


def present_page(page: Page[Student]) -> StudentPage:
    """Return one page of a list."""
    return StudentPage(items=_present_all(page.items), next_cursor=page.next_cursor)


def _present_all(found: list[Student]) -> list[StudentDetails]:
    """Present students. The newer uploads of all of them are read in one request."""
    uploads = students.find_newer_uploads(found)
    return [_present(student, uploads.get(student.student_id)) for student in found]


def _present(student: Student, upload: Photo | None) -> StudentDetails:
    key = students.picture_key(student)
    return StudentDetails(
        student_id=student.student_id,
        name=student.name,
        email=student.email,
        course=student.course,
        picture_key=key,
        picture=_picture(student, key, upload),
        created_at=student.created_at,
        updated_at=student.updated_at,
    )


def _picture(student: Student, key: str | None, upload: Photo | None) -> Picture | None:
    if student.picture is not None and key:
        return Picture(
            status=Status.COMPLETED,
            failure=None,
            thumbnails=present_thumbnails(key, student.picture.thumbnails),
            replacement=_replacement(upload),
        )
    if upload is None:
        return None
    return Picture(
        status=students.upload_status(upload),
        failure=present_failure(upload.failure),
        thumbnails=[],
        replacement=None,
    )


def _replacement(upload: Photo | None) -> PictureReplacement | None:
    if upload is None:
        return None
    return PictureReplacement(
        picture_key=upload.key,
        status=students.upload_status(upload),
        failure=present_failure(upload.failure),
    )
