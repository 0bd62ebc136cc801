"""The browser app: one photo, and what can be done with it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image
from playwright.sync_api import expect

from local.client import Stack
from tests.browser.web_app import Person, WebApp, photo_file
from tests.support import pictures
from tests.support.archive import Record
from tests.support.running_stack import SAMPLE, assert_is_error, initiate, until, upload
from tests.support.videos import video

Tab = Callable[..., WebApp]

TIMES = "\N{MULTIPLICATION SIGN}"


@pytest.fixture
def photo(person: Person) -> Any:
    """A completed photo of `person`."""
    content = pictures.jpeg(320, 240, gps=True)
    return upload(person.client, content, title="The pier", tags=["sea"])


@pytest.fixture
def opened(app: WebApp, photo: Any) -> WebApp:
    """The tab of `person`, at `photo`."""
    app.open(f"/photos/{photo['photoId']}")
    app.expect_page("The pier")
    return app


def test_its_page_shows_it_and_what_is_known_of_it(opened: WebApp, photo: Any) -> None:
    picture = opened.page.get_by_role("article", name="The pier").get_by_role("img").first
    opened.until(lambda: picture.evaluate("image => image.naturalWidth"))
    facts = opened.page.get_by_role("region", name="Details")
    expect(facts).to_contain_text(f"320 {TIMES} 240 pixels")
    expect(facts).to_contain_text(photo["fileName"])
    expect(facts).to_contain_text("image/jpeg")
    expect(opened.page).to_have_title("The pier · Photodrop")


def test_its_words_are_changed(opened: WebApp, person: Person, photo: Any) -> None:
    opened.button("Edit").click()
    dialog = opened.dialog("Edit photo")
    dialog.get_by_label("Title").fill("The long pier")
    dialog.get_by_label("Description").fill("At low tide")
    dialog.get_by_label("Tags").fill("sea, Winter")
    dialog.get_by_role("button", name="Save").click()
    opened.says("Saved")
    opened.expect_page("The long pier")
    expect(opened.page.get_by_text("At low tide")).to_be_visible()
    expect(opened.page.get_by_role("list", name="Tags")).to_contain_text("winter")
    stored = person.client.api.get(f"/photos/{photo['photoId']}").raise_for_status().json()
    assert (stored["title"], stored["description"]) == ("The long pier", "At low tide")
    assert sorted(stored["tags"]) == ["sea", "winter"]


def test_what_the_service_does_not_take_is_told_with_its_code(opened: WebApp, photo: Any) -> None:
    opened.refused = {"409"}
    opened.refuse(f"/photos/{photo['photoId']}", 409, "PhotoDeleted")
    opened.button("Edit").click()
    dialog = opened.dialog("Edit photo")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("PhotoDeleted, in words.")
    dialog.get_by_role("button", name="Cancel").click()
    opened.expect_page("The pier")


def test_what_is_wrong_with_tags_is_told_in_plain_words(opened: WebApp) -> None:
    opened.button("Edit").click()
    dialog = opened.dialog("Edit photo")
    tags, alert = dialog.get_by_label("Tags"), dialog.get_by_role("alert")
    tags.fill(", ".join(f"tag {number}" for number in range(25)))
    expect(alert).to_have_text("There are 25 tags. 20 are the most.")
    tags.fill("x" * 51)
    expect(alert).to_contain_text("is too long for a tag. 50 characters are the most.")
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    tags.fill("x" * 50)
    dialog.get_by_role("button", name="Save").click()
    opened.says("Saved")


def test_a_tag_of_50_characters_widens_no_page(tab: Tab, person: Person) -> None:
    photo = upload(person.client, pictures.jpeg(90, 60), title="Tagged", tags=["x" * 50])
    app = tab(person, viewport={"width": 360, "height": 740})
    app.open(f"/photos/{photo['photoId']}")
    app.expect_page("Tagged")
    expect(app.page.get_by_role("list", name="Tags")).to_contain_text("x" * 50)
    assert app.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    app.button("Edit").click()
    expect(app.dialog("Edit photo")).to_be_visible()
    assert app.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_a_capture_time_is_what_the_clock_of_the_camera_showed(
    tab: Tab, person: Person, photo: Any, zone: str
) -> None:
    def taken(text: str) -> str:
        return json.dumps(json.loads(text) | {"takenAt": "2026-05-01T18:21:00+02:00"})

    app = tab(person, timezone_id=zone, locale="en-GB")
    app.change(f"/photos/{photo['photoId']}", taken, times=9)
    app.open(f"/photos/{photo['photoId']}")
    facts = app.page.get_by_role("region", name="Details")
    expect(facts).to_contain_text("1 May 2026, 18:21")


def test_a_thumbnail_of_a_tall_picture_keeps_its_shape(app: WebApp, person: Person) -> None:
    photo = upload(person.client, pictures.jpeg(300, 900), title="Tower")
    app.open(f"/photos/{photo['photoId']}")
    panel = app.page.get_by_role("region", name="Generate thumbnail")
    panel.get_by_role("button", name="Generate").click()
    shown = panel.get_by_role("img")
    app.until(lambda: shown.evaluate("image => image.naturalWidth"))
    box = shown.bounding_box()
    assert box
    assert box["height"] / box["width"] == pytest.approx(3, rel=0.02)


def test_a_download_while_files_are_sent_does_not_ask_to_leave(
    opened: WebApp, tmp_path: Path
) -> None:
    asked: list[str] = []
    opened.page.on("dialog", lambda dialog: asked.append(dialog.type))
    with opened.holding("*X-Amz-Signature*", method="PUT") as gate:
        opened.send(photo_file(tmp_path, "on-its-way.jpg"))
        opened.until(lambda: gate.held)
        with opened.page.expect_download():
            opened.button("Download").click()
        assert asked == []
        opened.page.clock.install()
        opened.page.clock.fast_forward(10_000)
        opened.page.reload()
        assert asked == ["beforeunload"]  # it would have asked


def test_a_thumbnail_of_a_chosen_size_is_made_and_its_link_opens(
    tab: Tab, person: Person, stack: Stack
) -> None:
    photo = upload(person.client, SAMPLE.read_bytes(), title="Dandelions")
    app = tab(person, permissions=["clipboard-read", "clipboard-write"])
    app.open(f"/photos/{photo['photoId']}")
    panel = app.page.get_by_role("region", name="Generate thumbnail")
    panel.get_by_label("Resolution").select_option("800x600")
    panel.get_by_label("Format").select_option("JPEG")
    panel.get_by_role("button", name="Generate").click()

    link = panel.get_by_label("Link of the thumbnail")
    expect(link).to_be_visible()
    url = link.input_value()
    picture = Image.open(io.BytesIO(httpx.get(url, trust_env=False).raise_for_status().content))
    assert picture.format == "JPEG"
    assert 800 in picture.size or 600 in picture.size
    assert picture.size[0] <= 800
    assert picture.size[1] <= 600
    expect(panel).to_contain_text(f"{picture.size[0]} {TIMES} {picture.size[1]} pixels")
    shown = panel.get_by_role("img")
    app.until(lambda: shown.evaluate("image => image.naturalWidth") == picture.size[0])

    panel.get_by_role("button", name="Copy link").click()
    expect(panel.get_by_role("button", name="Copied")).to_be_visible()
    assert app.page.evaluate("navigator.clipboard.readText()") == url
    with app.page.context.expect_page() as other:
        panel.get_by_role("link", name="Open the thumbnail").click()
    other.value.wait_for_load_state()
    assert urlsplit(other.value.url).path == urlsplit(url).path


def test_the_original_is_downloaded(opened: WebApp, person: Person, photo: Any) -> None:
    view = person.client.api.get(f"/photos/{photo['photoId']}/view-url").raise_for_status()
    with opened.page.expect_download() as download:
        opened.button("Download").click()
    assert download.value.suggested_filename == photo["fileName"]
    original = person.client.storage.get(view.json()["url"]).raise_for_status().content
    assert Path(download.value.path()).read_bytes() == original
    opened.expect_page("The pier")


def test_it_is_deleted_once_that_is_confirmed(opened: WebApp, person: Person, photo: Any) -> None:
    path = f"/photos/{photo['photoId']}"
    opened.button("Delete").click()
    opened.dialog("Delete permanently?").get_by_role("button", name="Cancel").click()
    opened.expect_page("The pier")
    assert person.client.api.get(path).status_code == 200

    opened.button("Delete").click()
    dialog = opened.dialog("Delete permanently?")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    opened.says("Deleted")
    assert_is_error(person.client.api.get(path), 404, "PhotoNotFound")
    opened.refused = {"404"}
    opened.open(path)
    opened.expect_page("This photo is not here")
    opened.page.get_by_role("link", name="Back").click()
    opened.expect_page("Your photos")


def test_a_photo_of_somebody_else_is_not_here(
    tab: Tab, photo: Any, new_person: Callable[..., Person]
) -> None:
    app = tab(new_person())
    app.refused = {"404"}
    app.open(f"/photos/{photo['photoId']}")
    app.expect_page("This photo is not here")


def test_a_failed_photo_says_why(app: WebApp, person: Person) -> None:
    photo = upload(person.client, b"This is no picture.", title="Nothing")
    app.open(f"/photos/{photo['photoId']}")
    app.expect_page("Nothing")
    expect(app.page.get_by_role("article")).to_contain_text("UnsupportedContent")
    expect(app.page.get_by_role("article")).to_contain_text(photo["failure"]["message"])
    expect(app.button("Download")).to_have_count(0)


def test_a_photo_becomes_what_it_is_while_one_looks(app: WebApp, person: Person) -> None:
    content = pictures.jpeg(200, 150)
    grant = initiate(person.client, content, title="Soon")
    app.open(f"/photos/{grant['photoId']}")
    expect(app.page.get_by_text("The file has not arrived yet.")).to_be_visible()
    person.client.send(grant["upload"], content).raise_for_status()
    expect(app.page.get_by_text(f"200 {TIMES} 150 pixels")).to_be_visible()
    expect(app.button("Download")).to_be_visible()


def test_a_video_is_played(app: WebApp, person: Person) -> None:
    content = video("webm", "libvpx", (160, 120), seconds=2)
    video_file = {"fileName": "waves.webm", "contentType": "video/webm", "title": "Waves"}
    photo = upload(person.client, content, **video_file)
    assert photo["status"] == "completed", photo["failure"]
    app.open("/photos")
    expect(app.photos().filter(has=app.page.get_by_role("img", name="Waves"))).to_contain_text(
        "0:02"
    )
    app.open(f"/photos/{photo['photoId']}")
    player = app.page.locator("video")
    app.until(lambda: player.evaluate("player => player.readyState >= player.HAVE_METADATA"))
    assert player.evaluate("player => player.videoWidth") == 160
    assert player.evaluate("player => player.poster")
    player.evaluate("player => { player.muted = true; return player.play(); }")
    app.until(lambda: player.evaluate("player => player.currentTime") > 0)
    expect(app.page.get_by_role("region", name="Details")).to_contain_text("0:02")


def test_an_archived_original_is_asked_back(
    app: WebApp, person: Person, photo: Any, stack: Stack
) -> None:
    record, path = Record(stack, photo), f"/photos/{photo['photoId']}"
    record.archive("GLACIER")
    record.tell("LifecycleTransition")
    until(lambda: person.client.api.get(path).json()["storageClass"] == "GLACIER")
    app.refused = {"409"}
    app.open(path)
    panel = app.page.get_by_role("region", name="In the archive")
    expect(panel.get_by_label("How fast")).to_have_value("Expedited")
    expect(app.button("Download")).to_have_count(0)
    panel.get_by_label("How fast").select_option(index=1)
    panel.get_by_label("For how many days").fill("3")
    panel.get_by_role("button", name="Bring it back").click()
    app.says("On its way back from the archive")
    expect(app.page.get_by_text("It is being brought back.")).to_be_visible()
