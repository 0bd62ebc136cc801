"""The browser app: events, for those who organize them, attend them, and do neither."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.web_app import SETTLED, Person, WebApp, photo_file
from tests.support import pictures
from tests.support.running_stack import assert_is_error, until

Tab = Callable[..., WebApp]


@pytest.fixture(scope="module")
def organizer(new_person: Callable[..., Person]) -> Person:
    """Someone who may create events."""
    return new_person("organizers")


@pytest.fixture(scope="module")
def attendee(person: Person) -> Person:
    """Someone who attends the events of this module."""
    return person


@pytest.fixture
def event(organizer: Person) -> Any:
    """An event that nobody attends yet."""
    wish = {"name": "Garden party", "description": "Bring a blanket."}
    return organizer.client.api.post("/events", json=wish).raise_for_status().json()


@pytest.fixture
def attended(event: Any, organizer: Person, attendee: Person) -> Any:
    """An event that `attendee` attends."""
    path = f"/events/{event['eventId']}/attendees/{attendee.user.email}"
    organizer.client.api.put(path).raise_for_status()
    return event


def add_photo(person: Person, event: Any, title: str, width: int) -> Any:
    """Upload a photo to an event; return it at its end."""
    content = pictures.jpeg(width, 90)
    grant = person.client.initiate(
        f"/events/{event['eventId']}/photos/initiate-upload",
        fileName="party.jpg",
        contentType="image/jpeg",
        sizeBytes=len(content),
        title=title,
    )
    person.client.send(grant["upload"], content).raise_for_status()
    return person.client.wait(grant["photoId"])


def open_attendees(app: WebApp, event: Any) -> Locator:
    """Open the dialog of who attends an event."""
    app.open(f"/events/{event['eventId']}")
    app.button("Attendees").click()
    return app.dialog("Attendees")


def card(app: WebApp, name: str) -> Locator:
    return app.page.get_by_role("main").get_by_role("link").filter(has_text=name)


def test_the_first_event_is_created_and_changed(
    tab: Tab, new_person: Callable[..., Person]
) -> None:
    app = tab(new_person("organizers"))
    app.open("/events")
    expect(app.page.get_by_role("heading", name="Create your first event")).to_be_visible()
    app.button("New event").click()
    dialog = app.dialog("New event")
    dialog.get_by_label("Name").fill("Summer party")
    dialog.get_by_label("Starts").fill("2026-06-20T18:00")
    dialog.get_by_label("Description").fill("Until the lanterns go out.")
    dialog.get_by_role("button", name="Create event").click()
    app.expect_page("Summer party")
    expect(app.page.get_by_text("Until the lanterns go out.")).to_be_visible()
    expect(app.page.get_by_role("main")).to_contain_text("Jun 20, 2026")
    expect(app.page.get_by_role("heading", name="No photos yet")).to_be_visible()

    app.button("Edit event").click()
    dialog = app.dialog("Edit event")
    expect(dialog.get_by_label("Starts")).to_have_value("2026-06-20T18:00")
    dialog.get_by_label("Name").fill("Midsummer party")
    dialog.get_by_role("button", name="Save").click()
    app.expect_page("Midsummer party")
    app.page.get_by_role("link", name="Events").first.click()
    expect(card(app, "Midsummer party")).to_be_visible()


def test_attendees_are_registered_by_pasting_and_removed(
    tab: Tab, organizer: Person, event: Any
) -> None:
    app = tab(organizer)
    dialog = open_attendees(app, event)
    expect(dialog).to_contain_text("Nobody is registered yet.")
    field = dialog.get_by_label("E-mail addresses")
    field.fill("nobody in here")
    dialog.get_by_role("button", name="Register").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is no e-mail address")

    field.fill(
        '"Noor" <noor@example.com>; Omar <OMAR@example.com>,\nnoor@example.com\npia@example.com'
    )
    dialog.get_by_role("button", name="Register 3 people").click()
    app.says("3 attendees registered")
    registered = dialog.get_by_role("list", name="Registered").get_by_role("listitem")
    expect(registered).to_have_count(3)
    expect(registered.filter(has_text="omar@example.com")).to_be_visible()

    dialog.get_by_role("button", name="Remove omar@example.com").click()
    expect(registered).to_have_count(2)
    path = f"/events/{event['eventId']}/attendees"
    listed = organizer.client.api.get(path).raise_for_status().json()["items"]
    assert {one["email"] for one in listed} == {"noor@example.com", "pia@example.com"}


def test_what_is_refused_is_told_for_each_address(tab: Tab, organizer: Person, event: Any) -> None:
    app = tab(organizer)
    app.refused = {"429"}
    app.refuse(
        f"/events/{event['eventId']}/attendees/quinn(@|%40)example.com", 429, "LimitExceeded"
    )
    dialog = open_attendees(app, event)
    dialog.get_by_label("E-mail addresses").fill("quinn@example.com rosa@example.com")
    dialog.get_by_role("button", name="Register 2 people").click()
    app.says("1 attendee registered")
    expect(dialog.get_by_role("alert")).to_contain_text(
        "quinn@example.com: LimitExceeded, in words."
    )
    expect(dialog.get_by_label("E-mail addresses")).to_have_value("quinn@example.com")


def test_who_attends_sees_the_event_and_adds_photos_that_everybody_sees(
    tab: Tab, organizer: Person, attendee: Person, attended: Any, tmp_path: Path
) -> None:
    add_photo(organizer, attended, "Lanterns", 120)
    app = tab(attendee)
    app.open("/events")
    expect(app.button("New event")).to_have_count(0)
    card(app, "Garden party").first.click()
    app.expect_page("Garden party")
    expect(app.button("Attendees")).to_have_count(0)
    expect(app.photos()).to_have_count(1)

    dialog = app.drop(photo_file(tmp_path, "toast.jpg"))
    expect(dialog).to_contain_text("Add to Garden party")
    dialog.get_by_label("Title of toast.jpg").fill("The toast")
    dialog.get_by_role("button", name="Upload 1 file").click()
    expect(app.upload("The toast")).to_contain_text("Done")
    expect(app.photos()).to_have_count(2)

    other = tab(organizer)
    other.open(f"/events/{attended['eventId']}")
    expect(other.photos()).to_have_count(2)
    other.photos().filter(has=other.page.get_by_role("img", name="The toast")).click()
    other.expect_page("The toast")
    expect(other.button("Delete")).to_be_visible()
    expect(other.button("Edit")).to_have_count(0)  # its words are the attendee's own
    other.page.keyboard.press("ArrowRight")
    other.expect_page("Lanterns")
    assert f"/events/{attended['eventId']}/photos/" in other.page.url


def test_what_is_no_address_is_told_and_stays_to_be_put_right(
    tab: Tab, organizer: Person, event: Any
) -> None:
    app = tab(organizer)
    dialog = open_attendees(app, event)
    field, alert = dialog.get_by_label("E-mail addresses"), dialog.get_by_role("alert")
    field.fill("bad@")
    dialog.get_by_role("button", name="Register").click()
    expect(alert).to_have_text("Not an e-mail address: bad@.")
    field.fill("sam@example.com, bad@")
    dialog.get_by_role("button", name="Register").click()
    expect(dialog.get_by_role("list", name="Registered")).to_contain_text("sam@example.com")
    expect(alert).to_have_text("Not an e-mail address: bad@.")
    expect(field).to_have_value("bad@")


def test_news_can_be_read_above_a_dialog(tab: Tab, organizer: Person, event: Any) -> None:
    app = tab(organizer, color_scheme="light")
    dialog = open_attendees(app, event)
    dialog.get_by_label("E-mail addresses").fill("tess@example.com")
    dialog.get_by_role("button", name="Register").click()
    toast = app.page.locator(".toast").filter(has_text="1 attendee registered")
    expect(toast).to_be_visible()
    assert is_in_front(app, toast)
    dialog.get_by_role("button", name="Close").click()
    app.button("Edit event").click()
    expect(app.dialog("Edit event")).to_be_visible()
    assert is_in_front(app, toast)  # also of a dialog that comes later


def is_in_front(app: WebApp, toast: Locator) -> bool:
    """Whether a toast has its own colour: what is behind a dialog is darkened."""
    app.page.evaluate(SETTLED)
    colour = toast.evaluate("toast => getComputedStyle(toast).backgroundColor")
    wanted = tuple(int(number) for number in re.findall(r"\d+", colour))
    shown = Image.open(io.BytesIO(toast.screenshot())).convert("RGB")
    return max(shown.getcolors(1 << 24) or [])[1] == wanted


def test_one_file_goes_to_the_library_and_to_an_event_at_the_same_time(
    tab: Tab, attendee: Person, attended: Any, tmp_path: Path
) -> None:
    app = tab(attendee)
    app.open_photos()
    file = photo_file(tmp_path, "both.jpg")
    with app.holding("*X-Amz-Signature*", method="PUT") as gate:
        app.send(file)
        app.until(lambda: gate.held)
        app.page.get_by_role("link", name="Events").click()
        card(app, "Garden party").first.click()
        app.expect_page("Garden party")
        app.send(file)
        expect(app.upload(file.name)).to_have_count(2)
    tray = app.page.get_by_role("region", name="Uploads")
    expect(tray.get_by_role("heading")).to_have_text("2 files uploaded")
    expect(app.photos().get_by_role("img", name="both")).to_have_count(1)
    app.page.get_by_role("link", name="Photos", exact=True).click()
    app.expect_page("Your photos")
    expect(app.photos().get_by_role("img", name="both")).to_have_count(2)


def test_the_library_shows_what_was_added_to_an_event_meanwhile(
    tab: Tab, attendee: Person, attended: Any, tmp_path: Path
) -> None:
    app = tab(attendee)
    app.open_photos()
    app.page.get_by_role("link", name="Events").click()
    card(app, "Garden party").first.click()
    app.expect_page("Garden party")
    app.send(photo_file(tmp_path, "lantern.jpg"))
    expect(app.upload("lantern.jpg")).to_contain_text("Done")
    lists = len(app.asked("/photos"))
    app.page.get_by_role("link", name="Photos", exact=True).click()
    expect(app.photos().get_by_role("img", name="lantern")).to_be_visible()
    assert len(app.asked("/photos")) <= lists + 1  # that of what failed


def test_who_does_not_attend_is_told_nicely(
    tab: Tab, new_person: Callable[..., Person], attended: Any
) -> None:
    outsider = new_person()
    app = tab(outsider)
    app.open("/events")
    expect(app.page.get_by_role("heading", name="No events yet")).to_be_visible()
    expect(app.page.get_by_role("main")).to_contain_text(outsider.user.email)
    app.refused = {"404"}
    app.open(f"/events/{attended['eventId']}")
    app.expect_page("This event is not here")
    app.page.get_by_role("link", name="To your events").click()
    app.expect_page("Events")


def test_an_event_is_deleted_with_its_photos(
    tab: Tab, organizer: Person, attendee: Person, attended: Any
) -> None:
    photo = add_photo(attendee, attended, "For a while", 130)
    app = tab(organizer)
    app.refused = {"404"}  # the page asks for its event once more while it closes
    app.open(f"/events/{attended['eventId']}")
    app.button("Delete event").click()
    dialog = app.dialog("Delete this event?")
    dialog.get_by_role("button", name="Keep it").click()
    app.expect_page("Garden party")
    app.button("Delete event").click()
    dialog.get_by_label("Delete everybody’s photos of this event, for good").check()  # noqa: RUF001
    dialog.get_by_role("button", name="Delete event").click()
    app.says("The event is deleted")
    app.expect_page("Events")
    path = f"/photos/{photo['photoId']}"
    until(lambda: attendee.client.api.get(path).status_code == 404)
    gone = attendee.client.api.get(f"/events/{attended['eventId']}")
    assert_is_error(gone, 404, "EventNotFound")
