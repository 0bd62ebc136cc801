"""Students: their records, and describing them to those who may see them.

Staff may do everything. A student whose verified e-mail address is the record's may see it, and
replace their picture.
"""

import uuid
from collections.abc import Iterable

from photodrop import cursors, keys
from photodrop.access import Caller
from photodrop.errors import (
    EmailTakenError,
    ForbiddenError,
    PictureNotFoundError,
    PictureNotReadyError,
    StudentNotFoundError,
)
from photodrop.library import (
    content_disposition,
    failure,
    sign_original,
    signed_thumbnails,
)
from photodrop.models import (
    ALL_STUDENTS,
    PHOTO_ROW,
    WITH_PICTURE,
    WITHOUT_PICTURE,
    Photo,
    Student,
    now_iso,
)
from photodrop.schemas import (
    Picture,
    PictureReplacement,
    StudentDetails,
    StudentPage,
    ViewUrl,
    WriteStudent,
)
from photodrop.status import Status

"""No other key of the table is looked up for a client: the others are e-mail addresses."""

_LISTS = {
    None: (Student.by_created, "studentList", ALL_STUDENTS),
    True: (Student.by_picture, "pictureList", WITH_PICTURE),
    False: (Student.by_picture, "pictureList", WITHOUT_PICTURE),
}
"""The index, its hash key and the partition, by whether a picture is asked for."""


def create(caller: Caller, wish: WriteStudent) -> Student:
    """Record a new student. Raises ForbiddenError, EmailTakenError."""
    _require_staff(caller)
    created_at = now_iso()
    student = Student(
        str(uuid.uuid4()),
        name=wish.name,
        email=wish.email,
        course=wish.course,
        created_at=created_at,
        updated_at=created_at,
    )
    if not student.create():
        raise EmailTakenError
    return student


def edit(caller: Caller, student_id: str, wish: WriteStudent) -> Student:
    """Change a student. Raises StudentNotFoundError, ForbiddenError, EmailTakenError."""
    student = find_for_staff(caller, student_id)
    try:
        if not student.edit(name=wish.name, email=wish.email, course=wish.course):
            raise EmailTakenError
    except Student.DoesNotExist:
        raise StudentNotFoundError from None
    return student


def find(caller: Caller, student_id: str) -> Student:
    """Return a student that the caller may see: themselves, or any for staff.

    Raises StudentNotFoundError for all others, whether they exist or not.
    """
    student = _find(caller, student_id)
    if student.is_closed:
        raise StudentNotFoundError
    return student


def find_for_staff(caller: Caller, student_id: str) -> Student:
    """Return a student whom the caller may change in every way.

    Raises StudentNotFoundError, or ForbiddenError to students themselves.
    """
    student = find(caller, student_id)
    _require_staff(caller)
    return student


def find_to_delete(caller: Caller, student_id: str) -> Student:
    """Return a student whom the caller may delete, also when that was begun before.

    Raises StudentNotFoundError, or ForbiddenError to students themselves.
    """
    student = _find(caller, student_id)
    _require_staff(caller)
    return student


def list_students(
    caller: Caller, *, has_picture: bool | None, limit: int, cursor: str | None
) -> StudentPage:
    """Return one page of all students, or of those with or without a picture, newest first.

    One Query, which reads just what it returns. Raises ForbiddenError, and InvalidRequestError for
    a cursor that no list gave out.
    """
    _require_staff(caller)
    index, hash_key, partition = _LISTS[has_picture]
    start = None
    if cursor:
        order = cursors.decode(cursor)
        start = {
            hash_key: {"S": partition},
            "listOrder": {"S": order},
            "studentId": {"S": order.partition("#")[2]},
        }
    # One more than asked for: it tells whether there is a next page.
    found = list(
        index.query(partition, scan_index_forward=False, limit=limit + 1, last_evaluated_key=start)
    )
    page = found[:limit]
    return StudentPage(
        items=describe_all(page),
        next_cursor=cursors.encode(page[-1].list_order) if len(found) > limit else None,
    )


def describe(student: Student) -> StudentDetails:
    """Return what a viewer of the student sees, with the picture's thumbnails signed."""
    return describe_all([student])[0]


def describe_all(students: list[Student]) -> list[StudentDetails]:
    """Describe students, all their unfinished uploads read at once."""
    uploads = _unfinished_uploads(students)
    return [_describe(student, uploads.get(student.student_id)) for student in students]


def view_url(student: Student) -> ViewUrl:
    """Sign a GET of the picture that is shown, in the version that was verified.

    Raises PictureNotReadyError while there is none yet, PictureNotFoundError when none is coming.
    """
    if student.picture is None:
        upload = _unfinished_uploads([student]).get(student.student_id)
        if upload is None:
            raise PictureNotFoundError
        raise PictureNotReadyError(f"The picture cannot be viewed: it is {_status(upload)}.")
    return sign_original(
        keys.picture(student.student_id, int(student.settled_version)),
        student.picture.object_version_id,
        content_type="image/jpeg",
        disposition=content_disposition("inline", "picture.jpg"),
    )


def picture_key(student: Student) -> str | None:
    """Return the key of the picture that is shown.

    Before there is one, the key that is to be uploaded to: of the last grant, or of the first one
    to come. None after the picture was deleted, until the next grant.
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


def _describe(student: Student, upload: Photo | None) -> StudentDetails:
    picture = None
    key = picture_key(student)
    if student.picture is not None and key:
        picture = Picture(
            status=Status.COMPLETED,
            failure=None,
            thumbnails=signed_thumbnails(key, student.picture.thumbnails),
            replacement=_replacement(upload),
        )
    elif upload is not None:
        picture = Picture(
            status=_status(upload), failure=failure(upload), thumbnails=[], replacement=None
        )
    return StudentDetails(
        student_id=student.student_id,
        name=student.name,
        email=student.email,
        course=student.course,
        picture_key=key,
        picture=picture,
        created_at=student.created_at,
        updated_at=student.updated_at,
    )


def _replacement(upload: Photo | None) -> PictureReplacement | None:
    if upload is None:
        return None
    return PictureReplacement(
        picture_key=upload.key, status=_status(upload), failure=failure(upload)
    )


def _unfinished_uploads(students: Iterable[Student]) -> dict[str, Photo]:
    """Return the newest uploads that are not shown (yet), by student id."""
    wanted = [
        (keys.picture_id(student.student_id, int(student.upload_version)), PHOTO_ROW)
        for student in students
        if student.upload_version > student.settled_version
    ]
    if not wanted:
        return {}
    found = Photo.batch_get(wanted, consistent_read=True)
    return {photo.student_id: photo for photo in found if photo.student_id}


def _status(upload: Photo) -> Status:
    """Return where an upload stands. It is completed once it is shown: until then, in work."""
    status = Status(upload.status)
    return Status.PROCESSING if status == Status.COMPLETED else status


def _find(caller: Caller, student_id: str) -> Student:
    if not keys.is_id(student_id):
        raise StudentNotFoundError
    try:
        # Consistent: who has just replaced a picture must not be shown the old one.
        student = Student.get(student_id, consistent_read=True)
    except Student.DoesNotExist:
        raise StudentNotFoundError from None
    if not (caller.is_staff or caller.email == student.email):
        raise StudentNotFoundError
    return student


def _require_staff(caller: Caller) -> None:
    if not caller.is_staff:
        raise ForbiddenError("Only staff may do this.")
