"""Events, and who attends them."""

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from photodrop.config import settings

EVENT_ROW = "event"
ATTENDEE_ROWS = "attendee#"
"""What the rows of attendees begin with."""


def organizer_member(user_id: str) -> str:
    """Return the partition of the list of events that a user organizes."""
    return f"organizer#{user_id}"


def attendee_row(email: str) -> str:
    """Return the row of an attendee; it is also the partition of the list of what they attend."""
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
        region = settings().region

    event_id = UnicodeAttribute(hash_key=True, attr_name="eventId")
    row = UnicodeAttribute(range_key=True, default=EVENT_ROW)
    by_member = ByMember()
    member = UnicodeAttribute(null=True)
    """None while it is being deleted: then it is in nobody's list."""
    list_order = UnicodeAttribute(attr_name="listOrder")
    name = UnicodeAttribute()
    description = UnicodeAttribute(null=True)
    starts_at = UnicodeAttribute(attr_name="startsAt", null=True)
    organizer_id = UnicodeAttribute(attr_name="organizerId")
    created_at = UnicodeAttribute(attr_name="createdAt")
    photos_become = UnicodeAttribute(attr_name="photosBecome", null=True)
    """While it is being deleted: whether its photos are "kept" or "deleted"."""


class Attendee(Model):
    """Somebody who attends an event, known by an e-mail in lower case."""

    class Meta:
        table_name = settings().events_table
        region = settings().region

    event_id = UnicodeAttribute(hash_key=True, attr_name="eventId")
    row = UnicodeAttribute(range_key=True)
    member = UnicodeAttribute()
    list_order = UnicodeAttribute(attr_name="listOrder")
    """That of the event, so that the two lists of a user's events can be merged."""
    email = UnicodeAttribute()
    registered_at = UnicodeAttribute(attr_name="registeredAt")
