"""Students' pictures: showing the newest version, and deleting the others.

Each version of a picture is a photo of its own, with a key of its own. One conditional write
changes which version is shown; only after that the older ones are deleted. So every reader gets a
whole picture, the old or the new one. Everything here can be cut off at any point and be repeated.
"""

from photodrop import keys
from photodrop.aws import storage
from photodrop.aws.tables import Photo, ShownPicture, Student, student_scope
from photodrop.domain import photo_deletion
from photodrop.errors import StudentNotFoundError
from photodrop.observability import logger


def show(photo: Photo) -> None:
    """Show a completed version of a picture, and delete the older versions.

    If a newer one is shown already, or the picture or the student was deleted, delete this version.
    """
    student, version = Student(photo.student_id), int(photo.picture_version)
    picture = ShownPicture(object_version_id=photo.version_id, thumbnails=photo.thumbnails)
    if student.show(version, picture):
        _delete_versions(student.student_id, before=version)
        logger.info("Picture shown")
    else:
        photo_deletion.delete(photo)
        logger.info("Picture is outdated")


def delete(student: Student) -> None:
    """Delete a student's picture, and all versions whose upload was granted until now.

    Raises StudentNotFoundError when the student is deleted in the meantime.
    """
    try:
        student.remove_picture()
    except Student.DoesNotExist:
        raise StudentNotFoundError from None
    _delete_versions(student.student_id, before=int(student.settled_version) + 1)


def delete_student(student: Student) -> None:
    """Delete a student: all versions of the picture, and the record.

    The record is marked first, so that a version that lands later is not shown but deleted. The
    record is deleted last, so that a deletion that was cut off can be repeated.
    """
    try:
        student.begin_deletion()
    except Student.DoesNotExist:
        return  # another call has deleted them
    _delete_versions(student.student_id)
    storage.erase_original(keys.pictures(student.student_id))
    student.delete()


def _delete_versions(student_id: str, before: int | None = None) -> None:
    """Delete all versions of a picture, or only those before the version `before`."""
    for photo in Photo.by_owner.query(student_scope(student_id)):
        if before is None or photo.picture_version < before:
            photo_deletion.delete(photo)
