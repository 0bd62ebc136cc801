"""Students: their records, and the status of their pictures.

`permissions` says who may do what.
"""

import uuid
from collections.abc import Iterable

from photodrop import keys
from photodrop.aws.signing import SignedUrl
from photodrop.aws.tables import (
    ALL_STUDENTS,
    PHOTO_ROW,
    WITH_PICTURE,
    WITHOUT_PICTURE,
    Photo,
    Student,
)
from photodrop.clock import now_iso
from photodrop.domain import links, paging, permissions
from photodrop.domain.callers import Caller
from photodrop.domain.paging import Page
from photodrop.domain.permissions import Action
from photodrop.errors import (
    EmailTakenError,
    PictureNotFoundError,
    PictureNotReadyError,
    StudentNotFoundError,
)
from photodrop.status import Status

_LISTS = {
    None: (Student.by_created, ALL_STUDENTS),
    True: (Student.by_picture, WITH_PICTURE),
    False: (Student.by_picture, WITHOUT_PICTURE),
}
"""The index and the partition, for all students and for those with and without a picture."""


def create(caller: Caller, *, name: str, email: str, course: str) -> Student:
    """Record a new student. Raises ForbiddenError, EmailTakenError."""
    permissions.require_staff(caller)
    created_at = now_iso()
    student = Student(
        str(uuid.uuid4()),
        name=name,
        email=email,
        course=course,
        created_at=created_at,
        updated_at=created_at,
    )
    if not student.create():
        raise EmailTakenError
    return student


def edit(caller: Caller, student_id: str, *, name: str, email: str, course: str) -> Student:
    """Change a student. Raises StudentNotFoundError, ForbiddenError, EmailTakenError."""
    student = permissions.find_student(caller, student_id, Action.CHANGE_STUDENT)
    try:
        if not student.edit(name=name, email=email, course=course):
            raise EmailTakenError
    except Student.DoesNotExist:
        raise StudentNotFoundError from None
    return student


def list_students(
    caller: Caller, *, has_picture: bool | None, limit: int, cursor: str | None
) -> Page[Student]:
    """Return one page of all students, or of those with or without a picture, newest first.

    One Query, which reads only what it returns. Raises ForbiddenError, and InvalidRequestError for
    a cursor that no list returned.
    """
    permissions.require_staff(caller)
    index, partition = _LISTS[has_picture]
    return paging.query_newest(index, [partition], Student.list_order, limit=limit, cursor=cursor)


def sign_picture(student: Student) -> SignedUrl:
    """Sign a GET of the picture that is shown, in the version that was verified.

    If none is shown, raises PictureNotReadyError if there is an upload, else PictureNotFoundError.
    """
    if student.picture is None:
        upload = find_newer_uploads([student]).get(student.student_id)
        if upload is None:
            raise PictureNotFoundError
        raise PictureNotReadyError(f"The picture cannot be viewed: it is {upload_status(upload)}.")
    return links.sign_original(
        keys.picture(student.student_id, int(student.settled_version)),
        student.picture.object_version_id,
        content_type="image/jpeg",
        disposition=links.content_disposition("inline", "picture.jpg"),
    )


def picture_key(student: Student) -> str | None:
    """Return the key of the picture that is shown.

    If none is shown yet, return the key of the latest upload, or of the first one to come. None
    after the picture was deleted, until another upload is granted.
    """
    if student.picture is not None:
        version = student.settled_version
    elif student.upload_version > student.settled_version:
        version = student.upload_version
    elif student.upload_version == 0:
        version = 1
    else:
        return None
    return keys.picture(student.student_id, int(version))


def find_newer_uploads(students: Iterable[Student]) -> dict[str, Photo]:
    """Return the latest uploads that are newer than the shown pictures, by student id."""
    wanted = [
        (keys.picture_id(student.student_id, int(student.upload_version)), PHOTO_ROW)
        for student in students
        if student.upload_version > student.settled_version
    ]
    if not wanted:
        return {}
    found = Photo.batch_get(wanted, consistent_read=True)
    return {photo.student_id: photo for photo in found if photo.student_id}


def upload_status(upload: Photo) -> Status:
    """Return the status of a picture's upload, which is completed only once it is shown."""
    status = Status(upload.status)
    return Status.PROCESSING if status == Status.COMPLETED else status
