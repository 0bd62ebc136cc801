"""The browser app where the edge delivers: what it fetches, and in which size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from tests.browser.web_app import Person, WebApp
from tests.support import pictures
from tests.support.running_stack import upload

Tab = Callable[..., WebApp]


class Fetched:
    """The pictures that a page gets from the edge, and those that it has in its cache."""

    def __init__(self, app: WebApp, edge: str) -> None:
        self.from_edge: list[str] = []
        self.from_cache: list[str] = []
        self._requests: dict[str, str] = {}
        self._edge = edge
        network = app.page.context.new_cdp_session(app.page)
        network.on("Network.requestWillBeSent", self._begin)
        network.on("Network.requestServedFromCache", self._count_cached)
        network.on("Network.responseReceived", self._count)
        network.send("Network.enable")

    def forget(self) -> None:
        """Begin anew."""
        self.from_edge.clear()
        self.from_cache.clear()

    def _begin(self, event: Any) -> None:
        url = event["request"]["url"]
        if url.startswith(f"{self._edge}/i/"):
            self._requests[event["requestId"]] = urlsplit(url).path

    def _count_cached(self, event: Any) -> None:
        if path := self._requests.pop(event["requestId"], None):
            self.from_cache.append(path)

    def _count(self, event: Any) -> None:
        if path := self._requests.pop(event["requestId"], None):
            is_cached = event["response"]["fromDiskCache"]
            (self.from_cache if is_cached else self.from_edge).append(path)


def is_whole(app: WebApp, count: int) -> bool:
    """Whether so many pictures are shown."""
    shown = "images => images.filter(one => one.complete && one.naturalWidth).length"
    return bool(app.photos().locator("img").evaluate_all(shown) == count)


def test_a_gallery_that_is_seen_twice_fetches_each_picture_once(tab: Tab, person: Person) -> None:
    for side in (320, 321, 322):
        upload(person.client, pictures.jpeg(side, 240))
    app = tab(person)
    edge = person.client.stack.delivery_url
    assert edge
    fetched = Fetched(app, edge)
    app.open("/photos")
    app.until(lambda: is_whole(app, 3))
    assert len(fetched.from_edge) == len(set(fetched.from_edge)) == 3
    fetched.forget()

    app.page.reload()
    app.until(lambda: is_whole(app, 3))

    assert fetched.from_edge == []
    assert len(set(fetched.from_cache)) == 3


def test_a_large_screen_shows_a_photo_in_the_next_size(tab: Tab, person: Person) -> None:
    photo = upload(person.client, pictures.jpeg(3000, 2000))
    app = tab(person, viewport={"width": 1600, "height": 1000}, device_scale_factor=2)
    fetched = Fetched(app, str(person.client.stack.delivery_url))
    app.open(f"/photos/{photo['photoId']}")
    app.until(lambda: any(path.endswith("/2048") for path in fetched.from_edge))
