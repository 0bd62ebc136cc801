"""Students' pictures: which one is shown, and deleting all others.

Each version of a picture is a photo of its own, at a key of its own. Which one is shown is changed
by one conditional write, and only then the older ones are deleted: a reader gets the old picture or
the new one, whole. Everything here may be cut off anywhere and be done again.
"""

from photodrop import keys
from photodrop.aws import storage
from photodrop.aws.tables import Photo, ShownPicture, Student, student_scope
from photodrop.domain import photos
from photodrop.observability import logger


def show(photo: Photo) -> None:
    """Show a completed picture instead of the older ones, and delete these.

    When a newer one is shown already, or the picture or the student was deleted, delete this one.
    """
    student, version = Student(photo.student_id), int(photo.picture_version)
    picture = ShownPicture(object_version_id=photo.version_id, thumbnails=photo.thumbnails)
    if student.show(version, picture):
        _delete_versions(student.student_id, before=version)
        logger.info("Picture shown")
    else:
        photos.delete(photo)
        logger.info("Picture is no longer wanted")


def delete(student: Student) -> None:
    """Delete a student's picture, and all versions that were granted until now.

    Raises Student.DoesNotExist for a student who was deleted.
    """
    student.remove_picture()
    _delete_versions(student.student_id, before=int(student.settled_version) + 1)


def delete_student(student: Student) -> None:
    """Delete a student: all versions of the picture, and the record.

    The record is marked first: a version that is still on its way is then not shown, and deletes
    itself. The record goes last, so that a deletion that was cut off can be done again.
    """
    try:
        student.begin_deletion()
    except Student.DoesNotExist:
        return  # another call has deleted them
    _delete_versions(student.student_id)
    storage.erase_original(keys.pictures(student.student_id))
    student.delete()


def _delete_versions(student_id: str, before: int | None = None) -> None:
    """Delete all versions of a picture, or those before one."""
    for photo in Photo.by_owner.query(student_scope(student_id)):
        if before is None or photo.picture_version < before:
            photos.delete(photo)
