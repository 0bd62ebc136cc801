"""Who may do what to a photo or a student: the table `ALLOWED`, and the functions that apply it.

`find_photo_to_delete`, for example, decides who may delete a photo. For events see `membership`.
For what a caller may not see, they get the same error as for an id that does not exist. For what
they may see but not change, they get ForbiddenError.
"""

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType

from photodrop import keys
from photodrop.aws.tables import PHOTO_ROW, TOMBSTONE_ROW, Photo, Student, Tombstone
from photodrop.domain import membership
from photodrop.domain.callers import Caller
from photodrop.errors import (
    ForbiddenError,
    PhotoNotFoundError,
    StudentNotFoundError,
    UploadNotFoundError,
)


class Role(Enum):
    """The relation of a caller to a photo or a student."""

    OWNER = auto()
    """Uploaded the photo."""
    ORGANIZER = auto()
    """Organizes the event of the photo."""
    ATTENDEE = auto()
    """Attends the event of the photo."""
    SUBJECT = auto()
    """Is the student: has verified the e-mail address of the record."""
    STAFF = auto()
    """Belongs to the group `staff`."""


class Action(Enum):
    """What can be done. Whoever may not view something gets 404 for all other actions, not 403."""

    VIEW_PHOTO = auto()
    CHANGE_PHOTO = auto()
    DELETE_PHOTO = auto()
    RESTORE_PHOTO = auto()
    RETRY_PHOTO = auto()
    LIST_PHOTOS_OF_USER = auto()
    VIEW_STUDENT = auto()
    CHANGE_STUDENT = auto()


ALLOWED: Mapping[Action, frozenset[Role]] = MappingProxyType(
    {
        Action.VIEW_PHOTO: frozenset({Role.OWNER, Role.ORGANIZER, Role.ATTENDEE, Role.STAFF}),
        Action.CHANGE_PHOTO: frozenset({Role.OWNER}),
        Action.DELETE_PHOTO: frozenset({Role.OWNER, Role.ORGANIZER}),
        Action.RESTORE_PHOTO: frozenset({Role.OWNER, Role.STAFF}),  # it costs money
        Action.RETRY_PHOTO: frozenset({Role.STAFF}),
        Action.LIST_PHOTOS_OF_USER: frozenset({Role.OWNER, Role.STAFF}),
        Action.VIEW_STUDENT: frozenset({Role.SUBJECT, Role.STAFF}),  # and replace their picture
        Action.CHANGE_STUDENT: frozenset({Role.STAFF}),
    }
)

_REFUSALS: Mapping[Action, str] = MappingProxyType(
    {
        Action.CHANGE_PHOTO: "Only its owner may change a photo.",
        Action.DELETE_PHOTO: "Only its owner or the organizer of its event may delete a photo.",
        Action.RESTORE_PHOTO: "Only its owner or staff may restore a photo.",
        Action.RETRY_PHOTO: "Only staff may do this.",
        Action.LIST_PHOTOS_OF_USER: "Only staff may list other users' photos.",
        Action.CHANGE_STUDENT: "Only staff may do this.",
    }
)


def find_photo(caller: Caller, photo_id: str, action: Action = Action.VIEW_PHOTO) -> Photo:
    """Return a photo if the caller may do `action` to it.

    Raises PhotoNotFoundError if they may not see it or it does not exist, and ForbiddenError if
    they may only see it.
    """
    if not keys.is_id(photo_id):
        raise PhotoNotFoundError
    try:
        photo = Photo.get(photo_id, PHOTO_ROW)
    except Photo.DoesNotExist:
        raise PhotoNotFoundError from None
    if photo.owner_id is None:  # it is a student's picture, which has routes of its own
        raise PhotoNotFoundError
    _require_allowed(caller, photo, action)
    return photo


def find_photo_to_delete(caller: Caller, photo_id: str) -> Photo | None:
    """Return a photo if the caller may delete it, or None if it is deleted already.

    Raises PhotoNotFoundError and ForbiddenError as `find_photo` does.
    """
    try:
        return find_photo(caller, photo_id, Action.DELETE_PHOTO)
    except PhotoNotFoundError:
        if not keys.is_id(photo_id) or not _was_deletable(caller, photo_id):
            raise
        return None


def find_photo_to_retry(caller: Caller, photo_id: str) -> Photo:
    """Return a photo or a student's picture if the caller may retry it.

    Raises PhotoNotFoundError, and ForbiddenError for callers who may only see it.
    """
    if not caller.is_staff:
        find_photo(caller, photo_id, Action.RETRY_PHOTO)
    if not keys.is_photo_id(photo_id):
        raise PhotoNotFoundError
    try:
        return Photo.get(photo_id, PHOTO_ROW, consistent_read=True)
    except Photo.DoesNotExist:
        raise PhotoNotFoundError from None


def find_upload(caller: Caller, key: str) -> Photo:
    """Return the caller's own photo whose file is uploaded to `key`.

    Raises UploadNotFoundError if there is none, or it is somebody else's.
    """
    photo = Photo.find_by_key(key)
    if photo is None or photo.owner_id != caller.user_id:
        raise UploadNotFoundError
    return photo


def find_student(
    caller: Caller,
    student_id: str,
    action: Action = Action.VIEW_STUDENT,
    *,
    include_deleted: bool = False,
) -> Student:
    """Return a student if the caller may do `action` to them.

    With `include_deleted`, also a student whose deletion has begun. Raises StudentNotFoundError if
    the caller may not see them or they do not exist, and ForbiddenError if they may only see them.
    """
    if not keys.is_id(student_id):
        # The table also has rows of e-mail addresses, which clients must not look up.
        raise StudentNotFoundError
    try:
        # A consistent read: whoever has just replaced a picture must see the new one.
        student = Student.get(student_id, consistent_read=True)
    except Student.DoesNotExist:
        raise StudentNotFoundError from None
    roles = _staff_role(caller) | ({Role.SUBJECT} if caller.email == student.email else set())
    if not roles & ALLOWED[Action.VIEW_STUDENT] or (student.is_deleting and not include_deleted):
        raise StudentNotFoundError
    if not roles & ALLOWED[action]:
        raise ForbiddenError(_REFUSALS[action])
    return student


def require_staff(caller: Caller) -> None:
    """Raise ForbiddenError unless the caller belongs to the staff."""
    if not caller.is_staff:
        raise ForbiddenError("Only staff may do this.")


def require_listing_allowed(caller: Caller, user_id: str) -> None:
    """Raise ForbiddenError unless the caller may list this user's photos."""
    roles = _staff_role(caller) | ({Role.OWNER} if user_id == caller.user_id else set())
    if not roles & ALLOWED[Action.LIST_PHOTOS_OF_USER]:
        raise ForbiddenError(_REFUSALS[Action.LIST_PHOTOS_OF_USER])


def _require_allowed(caller: Caller, photo: Photo | Tombstone, action: Action) -> None:
    roles = _staff_role(caller) | ({Role.OWNER} if photo.owner_id == caller.user_id else set())
    if roles & ALLOWED[action]:
        return  # without reading the event
    roles |= _roles_at_event(caller, photo.event_id)
    if not roles & ALLOWED[Action.VIEW_PHOTO]:
        raise PhotoNotFoundError
    if not roles & ALLOWED[action]:
        raise ForbiddenError(_REFUSALS[action])


def _staff_role(caller: Caller) -> set[Role]:
    return {Role.STAFF} if caller.is_staff else set()


def _roles_at_event(caller: Caller, event_id: str | None) -> set[Role]:
    found = membership.find_all(caller, [event_id]).get(event_id) if event_id else None
    if found is None:
        return set()
    return {Role.ORGANIZER} if found.is_organizer else {Role.ATTENDEE}


def _was_deletable(caller: Caller, photo_id: str) -> bool:
    """Tell whether a photo was deleted, and the caller could have deleted it."""
    try:
        _require_allowed(caller, Tombstone.get(photo_id, TOMBSTONE_ROW), Action.DELETE_PHOTO)
    except (Tombstone.DoesNotExist, PhotoNotFoundError, ForbiddenError):
        return False
    return True
