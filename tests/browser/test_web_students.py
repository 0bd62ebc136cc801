"""The browser app: students and their pictures, for staff."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.web_app import Person, WebApp, photo_file
from tests.support import pictures
from tests.support.running_stack import until

Tab = Callable[..., WebApp]


@pytest.fixture(scope="module")
def clerk(new_person: Callable[..., Person]) -> Person:
    """A member of staff."""
    return new_person("staff")


@pytest.fixture
def name() -> str:
    """Nobody else's name."""
    return f"Joan {uuid4().hex[:6]}"


@pytest.fixture
def opened(tab: Tab, clerk: Person) -> WebApp:
    """The tab of `clerk`, at the students."""
    app = tab(clerk)
    app.open("/students")
    app.expect_page("Students")
    return app


def add(clerk: Person, name: str, picture: bytes | None = None) -> Any:
    """Add a student by the API; with a picture, wait until it is there."""
    wish = {"name": name, "email": f"{uuid4().hex[:8]}@example.com", "course": "Logic"}
    student = clerk.client.api.post("/v2/students", json=wish).raise_for_status().json()
    path = f"/v2/students/{student['studentId']}"
    if picture:
        wish = clerk.client.api.get(
            f"{path}/picture-upload-url", params={"sizeBytes": len(picture)}
        ).raise_for_status()
        clerk.client.send(wish.json()["upload"], picture).raise_for_status()
        until(lambda: stored(clerk, student)["picture"])
        until(lambda: stored(clerk, student)["picture"]["status"] == "completed")
    return student


def stored(clerk: Person, student: Any) -> Any:
    return clerk.client.api.get(f"/v2/students/{student['studentId']}").raise_for_status().json()


def line(app: WebApp, name: str) -> Locator:
    """The student's line in the list."""
    return app.page.get_by_role("main").get_by_role("listitem").filter(has_text=name)


def test_a_student_is_added_with_a_picture(
    opened: WebApp, clerk: Person, name: str, tmp_path: Path
) -> None:
    opened.button("New student").click()
    dialog = opened.dialog("New student")
    dialog.get_by_label("Picture of the student").set_input_files(photo_file(tmp_path, "joan.jpg"))
    preview = dialog.get_by_role("img", name="Preview of what will be sent")
    opened.until(lambda: preview.evaluate("image => image.naturalWidth") == 64)
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Course").fill("Mathematics")
    dialog.get_by_label("E-mail").fill(f"{uuid4().hex[:8]}@example.com")
    dialog.get_by_role("button", name="Add student").click()
    opened.says(f"{name} is added")
    expect(line(opened, name)).to_contain_text("Mathematics")
    picture = line(opened, name).get_by_role("img", name=f"Picture of {name}")
    opened.until(lambda: picture.evaluate("image => image.naturalWidth"))
    opened.page.get_by_text("Without", exact=True).click()
    expect(line(opened, name)).to_have_count(0)
    opened.page.get_by_text("With picture", exact=True).click()
    expect(line(opened, name)).to_be_visible()


def test_a_picture_that_is_no_jpeg_is_made_into_one(
    opened: WebApp, name: str, tmp_path: Path
) -> None:
    file = tmp_path / "joan.png"
    file.write_bytes(pictures.png(300, 200))
    opened.button("New student").click()
    dialog = opened.dialog("New student")
    dialog.get_by_label("Picture of the student").set_input_files(file)
    expect(dialog.get_by_role("img", name="Preview of what will be sent")).to_be_visible()
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Course").fill("Mathematics")
    dialog.get_by_label("E-mail").fill(f"{uuid4().hex[:8]}@example.com")
    dialog.get_by_role("button", name="Add student").click()
    expect(line(opened, name).get_by_role("img", name=f"Picture of {name}")).to_be_visible()


def test_a_picture_that_is_none_is_refused_and_another_one_taken(
    opened: WebApp, clerk: Person, name: str, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_text("This is no picture.")
    opened.button("New student").click()
    dialog = opened.dialog("New student")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Course").fill("Mathematics")
    dialog.get_by_label("E-mail").fill(f"{uuid4().hex[:8]}@example.com")
    dialog.get_by_label("Picture of the student").set_input_files(broken)
    dialog.get_by_role("button", name="Add student").click()
    expect(dialog.get_by_role("alert")).to_contain_text("UnsupportedContent")
    expect(dialog).to_contain_text("The student is saved.")
    dialog.get_by_label("Picture of the student").set_input_files(photo_file(tmp_path, "good.jpg"))
    dialog.get_by_role("button", name="Add student").click()
    opened.says(f"{name} is added")
    expect(line(opened, name)).to_have_count(1)
    expect(line(opened, name).get_by_role("img", name=f"Picture of {name}")).to_be_visible()


def test_a_picture_is_replaced_and_removed(
    tab: Tab, clerk: Person, name: str, tmp_path: Path
) -> None:
    student = add(clerk, name, pictures.jpeg(100, 100))
    first = stored(clerk, student)["picture"]["thumbnails"][0]["url"]
    app = tab(clerk)
    app.open("/students")
    app.button(f"Edit {name}").click()
    dialog = app.dialog("Edit student")
    dialog.get_by_label("Picture of the student").set_input_files(photo_file(tmp_path, "new.jpg"))
    dialog.get_by_label("Course").fill("Cryptography")
    dialog.get_by_role("button", name="Save").click()
    app.says("Saved")
    expect(line(app, name)).to_contain_text("Cryptography")
    replaced = stored(clerk, student)
    assert replaced["course"] == "Cryptography"
    assert replaced["picture"]["status"] == "completed"
    assert replaced["picture"]["thumbnails"][0]["url"].split("?")[0] != first.split("?")[0]

    app.button(f"Edit {name}").click()
    dialog.get_by_role("button", name="Remove picture").click()
    app.says("The picture is removed")
    dialog.get_by_role("button", name="Cancel").click()
    expect(line(app, name).get_by_role("img", name=f"Picture of {name}")).to_have_count(0)
    assert stored(clerk, student)["picture"] is None


def test_a_student_is_deleted_once_that_is_confirmed(tab: Tab, clerk: Person, name: str) -> None:
    student = add(clerk, name)
    app = tab(clerk)
    app.open("/students")
    app.button(f"Delete {name}").click()
    dialog = app.dialog("Delete permanently?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(line(app, name)).to_be_visible()
    app.button(f"Delete {name}").click()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    app.says(f"{name} is deleted")
    expect(line(app, name)).to_have_count(0)
    answer = clerk.client.api.get(f"/v2/students/{student['studentId']}")
    assert answer.status_code == 404


def test_an_address_that_another_student_has_is_told(
    opened: WebApp, clerk: Person, name: str
) -> None:
    opened.refused = {"400"}
    opened.refuse("/v2/students", 400, "InvalidRequest")
    opened.button("New student").click()
    dialog = opened.dialog("New student")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Course").fill("Mathematics")
    dialog.get_by_label("E-mail").fill("joan@example.com")
    dialog.get_by_role("button", name="Add student").click()
    expect(dialog.get_by_role("alert")).to_contain_text("InvalidRequest, in words.")


def test_students_are_for_staff(tab: Tab, person: Person) -> None:
    app = tab(person)
    app.open("/students")
    app.expect_page("For staff only")
    expect(app.page.get_by_role("main")).to_contain_text(person.user.email)


def test_a_picture_that_never_came_is_not_asked_for_again_and_again(
    tab: Tab, clerk: Person, name: str
) -> None:
    student = add(clerk, name)
    path = f"/v2/students/{student['studentId']}"
    clerk.client.api.get(f"{path}/picture-upload-url", params={"sizeBytes": 99}).raise_for_status()
    app = tab(clerk)
    app.page.clock.install()
    app.open("/students")
    expect(line(app, name)).to_be_visible()
    app.page.clock.run_for(10 * 60_000)
    expect(line(app, name)).to_be_visible()
    assert app.asked(path) == []


def test_a_picture_on_its_way_is_asked_for_until_it_is_there(
    tab: Tab, clerk: Person, name: str
) -> None:
    student = add(clerk, name, pictures.jpeg(100, 100))
    path = f"/v2/students/{student['studentId']}"

    def on_its_way(text: str) -> str:
        answer = json.loads(text)
        for one in answer.get("items", [answer]):
            if one["name"] == name:
                one["picture"] |= {"status": "processing", "thumbnails": []}
        return json.dumps(answer)

    app = tab(clerk)
    app.refused = {"400"}
    app.change("/v2/students", on_its_way)
    app.change(path, on_its_way, times=2)
    app.refuse(path, 400, "InvalidRequest")  # the first time: what is asked last is answered first
    app.open("/students")
    expect(line(app, name).get_by_role("img", name=f"Picture of {name}")).to_be_visible()
    assert len(app.asked(path)) == 4
    app.page.clock.install()
    app.page.clock.run_for(10 * 60_000)
    assert len(app.asked(path)) == 4


def test_only_staff_are_led_to_the_students(tab: Tab, clerk: Person, person: Person) -> None:
    for who, count in ((clerk, 1), (person, 0)):
        app = tab(who)
        app.open_photos()
        main = app.page.get_by_role("navigation", name="Main")
        expect(main.get_by_role("link", name="Students")).to_have_count(count)
