"""The browser app for everybody: by keyboard, on a phone, in the dark, and as axe looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, expect

from local.client import User
from local.users import PASSWORD
from tests.browser.web_app import FORGET_TOKENS, Person, WebApp, photo_file
from tests.support import pictures
from tests.support.running_stack import upload

Tab = Callable[..., WebApp]
Scene = Iterator[str]

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
LOOKS = [("light", WIDE), ("dark", WIDE), ("light", NARROW), ("dark", NARROW)]

OUTLINE = """(element) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
}"""
"""Whether one sees that an element has the focus."""


@pytest.fixture(scope="module")
def everything(
    new_person: Callable[..., Person], invite: Callable[[], User]
) -> tuple[Person, dict[str, Any]]:
    """Someone who may do everything, and has one of each."""
    person = new_person("organizers", "staff")
    api = person.client.api
    photo = upload(
        person.client,
        pictures.jpeg(300, 200),
        title="The pier",
        tags=["sea"],
        description="Low tide",
    )
    failed = upload(person.client, b"This is no picture.", title="Nothing")
    event = api.post("/events", json={"name": "Garden party"}).raise_for_status().json()
    api.put(f"/events/{event['eventId']}/attendees/noor@example.com").raise_for_status()
    name = f"Joan {uuid4().hex[:6]}"
    wish = {"name": name, "email": f"{uuid4().hex[:8]}@example.com", "course": "Logic"}
    api.post("/v2/students", json=wish).raise_for_status()
    has = {"photo": photo, "failed": failed, "event": event, "student": name}
    return person, has | {"invited": invite()}


def signing_in(app: WebApp, _: dict[str, Any], __: Path) -> Scene:
    app.open()
    app.expect_page("Sign in")
    yield "sign in"
    app.sign_in(User("nobody@example.com", "Photodrop-1999!", ()))
    expect(app.page.get_by_role("alert")).to_be_visible()
    yield "a wrong password"
    app.button("Create an account").click()
    app.expect_page("Create an account")
    yield "sign up"
    app.button("I have an account").click()
    app.button("Forgot password?").click()
    app.expect_page("Forgot your password?")
    yield "a forgotten password"


def a_first_password(app: WebApp, has: dict[str, Any], _: Path) -> Scene:
    app.open()
    app.sign_in(has["invited"])
    app.expect_page("Choose your own password")
    yield "a first password"
    app.page.get_by_label("New password").fill("lower-case-only")
    app.button("Save and continue").click()
    expect(app.page.get_by_role("alert")).to_be_visible()
    yield "a first password that is refused"


def photos(app: WebApp, has: dict[str, Any], folder: Path) -> Scene:
    app.open("/photos")
    expect(app.photos()).to_have_count(1)
    yield "photos"
    app.page.get_by_role("link", name="1 photo failed").click()
    expect(app.photos()).to_have_count(1)
    yield "the photos that failed"
    app.page.go_back()
    app.account().click()
    yield "the menu of the account"
    app.page.keyboard.press("Escape")
    app.page.get_by_label("Filter by tag").fill("none has this")
    expect(app.page.get_by_role("heading", name="No photo matches")).to_be_visible()
    yield "no photo matches"
    nothing = folder / "nothing.jpg"
    nothing.write_text(f"This is no picture, {uuid4()}.")
    notes = folder / "notes.txt"
    notes.touch()
    dialog = app.choose(nothing, photo_file(folder), notes)
    dialog.get_by_text("Description and tags").first.click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    yield "what to upload"
    dialog.get_by_role("button", name="Upload 2 files").click()
    expect(app.upload("nothing.jpg").get_by_role("alert")).to_be_visible()
    expect(app.upload("photo.jpg")).to_contain_text("Done")
    yield "the uploads"


def one_photo(app: WebApp, has: dict[str, Any], _: Path) -> Scene:
    app.open(f"/photos/{has['photo']['photoId']}")
    app.expect_page("The pier")
    app.button("Generate").click()
    expect(app.page.get_by_label("Link of the thumbnail")).to_be_visible()
    yield "a photo"
    app.button("Edit").click()
    yield "edit a photo"
    app.page.keyboard.press("Escape")
    app.button("Delete").click()
    yield "delete a photo"
    app.open(f"/photos/{has['failed']['photoId']}")
    app.expect_page("Nothing")
    yield "a failed photo"
    app.refused = {"404"}
    app.open("/photos/nothing-of-this-name")
    app.expect_page("This photo is not here")
    yield "no photo"


def events(app: WebApp, has: dict[str, Any], _: Path) -> Scene:
    app.open("/events")
    expect(app.page.get_by_role("main").get_by_role("link")).to_have_count(1)
    yield "events"
    app.button("New event").click()
    yield "a new event"
    app.open(f"/events/{has['event']['eventId']}")
    app.expect_page("Garden party")
    yield "an event"
    app.button("Attendees").click()
    dialog = app.dialog("Attendees")
    expect(dialog).to_contain_text("noor@example.com")
    dialog.get_by_role("button", name="Register").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    yield "attendees"
    app.page.keyboard.press("Escape")
    app.button("Delete event").click()
    yield "delete an event"


def students(app: WebApp, has: dict[str, Any], _: Path) -> Scene:
    app.open("/students")
    expect(app.page.get_by_text(has["student"])).to_be_visible()
    yield "students"
    app.button(f"Edit {has['student']}").click()
    yield "edit a student"
    app.page.keyboard.press("Escape")
    app.button(f"Delete {has['student']}").click()
    yield "delete a student"


def what_goes_wrong(app: WebApp, _: dict[str, Any], __: Path) -> Scene:
    app.open("/nowhere")
    app.expect_page("There is nothing here")
    yield "no page"
    app.refused = {"403"}
    app.refuse("/photos", 403, "Forbidden", times=2)  # all photos, and those that failed
    app.open("/photos")
    expect(app.page.get_by_role("alert")).to_be_visible()
    yield "an error"
    app.page.evaluate(FORGET_TOKENS)
    app.button("Try again").click()
    expect(app.dialog("Please sign in again")).to_be_visible()
    yield "sign in again"


@pytest.mark.parametrize(
    "scenes", [signing_in, a_first_password, photos, one_photo, events, students, what_goes_wrong]
)
def test_axe_finds_no_serious_fault(
    tab: Tab,
    everything: tuple[Person, dict[str, Any]],
    scenes: Callable[..., Scene],
    tmp_path: Path,
) -> None:
    person, has = everything
    app = tab(None if scenes in (signing_in, a_first_password) else person)
    app.refused = {"400"}
    for scene in scenes(app, has, tmp_path):
        for scheme, size in LOOKS:
            app.page.emulate_media(color_scheme=scheme)
            app.page.set_viewport_size(size)
            app.assert_accessible(f"{scene}, {scheme}, {size['width']} px wide")


def focused(app: WebApp) -> Locator:
    return app.page.locator(":focus")


def tab_to(app: WebApp, target: Locator, key: str = "Tab") -> None:
    """Press Tab until `target` has the focus; on the way there it is always seen where that is."""
    for _ in range(40):
        app.page.keyboard.press(key)
        assert focused(app).count() == 1
        assert focused(app).evaluate(OUTLINE), focused(app).evaluate("one => one.outerHTML")
        if target.evaluate("one => one === document.activeElement"):
            return
    pytest.fail(f"Tab never comes to {target}")


def test_a_photo_is_uploaded_by_keyboard_alone(tab: Tab, new_user: Any, tmp_path: Path) -> None:
    user = new_user()
    app = tab()
    keyboard = app.page.keyboard
    app.open()
    app.expect_page("Sign in")
    tab_to(app, app.page.get_by_label("E-mail"))
    keyboard.type(user.email)
    tab_to(app, app.page.get_by_label("Password", exact=True))
    keyboard.type(user.password)
    keyboard.press("Enter")
    app.expect_page("Your photos")

    tab_to(app, app.page.get_by_role("link", name="Skip to content"))
    tab_to(app, app.button("Upload"))
    keyboard.press("Enter")
    app.file_chooser().set_files(photo_file(tmp_path, "pier.jpg"))
    dialog = app.dialog("Add to your photos")
    # Enter would upload it as it is; what may be said of it stands before that.
    expect(dialog.get_by_role("button", name="Upload 1 file")).to_be_focused()
    tab_to(app, dialog.get_by_label("Title of pier.jpg"), "Shift+Tab")
    keyboard.type("The pier")
    tab_to(app, dialog.get_by_text("Description and tags"))
    keyboard.press("Enter")
    tab_to(app, dialog.get_by_label("Tags"))
    keyboard.type("sea")
    keyboard.press("Enter")
    upload = app.upload("The pier")
    expect(upload).to_contain_text("Done")
    tab_to(app, upload.get_by_role("link", name="The pier"))
    keyboard.press("Enter")
    app.expect_page("The pier")


def test_a_first_password_is_chosen_by_keyboard_alone(tab: Tab, invite: Callable[[], User]) -> None:
    app = tab()
    keyboard = app.page.keyboard
    app.open()
    app.sign_in(invite())
    app.expect_page("Choose your own password")
    tab_to(app, app.page.get_by_label("New password"))
    keyboard.type(PASSWORD)
    tab_to(app, app.button("Save and continue"))
    keyboard.press("Enter")
    app.expect_page("Your photos")


def test_the_first_stop_leads_past_the_navigation(app: WebApp) -> None:
    app.open("/events")
    app.expect_page("Events")
    app.page.keyboard.press("Tab")
    expect(focused(app)).to_have_text("Skip to content")
    expect(focused(app)).to_be_in_viewport()
    app.page.keyboard.press("Enter")
    expect(app.page.get_by_role("main")).to_be_focused()


def test_a_dialog_keeps_the_focus_and_gives_it_back(
    tab: Tab, everything: tuple[Person, dict[str, Any]]
) -> None:
    person, has = everything
    app = tab(person)
    for path, opener, title in (
        (f"/photos/{has['photo']['photoId']}", "Edit", "Edit photo"),
        (f"/photos/{has['photo']['photoId']}", "Delete", "Delete permanently?"),
        ("/events", "New event", "New event"),
        (f"/events/{has['event']['eventId']}", "Attendees", "Attendees"),
        ("/students", "New student", "New student"),
    ):
        app.open(path)
        app.button(opener).focus()
        app.page.keyboard.press("Enter")
        dialog = app.dialog(title)
        expect(dialog).to_be_visible()
        for _ in range(14):
            app.page.keyboard.press("Tab")
            inside = dialog.evaluate(
                "dialog => [dialog, document.body].some((one) => one === document.activeElement)"
                " || dialog.contains(document.activeElement)"
            )
            assert inside, title
        app.page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(app.button(opener)).to_be_focused()


def test_progress_and_news_are_announced(app: WebApp, tmp_path: Path) -> None:
    app.open("/photos")
    app.send(photo_file(tmp_path, "heard.jpg"))
    tray = app.page.get_by_role("region", name="Uploads")
    expect(tray.get_by_role("status")).to_have_text("1 file uploaded.")


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_colours_are_chosen_and_stay(app: WebApp, theme: str) -> None:
    app.page.emulate_media(color_scheme="dark" if theme == "Light" else "light")
    app.open("/events")
    app.account().click()
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    before = app.page.evaluate(colour)
    app.page.get_by_title(theme, exact=True).click()
    assert app.page.evaluate(colour) != before
    chosen = app.page.evaluate(colour)
    app.page.reload()
    app.expect_page("Events")
    assert app.page.evaluate(colour) == chosen
