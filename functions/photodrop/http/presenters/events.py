"""Events and their attendees, as members see them."""

from photodrop.domain.paging import Page
from photodrop.domain.records import Attendee, Event
from photodrop.http.schemas.events import AttendeeDetails, AttendeePage, EventDetails, EventPage


def present(event: Event) -> EventDetails:
    """Return what a member of the event sees."""
    return EventDetails.model_validate(event, from_attributes=True)


def present_page(page: Page[Event]) -> EventPage:
    """Return one page of a list."""
    return EventPage(items=[present(event) for event in page.items], next_cursor=page.next_cursor)


def present_attendee(attendee: Attendee) -> AttendeeDetails:
    """Return what the organizer sees of an attendee."""
    return AttendeeDetails.model_validate(attendee, from_attributes=True)


def present_attendees(page: Page[Attendee]) -> AttendeePage:
    """Return one page of a list."""
    items = [present_attendee(attendee) for attendee in page.items]
    return AttendeePage(items=items, next_cursor=page.next_cursor)
