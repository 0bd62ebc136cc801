"""The browser app: signed links that end while a page is open, or do not work."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from PIL import Image
from playwright.sync_api import Locator, Route

from tests.browser.web_app import Person, WebApp
from tests.support import pictures
from tests.support.running_stack import until, upload
from tests.support.videos import video

Tab = Callable[..., WebApp]

VERY_MANY = 10_000
PAGE = 1_000
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
LINKS_LAST = timedelta(minutes=15)
MOST_CALLS = 4
"""What is seen, and a window's height around it, stands on two of these pages at most."""


def break_links(text: str) -> str:
    """Return an answer whose signatures do not fit."""
    return re.sub(r"&Signature=[^&\"]{8}", "&Signature=AAAAAAAA", text)


def is_shown(picture: Locator) -> bool:
    """Whether a picture has come."""
    return bool(picture.evaluate("image => image.complete && image.naturalWidth > 0"))


@pytest.fixture
def photo(person: Person) -> Any:
    """A completed photo of `person`."""
    return upload(person.client, pictures.jpeg(320, 240), title=f"The pier {uuid4().hex[:6]}")


class LongList:
    """A list of very many photos, with links that last as long as the service's do."""

    def __init__(self, app: WebApp, like: Any) -> None:
        self.calls = 0
        self._like = like
        self._now = datetime.now(UTC)
        self._clock = app.page.clock
        self._clock.install(time=self._now)
        app.page.route(re.compile(r"/dev/photos(\?|$)"), self._answer)

    def pass_time(self, time: timedelta) -> None:
        """Let time pass in the browser."""
        self._now += time
        self._clock.fast_forward(int(time.total_seconds() * 1000))

    def _answer(self, route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        first, end = int(query.get("cursor", ["0"])[0]), 0
        if "status" not in query:  # nothing has failed
            self.calls += 1
            end = first + PAGE
        page = {
            "items": [self._photo(number) for number in range(first, end)],
            "nextCursor": str(end) if 0 < end < VERY_MANY else None,
        }
        route.fulfill(json=page, headers={"Access-Control-Allow-Origin": "*"})

    def _photo(self, number: int) -> Any:
        ends = (self._now + LINKS_LAST).isoformat()
        link = {"url": f"{PIXEL}#{number}?{self.calls}", "expiresAt": ends}
        created = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(seconds=number)
        return self._like | {
            "photoId": f"made-up-{number}",
            "title": f"Photo {number}",
            "createdAt": created.isoformat(),
            "thumbnails": [one | link for one in self._like["thumbnails"]],
        }


def signed_by(app: WebApp) -> int:
    """Which call has signed the link of the picture that has the focus."""
    url = app.page.locator(":focus img").get_attribute("src")
    assert url
    return int(url.rpartition("?")[2])


def place_of_focus(app: WebApp) -> int:
    return int(app.page.locator(":focus").evaluate("link => link.parentElement.ariaPosInSet"))


def test_of_10000_photos_only_those_near_what_is_seen_get_new_links(
    tab: Tab, person: Person, photo: Any
) -> None:
    app = tab(person, viewport={"width": 1280, "height": 800})
    photos = LongList(app, photo)
    app.open("/photos")
    app.photos().first.focus()
    keyboard = app.page.keyboard
    app.until(lambda: keyboard.press("End") or place_of_focus(app) == VERY_MANY)
    assert photos.calls == VERY_MANY / PAGE

    for key in ("End", "Home"):
        keyboard.press(key)
        before = photos.calls
        photos.pass_time(LINKS_LAST)
        app.until(lambda before=before: signed_by(app) > before)
        assert photos.calls <= before + MOST_CALLS
    assert app.photos().count() < PAGE


def test_a_broken_link_in_the_gallery_is_replaced(app: WebApp, photo: Any) -> None:
    app.refused = {"403"}
    app.change(r"/photos\?limit=\d+", break_links)
    app.open("/photos")
    picture = app.photos().get_by_role("img", name=photo["title"])
    app.until(lambda: is_shown(picture))


def test_the_cover_of_an_event_recovers_from_a_broken_link(
    tab: Tab, new_person: Callable[..., Person]
) -> None:
    organizer = new_person("organizers")
    api = organizer.client.api
    event = api.post("/events", json={"name": "Garden party"}).raise_for_status().json()
    path = f"/events/{event['eventId']}/photos"
    content = pictures.jpeg(120, 90)
    grant = organizer.client.initiate(
        f"{path}/initiate-upload",
        fileName="party.jpg",
        contentType="image/jpeg",
        sizeBytes=len(content),
    )
    organizer.client.send(grant["upload"], content).raise_for_status()
    organizer.client.wait(grant["photoId"])

    app = tab(organizer)
    app.refused = {"403"}
    app.change(path, break_links)
    app.open("/events")
    app.until(lambda: is_shown(app.page.locator(".cover img")))
    assert len(app.asked(path)) == 2


def test_a_portrait_recovers_from_a_broken_link(
    tab: Tab, new_person: Callable[..., Person]
) -> None:
    clerk = new_person("staff")
    api, name = clerk.client.api, f"Joan {uuid4().hex[:6]}"
    wish = {"name": name, "email": f"{uuid4().hex[:8]}@example.com", "course": "Logic"}
    student = api.post("/v2/students", json=wish).raise_for_status().json()
    path = f"/v2/students/{student['studentId']}"
    content = pictures.jpeg(100, 100)
    grant = api.get(f"{path}/picture-upload-url", params={"sizeBytes": len(content)})
    clerk.client.send(grant.json()["upload"], content).raise_for_status()
    until(lambda: (api.get(path).json()["picture"] or {}).get("status") == "completed")

    app = tab(clerk)
    app.refused = {"403"}
    app.change("/v2/students", break_links)
    app.open("/students")
    picture = app.page.get_by_role("img", name=f"Picture of {name}")
    app.until(lambda: is_shown(picture))


class HalfGone:
    """Serves the first half of a video by its first link, and all of it by the next ones."""

    def __init__(self, app: WebApp, content: bytes) -> None:
        self.links: list[str] = []
        self._content = content
        app.page.route(re.compile(r"uploads/.*\.webm"), self._answer)

    def _answer(self, route: Route) -> None:
        if route.request.url not in self.links:
            self.links.append(route.request.url)
        size = len(self._content)
        wanted = re.match(r"bytes=(\d+)-", route.request.headers.get("range", ""))
        first = int(wanted[1]) if wanted else 0
        end = size // 2 if len(self.links) == 1 else size
        if first >= end:
            route.fulfill(status=403)
            return
        headers = {
            "Content-Type": "video/webm",
            "Accept-Ranges": "bytes",
            "Content-Range": f"bytes {first}-{end - 1}/{size}",
        }
        route.fulfill(status=206, headers=headers, body=self._content[first:end])


def test_a_video_whose_link_ends_goes_on_with_a_new_one(app: WebApp, person: Person) -> None:
    noise = Image.effect_noise((640, 480), 200).convert("RGB")
    content = video("webm", "libvpx", (640, 480), seconds=2, picture=noise)
    words = {"fileName": "waves.webm", "contentType": "video/webm", "title": "Waves"}
    film = upload(person.client, content, **words)
    assert film["status"] == "completed", film["failure"]

    path = f"/photos/{film['photoId']}/view-url"

    def ended(text: str) -> str:
        answer = json.loads(text) | {"expiresAt": "2026-01-01T00:00:00Z"}
        answer["url"] += f"&asked={len(app.asked(path))}"  # links of one second are the same
        return json.dumps(answer)

    storage = HalfGone(app, content)
    app.refused = {"403"}
    app.change(path, ended)
    app.open(f"/photos/{film['photoId']}")
    player = app.page.locator("video")
    app.until(lambda: player.evaluate("player => player.readyState >= player.HAVE_METADATA"))
    player.evaluate("player => { player.muted = true; void player.play(); }")
    app.until(lambda: player.evaluate("player => player.ended"))
    assert len(storage.links) == len(app.asked(path)) == 2
