"""The browser app: many photos, found again by scrolling, by their tags and by keyboard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.web_app import Person, WebApp
from tests.support import pictures
from tests.support.running_stack import initiate, upload

Tab = Callable[..., WebApp]

MANY = 64
SUNSETS = 22
SHAPES = ((96, 64), (64, 96), (120, 60), (80, 80), (128, 72), (60, 90), (100, 75))
MOST_SHIFT = 0.05
"""Of what counts as good for CLS, half."""


@pytest.fixture(scope="module")
def collector(new_person: Callable[..., Person]) -> Person:
    """Someone with many photos of all shapes: more than a page. Two in three are still to come."""
    person = new_person()

    def add(number: int) -> Any:
        width, height = SHAPES[number % len(SHAPES)]
        content = pictures.jpeg(width + number, height + number)
        details = {"title": f"Photo {number}", "tags": ["sea"]}
        if number % 3:
            return initiate(person.client, content, **details)
        return upload(person.client, content, **details | {"tags": ["sea", "sunset"]})

    with ThreadPoolExecutor(4) as pool:
        photos = list(pool.map(add, range(MANY)))
    assert Counter(photo["status"] for photo in photos) == {"completed": SUNSETS, "pending": 42}
    return person


def titles(person: Person) -> list[str]:
    """Every photo's title, as the service lists them."""
    found: list[str] = []
    cursor = None
    while True:
        query = {"limit": 50} | ({"cursor": cursor} if cursor else {})
        page = person.client.api.get("/photos", params=query).raise_for_status().json()
        found += [photo["title"] for photo in page["items"]]
        if not (cursor := page["nextCursor"]):
            return found


def shown(app: WebApp) -> list[str]:
    """The names of the pictures in the list."""
    name = "link.querySelector('img')?.alt ?? link.querySelector('.name').textContent"
    return list(app.photos().evaluate_all(f"links => links.map((link) => {name})"))


def test_all_photos_come_while_scrolling_and_nothing_jumps(tab: Tab, collector: Person) -> None:
    app = tab(collector, viewport={"width": 1280, "height": 800})
    slow = {"offline": False, "latency": 150, "downloadThroughput": -1, "uploadThroughput": -1}
    app.page.context.new_cdp_session(app.page).send("Network.emulateNetworkConditions", slow)
    app.open("/photos")
    expect(app.photos().first).to_be_visible()
    assert len(shown(app)) < MANY

    def is_all() -> bool:
        app.page.mouse.wheel(0, 900)
        return len(shown(app)) >= MANY

    app.until(is_all)
    assert shown(app) == titles(collector)
    app.photos().last.scroll_into_view_if_needed()
    app.until(lambda: app.photos().locator("img").last.evaluate("image => image.naturalWidth"))
    expect(app.button("Load more")).to_have_count(0)
    assert app.layout_shift() < MOST_SHIFT, app.shifts()


def test_rows_fill_the_width_and_pictures_keep_their_shape(tab: Tab, collector: Person) -> None:
    app = tab(collector, viewport={"width": 1280, "height": 800})
    app.open("/photos")
    expect(app.photos().first).to_be_visible()
    boxes = app.photos().evaluate_all(
        """links => links.map((link) => {
            const { top, left, right, width, height } = link.getBoundingClientRect();
            const image = link.querySelector("img");
            const wanted = image ? image.getAttribute("width") / image.getAttribute("height") : 1;
            return { top, left, right, shape: width / height, wanted };
        })"""
    )
    rows: dict[int, list[Any]] = {}
    for box in boxes:
        rows.setdefault(round(box["top"]), []).append(box)
        assert box["shape"] == pytest.approx(box["wanted"], rel=0.08)
    full = list(rows.values())[:-1]
    assert len(full) > 2
    assert len({round(row[0]["left"]) for row in full}) == 1
    assert max(row[-1]["right"] for row in full) - min(row[-1]["right"] for row in full) < 3


def test_photos_are_filtered_by_tag_and_state(tab: Tab, new_person: Callable[..., Person]) -> None:
    person = new_person()
    upload(person.client, pictures.jpeg(), title="Red", tags=["evening", "sea"])
    upload(person.client, pictures.jpeg(65, 48), title="Blue", tags=["sea"])
    upload(person.client, b"This is no picture.", title="Broken", tags=["sea"])
    initiate(person.client, pictures.jpeg(66, 48), title="To come", tags=["sea"])
    app = tab(person)
    app.open("/photos")
    expect(app.photos()).to_have_count(4)

    tag, state = app.page.get_by_label("Filter by tag"), app.page.get_by_label("Filter by state")
    tag.fill("Evening")
    expect(app.photos()).to_have_count(1)
    assert shown(app) == ["Red"]
    app.page.reload()
    expect(app.photos()).to_have_count(1)
    expect(tag).to_have_value("evening")

    state.select_option("Failed")
    expect(app.page.get_by_role("heading", name="No photo matches")).to_be_visible()
    app.button("Show all").click()
    expect(app.photos()).to_have_count(4)
    expect(tag).to_have_value("")

    state.select_option("Failed")
    expect(app.photos()).to_have_count(1)
    expect(app.photos()).to_contain_text("Broken")
    state.select_option("Not uploaded yet")
    expect(app.photos()).to_contain_text("To come")
    expect(app.photos()).to_have_count(1)
    state.select_option("Ready")
    expect(app.photos()).to_have_count(2)


def test_a_filter_stays_while_photos_are_looked_at(tab: Tab, collector: Person) -> None:
    app = tab(collector)
    app.open("/photos?tag=sunset")
    expect(app.photos()).to_have_count(SUNSETS)
    names = shown(app)
    app.photos().nth(2).click()
    app.expect_page(names[2])
    app.page.get_by_role("link", name="Next photo").click()
    app.expect_page(names[3])
    app.page.keyboard.press("ArrowLeft")
    app.expect_page(names[2])
    app.page.get_by_role("link", name="Close").click()
    expect(app.photos()).to_have_count(SUNSETS)
    assert "tag=sunset" in app.page.url


def test_a_tag_leads_to_all_that_have_it(tab: Tab, collector: Person) -> None:
    app = tab(collector)
    app.open("/photos?tag=sunset")
    app.photos().first.click()
    app.page.get_by_role("list", name="Tags").get_by_role("link", name="sea").click()
    expect(app.page.get_by_label("Filter by tag")).to_have_value("sea")
    app.until(lambda: len(shown(app)) > SUNSETS)


def test_the_gallery_is_walked_through_by_keyboard(tab: Tab, collector: Person) -> None:
    app = tab(collector, viewport={"width": 1280, "height": 800})
    app.open("/photos")
    expect(app.photos().first).to_be_visible()
    keyboard = app.page.keyboard

    before = app.page.locator("summary").filter(has_text="not finished")
    before.focus()
    keyboard.press("Tab")
    expect(app.photos().first).to_be_focused()
    keyboard.press("ArrowRight")
    expect(app.photos().nth(1)).to_be_focused()
    keyboard.press("ArrowDown")
    below = focused(app)
    assert top(below) > top(app.photos().nth(1))
    keyboard.press("ArrowUp")
    assert top(focused(app)) == top(app.photos().first)
    keyboard.press("End")
    expect(app.photos().last).to_be_focused()
    keyboard.press("Home")
    keyboard.press("ArrowRight")
    keyboard.press("ArrowRight")
    keyboard.press("Enter")
    app.expect_page(titles(collector)[2])
    keyboard.press("Escape")
    expect(app.photos().nth(2)).to_be_focused()
    keyboard.press("Shift+Tab")
    expect(before).to_be_focused()


def focused(app: WebApp) -> Locator:
    return app.page.locator(":focus")


def top(tile: Locator) -> float:
    box = tile.bounding_box()
    assert box
    return box["y"]


def test_who_has_nothing_yet_is_told_how_to_begin(
    tab: Tab, new_person: Callable[..., Person]
) -> None:
    app = tab(new_person())
    app.open("/photos")
    expect(app.page.get_by_role("heading", name="Your photos will be here")).to_be_visible()
    app.button("Choose photos").click()
    assert app.file_chooser().is_multiple()


def test_an_error_of_the_service_is_told_and_may_pass(tab: Tab, collector: Person) -> None:
    app = tab(collector)
    app.refused = {"503"}
    app.refuse("/photos", 503, "ServiceUnavailable", times=3)
    app.open("/photos")
    alert = app.page.get_by_role("alert")
    expect(alert).to_contain_text("ServiceUnavailable, in words.")
    expect(alert).to_contain_text("request r-1")
    alert.get_by_role("button", name="Try again").click()
    expect(app.photos().first).to_be_visible()


def test_without_a_connection_a_page_says_so_and_comes_later(tab: Tab, collector: Person) -> None:
    app = tab(collector)
    app.refused = {"ERR_INTERNET_DISCONNECTED"}
    app.open("/events")
    app.expect_page("Events")
    app.page.context.set_offline(True)
    app.page.get_by_role("navigation", name="Main").get_by_role("link", name="Photos").click()
    expect(app.page.get_by_role("alert")).to_contain_text("Are you online?")
    app.page.context.set_offline(False)
    expect(app.photos().first).to_be_visible()


def test_a_page_that_cannot_be_loaded_without_a_connection_says_so(
    tab: Tab, collector: Person
) -> None:
    app = tab(collector)
    app.refused = {"ERR_INTERNET_DISCONNECTED"}
    app.open("/photos")
    expect(app.photos().first).to_be_visible()
    app.page.context.set_offline(True)
    main = app.page.get_by_role("navigation", name="Main")
    main.get_by_role("link", name="Students").click()
    expect(app.page.get_by_role("alert")).to_contain_text("Are you online?")
    main.get_by_role("link", name="Photos").click()
    expect(app.photos().first).to_be_visible()
    (error,) = app.unexpected()
    assert "dynamically imported module" in error
    app.errors.remove(error)


def test_a_page_that_is_none_says_so(tab: Tab, collector: Person) -> None:
    app = tab(collector)
    app.open("/nowhere/at/all")
    app.expect_page("There is nothing here")
    app.page.get_by_role("link", name="To your photos").click()
    app.expect_page("Your photos")
