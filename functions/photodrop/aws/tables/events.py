"""Events and their attendees."""

from pynamodb.attributes import UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from photodrop.config import settings

EVENT_ROW = "event"
ATTENDEE_ROWS = "attendee#"
"""The prefix of the rows of attendees."""


def organizer_member(user_id: str) -> str:
    """Return the partition of the list of events that a user organizes."""
    return f"organizer#{user_id}"


def attendee_row(email: str) -> str:
    """Return the row of an attendee, which is also the partition of their list of events."""
    return f"{ATTENDEE_ROWS}{email}"


class ByMember(GlobalSecondaryIndex["Event"]):
    """The events of an organizer or of an attendee, in order of the events' creation."""

    class Meta:
        index_name = "byMember"
        projection = KeysOnlyProjection()

    member = UnicodeAttribute(hash_key=True)
    list_order = UnicodeAttribute(range_key=True, attr_name="listOrder")


class Event(Model):
    """One event. Its attendees are further rows of the same partition."""

    class Meta:
        table_name = settings().events_table

    event_id = UnicodeAttribute(hash_key=True, attr_name="eventId")
    row = UnicodeAttribute(range_key=True, default=EVENT_ROW)
    by_member = ByMember()
    member = UnicodeAttribute(null=True)
    """None while the event is being deleted, so that nobody's list has it."""
    list_order = UnicodeAttribute(attr_name="listOrder")
    name = UnicodeAttribute()
    description = UnicodeAttribute(null=True)
    starts_at = UnicodeAttribute(attr_name="startsAt", null=True)
    organizer_id = UnicodeAttribute(attr_name="organizerId")
    created_at = UnicodeAttribute(attr_name="createdAt")
    photos_become = UnicodeAttribute(attr_name="photosBecome", null=True)
    """Whether its photos are "kept" or "deleted". Set only while the event is being deleted."""

    @property
    def is_deleting(self) -> bool:
        """Whether the event is being deleted: then nobody sees it any more."""
        return self.photos_become is not None

    @classmethod
    def is_kept(cls) -> Condition:
        """Return the condition that the event exists and is not being deleted."""
        is_kept: Condition = cls.row.exists() & cls.photos_become.does_not_exist()
        return is_kept


class Attendee(Model):
    """Somebody who attends an event, known by an e-mail in lower case."""

    class Meta:
        table_name = settings().events_table

    event_id = UnicodeAttribute(hash_key=True, attr_name="eventId")
    row = UnicodeAttribute(range_key=True)
    member = UnicodeAttribute()
    list_order = UnicodeAttribute(attr_name="listOrder")
    """The `list_order` of the event, so that the two lists of a user's events can be merged."""
    email = UnicodeAttribute()
    registered_at = UnicodeAttribute(attr_name="registeredAt")
