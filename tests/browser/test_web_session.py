"""The browser app: a session that ends, in one tab or two, with a connection or without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.web_app import FORGET_TOKENS, Person, WebApp, photo_file
from tests.support import pictures
from tests.support.running_stack import upload

Tab = Callable[..., WebApp]

MIB = 1024**2
NO_STORAGE = """Object.defineProperty(window, "localStorage", {
    get() { throw new DOMException("Access is denied.", "SecurityError"); },
})"""
"""A browser that lets the page keep nothing."""


@pytest.fixture
def person(new_person: Callable[..., Person]) -> Person:
    """Someone who has one photo, for each test."""
    made = new_person()
    upload(made.client, pictures.jpeg(), title="Kept")
    return made


@pytest.fixture
def opened(tab: Tab, person: Person) -> WebApp:
    """The tab of `person`, at their photos."""
    app = tab(person)
    app.open("/photos")
    expect(app.photos()).to_have_count(1)
    return app


def end_session(app: WebApp) -> Locator:
    """Let the session end, and do something that needs it; return the dialog that asks."""
    app.page.evaluate(FORGET_TOKENS)
    app.photos().first.click()
    return app.dialog("Please sign in again")


def give_password(dialog: Locator, person: Person) -> None:
    dialog.get_by_label(f"Password of {person.user.email}").fill(person.user.password)
    dialog.get_by_role("button", name="Sign in").click()


def test_the_dialog_that_must_be_answered_is_not_closed_by_escape(
    opened: WebApp, person: Person
) -> None:
    dialog = end_session(opened)
    field = dialog.get_by_label(f"Password of {person.user.email}")
    expect(field).to_be_focused()
    for _ in range(3):
        opened.page.keyboard.press("Escape")
        expect(field).to_be_focused()
        assert dialog.evaluate("dialog => dialog.matches(':modal')")
    give_password(dialog, person)
    opened.expect_page("Kept")


def test_the_password_that_is_given_in_one_tab_is_for_all(
    opened: WebApp, person: Person, web_url: str
) -> None:
    second = WebApp(opened.page.context.new_page(), web_url)
    second.open("/photos")
    expect(second.photos()).to_have_count(1)
    other = end_session(second)
    expect(other).to_be_visible()
    give_password(end_session(opened), person)
    for app in (opened, second):
        app.expect_page("Kept")
    expect(other).to_have_count(0)
    assert second.unexpected() == []


def test_an_upload_goes_on_when_who_signed_out_of_an_ended_session_is_back(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    file = photo_file(tmp_path, "big.jpg", size=20 * MIB)
    with opened.half_sent(file):
        opened.page.evaluate(FORGET_TOKENS)
    dialog = opened.dialog("Please sign in again")
    dialog.get_by_role("button", name="Sign out").click()
    opened.expect_page("Sign in")
    opened.sign_in(person.user)
    expect(opened.upload(file.name)).to_contain_text("Done")


def test_a_token_that_cannot_be_renewed_without_a_connection_is_renewed_with_one(
    tab: Tab, person: Person
) -> None:
    app = tab(person)
    app.refused = {"ERR_INTERNET_DISCONNECTED"}
    app.page.clock.install()
    app.open("/events")
    app.expect_page("Events")
    app.page.clock.set_system_time(datetime.now(UTC) + timedelta(hours=2))
    app.page.context.set_offline(True)
    app.page.get_by_role("navigation", name="Main").get_by_role("link", name="Photos").click()
    expect(app.page.get_by_role("alert")).to_contain_text("Are you online?")
    app.page.context.set_offline(False)
    expect(app.photos()).to_have_count(1)
    assert app.dialog("Please sign in again").count() == 0


def test_a_browser_that_keeps_nothing_for_a_page_shows_it_all_the_same(
    tab: Tab, person: Person
) -> None:
    app = tab()
    app.page.add_init_script(NO_STORAGE)
    app.open("/photos")
    app.sign_in(person.user)
    expect(app.photos()).to_have_count(1)
    app.account().click()
    app.page.get_by_title("Dark").click()
    expect(app.page.locator("html")).to_have_attribute("data-theme", "dark")


def test_what_has_to_wait_longer_than_a_moment_is_told_at_once(opened: WebApp) -> None:
    opened.refused = {"429"}
    opened.refuse("/events", 429, "TooManyRequests", **{"Retry-After": "60"})
    opened.page.get_by_role("link", name="Events").click()
    expect(opened.page.get_by_role("alert")).to_contain_text("TooManyRequests, in words.")
    assert len(opened.asked("/events")) == 1
    opened.button("Try again").click()
    expect(opened.page.get_by_role("heading", name="No events yet")).to_be_visible()


def test_an_upload_waits_as_often_as_the_service_says(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    opened.refused = {"429"}
    often = 7  # more often than it tries again by itself
    opened.refuse(
        "/photos/initiate-upload", 429, "LimitExceeded", times=often, **{"Retry-After": "1"}
    )
    file = photo_file(tmp_path, "patient.jpg")
    opened.send(file)
    expect(opened.upload(file.name)).to_contain_text("Done")
    assert len(opened.asked("/photos/initiate-upload")) == often + 1
