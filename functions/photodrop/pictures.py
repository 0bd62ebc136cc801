"""Students' pictures: which one is shown, and the end of all others.

Each version of a picture is a photo of its own, at a key of its own. What is shown is swapped by
one conditional write, and only then the older ones are erased: a reader gets the old picture or
the new one, whole. Everything here may be cut off anywhere and be done again.
"""

from photodrop import changes, keys, storage
from photodrop.models import Photo, ShownPicture, Student, student_place
from photodrop.observability import logger


def show(photo: Photo) -> None:
    """Show a completed picture instead of the older ones, and erase these.

    When a newer one is shown already, or the picture or the student was deleted, erase this one.
    """
    student, version = Student(photo.student_id), int(photo.picture_version)
    picture = ShownPicture(object_version_id=photo.version_id, thumbnails=photo.thumbnails)
    if student.show(version, picture):
        _erase(student.student_id, before=version)
        logger.info("Picture shown")
    else:
        changes.delete(photo)
        logger.info("Picture is no longer wanted")


def remove(student: Student) -> None:
    """Remove a student's picture, and everything that was granted until now.

    Raises Student.DoesNotExist for a student who was deleted.
    """
    student.hide_picture()
    _erase(student.student_id, before=int(student.settled_version) + 1)


def remove_student(student: Student) -> None:
    """Delete a student: all pictures, in all versions, and the record.

    The record goes last, so that whatever is cut off can be done again. Before, it is closed: what
    is still on its way then finds no way in, and erases itself.
    """
    try:
        student.close()
    except Student.DoesNotExist:
        return  # somebody else was faster
    _erase(student.student_id)
    storage.erase_original(keys.pictures(student.student_id))
    student.delete()


def _erase(student_id: str, before: int | None = None) -> None:
    """Erase all versions of a picture, or those before one."""
    for photo in Photo.by_owner.query(student_place(student_id)):
        if before is None or photo.picture_version < before:
            changes.delete(photo)
