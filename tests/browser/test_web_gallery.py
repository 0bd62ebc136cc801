"""The browser app: many photos, found again by scrolling, by their tags and by keyboard."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.web_app import Person, WebApp, listed
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
    return [photo["title"] for photo in listed(person.client)]


def placed(app: WebApp) -> dict[int, str]:
    """The names of the pictures that the page holds, by their places in the list."""
    name = "link.querySelector('img')?.alt ?? link.querySelector('.name').textContent"
    place = "Number(link.parentElement.ariaPosInSet)"
    return dict(app.photos().evaluate_all(f"links => links.map((link) => [{place}, {name}])"))


def shown(app: WebApp) -> list[str]:
    """The names of the pictures that the page holds: all of a short list."""
    return list(placed(app).values())


LAST_ROW = """(links) => {
    const boxes = links.map((link) => link.getBoundingClientRect());
    const edge = links[0].closest("ul").getBoundingClientRect().right;
    return boxes
        .filter(({ top }) => top === boxes.at(-1).top)
        .map(({ left, right }) => ({ left, right, edge }));
}"""


def test_all_photos_come_while_scrolling_and_nothing_jumps(tab: Tab, collector: Person) -> None:
    app = tab(collector, viewport={"width": 1280, "height": 800})
    slow = {"offline": False, "latency": 150, "downloadThroughput": -1, "uploadThroughput": -1}
    app.page.context.new_cdp_session(app.page).send("Network.emulateNetworkConditions", slow)
    app.open("/photos")
    expect(app.photos().first).to_be_visible()
    assert len(shown(app)) < MANY
    found: dict[int, str] = {}

    def is_all() -> bool:
        found.update(placed(app))
        app.page.mouse.wheel(0, 900)
        return len(found) >= MANY

    app.until(is_all)
    assert [found[place] for place in range(1, MANY + 1)] == titles(collector)
    app.photos().last.scroll_into_view_if_needed()
    app.until(lambda: app.photos().locator("img").last.evaluate("image => image.naturalWidth"))
    expect(app.button("Load more")).to_have_count(0)
    assert app.layout_shift() < MOST_SHIFT, app.shifts()


def test_a_page_that_comes_late_moves_nothing_that_is_seen(tab: Tab, collector: Person) -> None:
    app = tab(collector, viewport={"width": 1280, "height": 800})
    app.open("/photos")
    expect(app.photos().first).to_be_visible()
    with app.holding("*/dev/photos?*cursor=*", method="GET") as gate:
        app.until(lambda: app.page.mouse.wheel(0, 3000) or gate.held)
        grey = app.page.locator(".tile.skeleton")
        expect(grey.first).to_be_in_viewport()
        last = app.photos().last
        name, place = shown(app)[-1], last.bounding_box()
        row = app.photos().evaluate_all(LAST_ROW)
        assert row[-1]["right"] == pytest.approx(row[-1]["edge"], abs=1)  # it is full
    app.until(lambda: shown(app)[-1] != name)
    same = app.photos().nth([*placed(app).values()].index(name))
    assert same.bounding_box() == place
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
    expect(app.photos()).to_have_count(3)

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
    expect(app.photos()).to_have_count(3)
    expect(tag).to_have_value("")

    state.select_option("Failed")
    expect(app.photos()).to_have_count(1)
    expect(app.photos()).to_contain_text("Broken")
    state.select_option("Not uploaded yet")
    expect(app.photos()).to_contain_text("To come")
    expect(app.photos()).to_have_count(1)
    state.select_option("Ready")
    expect(app.photos()).to_have_count(2)


def test_failed_photos_are_counted_above_the_others(
    tab: Tab, new_person: Callable[..., Person]
) -> None:
    person = new_person()
    upload(person.client, pictures.jpeg(), title="Good", tags=["sea"])
    for number in range(2):
        upload(person.client, b"This is no picture.", title=f"Broken {number}", tags=["sea"])
    app = tab(person)
    app.open("/photos?tag=sea")
    expect(app.photos()).to_have_count(1)
    assert shown(app) == ["Good"]
    app.page.get_by_role("link", name="2 photos failed").click()
    expect(app.photos()).to_have_count(2)
    assert sorted(shown(app)) == ["Broken 0", "Broken 1"]
    expect(app.page.get_by_label("Filter by state")).to_have_value("failed")
    expect(app.page.get_by_label("Filter by tag")).to_have_value("sea")
    app.page.go_back()
    expect(app.photos()).to_have_count(1)
    app.page.get_by_label("Filter by tag").fill("land")
    expect(app.page.get_by_role("heading", name="No photo matches")).to_be_visible()
    expect(app.page.get_by_role("link", name="failed")).to_have_count(0)


def test_others_at_an_event_see_only_what_is_completed(
    tab: Tab, new_person: Callable[..., Person]
) -> None:
    organizer, attendee = new_person("organizers"), new_person()
    api = organizer.client.api
    event = api.post("/events", json={"name": "Garden party"}).raise_for_status().json()
    path = f"/events/{event['eventId']}"
    api.put(f"{path}/attendees/{attendee.user.email}").raise_for_status()

    def add(title: str, content: bytes) -> Any:
        return attendee.client.initiate(
            f"{path}/photos/initiate-upload",
            fileName="party.jpg",
            contentType="image/jpeg",
            sizeBytes=len(content),
            title=title,
        )

    contents = {"Good": pictures.jpeg(), "Broken": b"This is no picture."}
    for title, content in contents.items():
        grant = add(title, content)
        attendee.client.send(grant["upload"], content).raise_for_status()
        attendee.client.wait(grant["photoId"])
    add("To come", pictures.jpeg(90, 60))

    theirs, own = tab(organizer), tab(attendee)
    for query in ("", "?status=failed", "?status=pending"):
        theirs.open(path + query)
        theirs.expect_page("Garden party")
        if query:
            expect(theirs.page.get_by_role("heading", name="No photo matches")).to_be_visible()
        else:
            expect(theirs.photos()).to_have_count(1)
            assert shown(theirs) == ["Good"]
        expect(theirs.page.get_by_role("link", name="1 photo failed")).to_have_count(0)
    own.open(path)
    expect(own.photos()).to_have_count(2)
    expect(own.page.get_by_role("link", name="1 photo failed")).to_be_visible()


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
    app.until(lambda: keyboard.press("End") or place_of_focus(app) == MANY)
    expect(focused(app)).to_be_in_viewport(ratio=1)
    keyboard.press("Home")
    assert place_of_focus(app) == 1
    expect(focused(app)).to_be_in_viewport(ratio=1)
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


def place_of_focus(app: WebApp) -> int:
    """The place of the photo that has the focus, in the whole list."""
    place = focused(app).evaluate("link => link.parentElement.ariaPosInSet")
    assert place
    return int(place)


def top(tile: Locator) -> float:
    box = tile.bounding_box()
    assert box
    return box["y"]


@pytest.mark.parametrize("way", ["Close", "Escape", "Back"])
def test_closing_a_photo_shows_the_gallery_as_it_was_left(
    tab: Tab, collector: Person, way: str
) -> None:
    app = tab(collector, viewport={"width": 1280, "height": 500})
    app.open("/photos?tag=sunset")
    expect(app.photos()).to_have_count(SUNSETS)
    app.page.mouse.wheel(0, 430)
    app.until(lambda: app.page.evaluate("scrollY") == 430)
    index = app.photos().evaluate_all(
        "links => links.findIndex((link) => link.getBoundingClientRect().top > 80)"
    )
    names = shown(app)
    entries = app.page.evaluate("history.length")
    app.photos().nth(index).click()
    app.expect_page(names[index])
    app.page.keyboard.press("ArrowRight")
    app.expect_page(names[index + 1])
    assert app.page.evaluate("scrollY") == 0
    if way == "Close":
        app.page.get_by_role("link", name="Close").click()
    elif way == "Escape":
        app.page.keyboard.press("Escape")
        app.page.keyboard.press("Escape")  # once more, by mistake
    else:
        app.page.go_back()
    expect(app.photos().nth(index + 1)).to_be_focused()
    assert app.page.evaluate("scrollY") == 430
    assert app.page.url.endswith("/photos?tag=sunset")
    assert app.page.evaluate("history.length") == entries + 1
    app.page.go_forward()
    app.expect_page(names[index + 1])


def test_the_gallery_comes_back_to_the_photo_that_was_looked_at_last(
    tab: Tab, collector: Person
) -> None:
    app = tab(collector, viewport={"width": 1280, "height": 500})
    app.open("/photos?tag=sunset")
    expect(app.photos()).to_have_count(SUNSETS)
    names = shown(app)
    app.photos().first.click()
    for name in names[1:]:
        app.page.get_by_role("link", name="Next photo").click()
        app.expect_page(name)
    app.page.keyboard.press("Escape")
    expect(app.photos().last).to_be_focused()
    expect(app.photos().last).to_be_in_viewport(ratio=1)


def test_a_photo_that_was_opened_by_its_address_closes_into_its_list(
    tab: Tab, collector: Person
) -> None:
    app = tab(collector)
    app.open("/photos?tag=sunset")
    expect(app.photos()).to_have_count(SUNSETS)
    name = shown(app)[3]
    path = app.photos().nth(3).get_attribute("href")
    app.open("/events")
    app.expect_page("Events")
    for way in ("Close", "Escape"):
        app.open(str(path))
        app.expect_page(name)
        entries = app.page.evaluate("history.length")
        if way == "Close":
            app.page.get_by_role("link", name="Close").click()
        else:
            app.page.keyboard.press("Escape")
        expect(app.photos().nth(3)).to_be_focused()
        assert app.page.url.endswith("/photos?tag=sunset")
        assert app.page.evaluate("history.length") == entries
        app.page.go_back()
        app.expect_page("Events")


def test_after_a_reload_a_photo_further_down_has_its_neighbours_and_its_place(
    tab: Tab, collector: Person
) -> None:
    app = tab(collector, viewport={"width": 1280, "height": 800})
    names = titles(collector)
    app.open("/photos")
    app.photos().first.focus()
    app.until(lambda: app.page.keyboard.press("End") or place_of_focus(app) == MANY)
    app.page.keyboard.press("ArrowLeft")
    app.page.keyboard.press("Enter")
    app.expect_page(names[MANY - 2])
    app.page.reload()
    app.page.get_by_role("link", name="Next photo").click()
    app.expect_page(names[MANY - 1])
    app.page.keyboard.press("ArrowLeft")
    app.expect_page(names[MANY - 2])
    app.page.get_by_role("link", name="Close").click()
    app.expect_page("Your photos")
    app.until(lambda: place_of_focus(app) == MANY - 1)
    expect(focused(app)).to_be_in_viewport(ratio=1)


def test_behind_a_picture_with_transparent_parts_there_is_nothing(
    tab: Tab, new_person: Callable[..., Person]
) -> None:
    person = new_person()
    content = pictures.png(300, 200)
    photo = upload(person.client, content, fileName="a.png", contentType="image/png")
    app = tab(person)
    app.open("/photos")
    app.until(lambda: app.photos().locator("img").evaluate("image => image.naturalWidth"))
    behind = "element => getComputedStyle(element).backgroundImage"
    expect(app.photos().locator("img")).not_to_have_class("loading")
    assert app.photos().first.evaluate(behind) == "none"
    app.open(f"/photos/{photo['photoId']}")
    picture = app.page.locator(".stage-picture")
    app.until(lambda: picture.locator("img").evaluate("image => image.naturalWidth"))
    expect(picture.locator("img")).not_to_have_class("loading")
    assert picture.evaluate(behind) == "none"


def test_a_photo_on_its_way_is_asked_for_again_when_that_fails_at_first(
    tab: Tab, new_person: Callable[..., Person]
) -> None:
    person = new_person()
    photo = upload(person.client, pictures.jpeg(), title="Soon")

    def on_its_way(text: str) -> str:
        page = json.loads(text)
        page["items"] = [one | {"status": "processing"} for one in page["items"]]
        return json.dumps(page)

    app = tab(person)
    app.refused = {"400"}
    app.change(r"/photos\?limit=\d+", on_its_way)
    app.refuse(f"/photos/{photo['photoId']}", 400, "InvalidRequest")
    app.open("/photos")
    expect(app.photos()).to_contain_text("Making thumbnails")
    expect(app.photos().get_by_role("img", name="Soon")).to_be_visible()


def test_a_tag_of_two_words_can_be_typed(tab: Tab, new_person: Callable[..., Person]) -> None:
    person = new_person()
    upload(person.client, pictures.jpeg(), title="Bridge", tags=["new york"])
    upload(person.client, pictures.jpeg(70, 50), title="Sheep", tags=["new"])
    app = tab(person)
    app.open("/photos")
    expect(app.photos()).to_have_count(2)
    tag = app.page.get_by_label("Filter by tag")
    tag.press_sequentially("new ")
    expect(app.photos()).to_have_count(1)
    assert app.page.url.endswith("?tag=new")
    expect(tag).to_have_value("new ")
    tag.press_sequentially("york")
    expect(app.photos().get_by_role("img", name="Bridge")).to_be_visible()
    expect(tag).to_have_value("new york")


VERY_MANY = 10_000
MOST_TILES = 200
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
MOST_MILLISECONDS = 100
"""Of the processor's time for one step: a clock would count what a busy machine does meanwhile."""

KEYS = ["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowDown"] * 8


def made_up(number: int, like: Any) -> Any:
    """Return a photo that the service could list, at this place of a long list."""
    width, height = SHAPES[number % len(SHAPES)]
    thumbnails = [
        one | {"url": f"{PIXEL}#{number}", "expiresAt": "2099-01-01T00:00:00Z"}
        for one in like["thumbnails"]
    ]
    return like | {
        "photoId": f"made-up-{number}",
        "title": f"Photo {number}",
        "width": width,
        "height": height,
        "thumbnails": thumbnails,
    }


def test_a_gallery_of_10000_photos_scrolls_and_is_walked_through(
    tab: Tab, new_person: Callable[..., Person]
) -> None:
    person = new_person()
    like = upload(person.client, pictures.jpeg())
    app = tab(person, viewport={"width": 1280, "height": 800})

    def answer(route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        first = int(query.get("cursor", ["0"])[0])
        end = first + VERY_MANY // 5
        items = [] if "status" in query else [made_up(one, like) for one in range(first, end)]
        page = {"items": items, "nextCursor": str(end) if items and end < VERY_MANY else None}
        route.fulfill(json=page, headers={"Access-Control-Allow-Origin": "*"})

    app.page.route(re.compile(r"/dev/photos(\?|$)"), answer)
    app.open("/photos")
    app.photos().first.focus()
    keyboard = app.page.keyboard
    app.until(lambda: keyboard.press("End") or place_of_focus(app) == VERY_MANY)
    expect(focused(app)).to_be_in_viewport(ratio=1)
    assert app.photos().count() < MOST_TILES
    keyboard.press("ArrowUp")
    assert VERY_MANY - 20 < place_of_focus(app) < VERY_MANY
    keyboard.press("Home")
    assert place_of_focus(app) == 1
    expect(focused(app)).to_be_in_viewport(ratio=1)

    session = app.page.context.new_cdp_session(app.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked() -> float:
        """Return the seconds of its processor that the page has taken so far."""
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

    before = worked()
    for key in KEYS:
        keyboard.press(key)
        expect(focused(app)).to_be_in_viewport(ratio=1)
    assert place_of_focus(app) > 16 * 3
    assert (worked() - before) * 1000 / len(KEYS) < MOST_MILLISECONDS

    before = worked()
    for _ in range(16):
        app.page.mouse.wheel(0, 5000)
        app.page.evaluate("() => new Promise(requestAnimationFrame)")
        assert 0 < app.photos().count() < MOST_TILES
    app.until(lambda: app.page.evaluate("scrollY") >= 75_000)
    assert (worked() - before) * 1000 / 16 < MOST_MILLISECONDS
    assert place_of_focus(app) > 16 * 3  # the focus stays where it was
    assert app.layout_shift() < MOST_SHIFT, app.shifts()


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
    app.refuse("/photos", 503, "ServiceUnavailable", times=6)  # both lists, each asked for thrice
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
    main.get_by_role("link", name="Events").click()
    expect(app.page.get_by_role("alert")).to_contain_text("Are you online?")
    main.get_by_role("link", name="Photos").click()
    expect(app.photos().first).to_be_visible()
    (error,) = app.unexpected()
    assert re.search("dynamically imported module|Unable to preload CSS", error)
    app.errors.remove(error)


def test_a_page_that_is_none_says_so(tab: Tab, collector: Person) -> None:
    app = tab(collector)
    app.open("/nowhere/at/all")
    app.expect_page("There is nothing here")
    app.page.get_by_role("link", name="To your photos").click()
    app.expect_page("Your photos")
