"""Students, their e-mail addresses, and the picture that is shown of each."""

from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from photodrop.aws.tables.connection import (
    CONNECTION,
    failed_conditions,
    write_if,
)
from photodrop.aws.tables.photo_attributes import ThumbnailSize
from photodrop.clock import now_iso
from photodrop.config import settings

ALL_STUDENTS = "student"
WITH_PICTURE, WITHOUT_PICTURE = "picture", "noPicture"


class ShownPicture(MapAttribute[str, Any]):
    """The picture that is shown of a student, so that showing it needs no other read."""

    object_version_id = UnicodeAttribute(attr_name="objectVersionId", null=True)
    thumbnails = ListAttribute(of=ThumbnailSize)


class StudentList(GlobalSecondaryIndex["Student"]):
    """Base of the two lists of students. Each holds whole records, in order of creation."""

    list_order = UnicodeAttribute(range_key=True, attr_name="listOrder")


class ByCreated(StudentList):
    """All students."""

    class Meta:
        index_name = "byCreated"
        projection = AllProjection()

    student_list = UnicodeAttribute(hash_key=True, attr_name="studentList")


class ByPicture(StudentList):
    """Students with a picture and students without."""

    class Meta:
        index_name = "byPicture"
        projection = AllProjection()

    picture_list = UnicodeAttribute(hash_key=True, attr_name="pictureList")


class Student(Model):
    """One student. Details and picture are changed independently, each by a conditional update.

    Versions of the picture are counted from 1, in the order in which uploads were granted. Their
    files may land in any other order. Only a version that is newer than `settled_version` can be
    shown. Older ones are deleted.
    """

    class Meta:
        table_name = settings().students_table

    student_id = UnicodeAttribute(hash_key=True, attr_name="studentId")
    by_created, by_picture = ByCreated(), ByPicture()
    student_list = UnicodeAttribute(attr_name="studentList", null=True)
    picture_list = UnicodeAttribute(attr_name="pictureList", null=True)
    list_order = UnicodeAttribute(attr_name="listOrder")

    name = UnicodeAttribute()
    email = UnicodeAttribute()
    """In lower case. An EmailLock keeps it unique."""
    course = UnicodeAttribute()
    upload_version = NumberAttribute(attr_name="uploadVersion", default=0)
    """The latest version of which an upload was granted; 0 before the first."""
    settled_version = NumberAttribute(attr_name="settledVersion", default=0)
    """The version that is shown. After the picture was deleted: the latest version at that time."""
    is_deleting = BooleanAttribute(attr_name="isDeleting", null=True)
    """Set while the student is being deleted. Then no upload is granted and no picture is shown."""
    picture = ShownPicture(null=True)
    created_at = UnicodeAttribute(attr_name="createdAt")
    updated_at = UnicodeAttribute(attr_name="updatedAt")

    def create(self) -> bool:
        """Write a new student. Returns False when the e-mail address is taken."""
        self.student_list, self.picture_list = ALL_STUDENTS, WITHOUT_PICTURE
        self.list_order = f"{self.created_at}#{self.student_id}"

        def write() -> None:
            with TransactWrite(connection=CONNECTION) as transaction:
                transaction.save(self, Student.student_id.does_not_exist())
                transaction.save(self._lock(self.email), EmailLock.lock.does_not_exist())

        return write_if(write)

    def edit(self, *, name: str, email: str, course: str) -> bool:
        """Change the student's details. Returns False if the e-mail address is taken.

        Raises Student.DoesNotExist for one who was deleted.
        """
        actions: list[Action] = [
            Student.name.set(name),
            Student.email.set(email),
            Student.course.set(course),
            Student.updated_at.set(now_iso()),
        ]

        def write() -> None:
            with TransactWrite(connection=CONNECTION) as transaction:
                as_read = (Student.email == self.email) & _is_not_deleting()
                transaction.update(self, actions, as_read)
                if email != self.email:
                    transaction.save(self._lock(email), EmailLock.lock.does_not_exist())
                    transaction.delete(self._lock(self.email))

        while refused := failed_conditions(write):
            # PynamoDB writes deletions first, then puts, then updates. So 1 is the new lock.
            if refused == [1]:
                return False
            # Somebody else changed the student in the meantime: change what they wrote.
            self.reload()
        self.reload()
        return True

    def next_upload(self) -> int | None:
        """Return the number of the picture's next version, or None if the student was deleted."""
        if not self._update([Student.upload_version.add(1)], _is_not_deleting()):
            return None
        return int(self.upload_version)

    def show(self, version: int, picture: ShownPicture) -> bool:
        """Show this version, unless a newer one is settled. Returns whether it is shown."""
        actions: list[Action] = [
            Student.picture.set(picture),
            Student.settled_version.set(version),
            Student.picture_list.set(WITH_PICTURE),
            Student.updated_at.set(now_iso()),
        ]
        if self._update(actions, (Student.settled_version < version) & _is_not_deleting()):
            return True
        try:
            self.reload()
        except Student.DoesNotExist:
            return False
        return self.picture is not None and self.settled_version == version

    def remove_picture(self) -> None:
        """Remove the picture, and do not show any version that was granted until now.

        Raises Student.DoesNotExist for one who was deleted.
        """
        while True:
            # Version 1 counts as granted: its key was returned when the student was created.
            latest = max(int(self.upload_version), 1)
            actions: list[Action] = [
                Student.picture.remove(),
                Student.upload_version.set(latest),
                Student.settled_version.set(latest),
                Student.picture_list.set(WITHOUT_PICTURE),
                Student.updated_at.set(now_iso()),
            ]
            as_read = Student.upload_version == self.upload_version
            if self._update(actions, as_read & _is_not_deleting()):
                return
            self.reload()

    def begin_deletion(self) -> None:
        """Remove the student from all lists, free the e-mail address, and show no picture any more.

        Can be repeated. Raises Student.DoesNotExist for one who was deleted.
        """
        actions: list[Action] = [
            Student.picture.remove(),
            Student.is_deleting.set(True),
            Student.updated_at.set(now_iso()),
            Student.student_list.remove(),
            Student.picture_list.remove(),
        ]

        def write() -> None:
            with TransactWrite(connection=CONNECTION) as transaction:
                as_read = (Student.email == self.email) & _is_not_deleting()
                transaction.update(self, actions, as_read)
                transaction.delete(self._lock(self.email))

        while not self.is_deleting and not write_if(write):
            self._read()

    def reload(self) -> None:
        """Read this record again. Raises Student.DoesNotExist for one who is being deleted, too."""
        self._read()
        if self.is_deleting:
            raise Student.DoesNotExist

    def _read(self) -> None:
        latest = Student.get(self.student_id, consistent_read=True)
        self.attribute_values = latest.attribute_values

    def _lock(self, email: str) -> "EmailLock":
        return EmailLock(f"email#{email}", taken_by=self.student_id)

    def _update(self, actions: list[Action], condition: Condition) -> bool:
        return write_if(lambda: self.update(actions, condition))


def _is_not_deleting() -> Condition:
    """Return the condition that the student exists, and is not being deleted.

    Without the first part, an update of a deleted student would write a new record.
    """
    is_not_deleting: Condition = Student.name.exists() & Student.is_deleting.does_not_exist()
    return is_not_deleting


class EmailLock(Model):
    """An e-mail address that a student has.

    It is a row of the students table, with a key that cannot be a student's id. It is written and
    deleted in the transactions that write and delete the student.
    """

    class Meta:
        table_name = settings().students_table

    lock = UnicodeAttribute(hash_key=True, attr_name="studentId")
    taken_by = UnicodeAttribute(attr_name="takenBy")
