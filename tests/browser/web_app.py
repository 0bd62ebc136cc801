"""The browser app, used as a person uses it: by what is written on it."""

from __future__ import annotations

import json
import mimetypes
import os
import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    ConsoleMessage,
    Dialog,
    Error,
    FileChooser,
    Locator,
    Page,
    Request,
    Response,
    Route,
    StorageState,
    expect,
)

from local.client import Client, Stack, User, sign_in
from tests.support import pictures
from tests.support.browser import npm_packages
from tests.support.patience import PATIENCE_SECONDS
from tests.support.running_stack import until

WATCH = """
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const shift of list.getEntries())
            if (!shift.hadRecentInput)
                shifts.push([
                    shift.value,
                    ...shift.sources.map(({ node, previousRect: from, currentRect: to }) =>
                        `${node?.textContent}: ${from.x},${from.y} to ${to.x},${to.y}`)]);
    }).observe({ type: "layout-shift", buffered: true });
"""
"""Runs in every page before its own scripts: keeps the layout shifts that nobody asked for."""

NETWORK = re.compile(r"Failed to load resource: .*(?:status of (\d+)|net::(\w+))")
"""What Chromium itself says of an answer above 399, or of none."""

GALLERY = re.compile("^(Your p|P)hotos")

DROP = """(files) => {
    const data = new DataTransfer();
    for (const { name, type, base64 } of files) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        data.items.add(new File([bytes], name, { type }));
    }
    const at = document.querySelector("main");
    for (const kind of ["dragenter", "dragover", "drop"])
        at.dispatchEvent(
            new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


FORGET_TOKENS = """() => {
    for (const name of Object.keys(localStorage))
        if (name.startsWith("CognitoIdentity")) localStorage.removeItem(name);
}"""
"""Ends the session, as far as this browser knows."""


@dataclass(frozen=True)
class Person:
    """Someone with an account: their client of the API, and a browser that they signed in with."""

    user: User
    client: Client
    state: StorageState


def signed_in(stack: Stack, web_url: str, user: User) -> StorageState:
    """Return what a browser keeps once `user` has signed in on the page, without doing that there.

    The page proves the password by so much arithmetic that it takes longer than most tests.
    """
    tokens = sign_in(stack, user)
    claims = tokens["IdToken"].split(".")[1]
    user_id = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]
    client = f"CognitoIdentityServiceProvider.{stack.user_pool_client_id}"
    kept = {
        f"{client}.LastAuthUser": user_id,
        f"{client}.{user_id}.clockDrift": "0",
        f"{client}.{user_id}.idToken": tokens["IdToken"],
        f"{client}.{user_id}.accessToken": tokens["AccessToken"],
        f"{client}.{user_id}.refreshToken": tokens["RefreshToken"],
        f"{client}.{user_id}.signInDetails": json.dumps(
            {"loginId": user.email, "authFlowType": "USER_SRP_AUTH"}
        ),
    }
    storage = [{"name": name, "value": value} for name, value in kept.items()]
    return {"cookies": [], "origins": [{"origin": web_url, "localStorage": storage}]}


def photo_file(folder: Path, name: str = "photo.jpg", *, size: int | None = None) -> Path:
    """Make a photo that nobody has: a small JPEG, and noise behind its end, `size` bytes in all."""
    content = pictures.jpeg()
    file = folder / name
    file.write_bytes(content + os.urandom(size - len(content) if size else 16))
    return file


def listed(client: Client) -> list[Any]:
    """Return all photos of a client, as the service lists them."""
    found: list[Any] = []
    query: dict[str, Any] = {"limit": 100}
    while True:
        page = client.api.get("/photos", params=query).raise_for_status().json()
        found += page["items"]
        if not page["nextCursor"]:
            return found
        query["cursor"] = page["nextCursor"]


@cache
def axe() -> str:
    """The script of axe-core."""
    modules = npm_packages(Path(__file__).parent / "axe")
    return (modules / "axe-core" / "axe.min.js").read_text()


class WebApp:
    """One tab with the app in it.

    It keeps what a person would not see but a test must: `errors` are those of scripts, of the
    content security policy and of requests; `refused` the statuses among them that are expected.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.errors: list[str] = []
        self.refused: set[str] = set()
        self.requests: list[Request] = []
        self.answers: list[Response] = []
        self.choosers: list[FileChooser] = []
        page.add_init_script(WATCH)
        page.on("console", self._keep_message)
        page.on("pageerror", self._keep_error)
        page.on("request", self._keep_request)
        page.on("response", self._keep_answer)
        page.on("dialog", self._leave)
        # Not `page.expect_file_chooser()`: a chooser that a key opens before Chromium has heard of
        # it is opened for nobody.
        page.on("filechooser", self._keep_chooser)

    def _keep_message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            # Chromium's own words on a request that failed do not say which one it was.
            where = message.location.get("url", "")
            self.errors.append(f"{message.text} ({where.partition('?')[0]})")

    def _keep_error(self, error: Error) -> None:
        self.errors.append(error.stack or str(error))

    def _keep_request(self, request: Request) -> None:
        self.requests.append(request)

    def _keep_answer(self, answer: Response) -> None:
        self.answers.append(answer)

    def _keep_chooser(self, chooser: FileChooser) -> None:
        self.choosers.append(chooser)

    @staticmethod
    def _leave(dialog: Dialog) -> None:
        """Say yes to "Leave the page?"."""
        with suppress(Error):  # the page went away meanwhile
            dialog.accept()

    def unexpected(self) -> list[str]:
        """Return the errors that no test has announced in `refused`."""
        return [error for error in self.errors if not self._is_expected(error)]

    def _is_expected(self, error: str) -> bool:
        if error.startswith("[Uppy]"):  # tells in its own words what the network's message says
            return bool(self.refused)
        said = NETWORK.search(error)
        return bool(said and (said[1] or said[2]) in self.refused)

    # ------------------------------------------------------------------ going about

    def open(self, path: str = "/") -> None:
        """Open a page of the app."""
        self.page.goto(self.url + path)

    def open_photos(self) -> None:
        """Open the photos of whoever is signed in, and wait for them."""
        self.open("/photos")
        self.expect_page("Your photos")

    def expect_page(self, heading: str | re.Pattern[str]) -> None:
        """Wait until the page with this heading is shown."""
        expect(self.page.get_by_role("heading", level=1, name=heading)).to_be_visible()

    def button(self, name: str | re.Pattern[str]) -> Locator:
        """Find a button by its name."""
        return self.page.get_by_role("button", name=name)

    def dialog(self, name: str | re.Pattern[str]) -> Locator:
        """Find an open dialog by its title."""
        return self.page.get_by_role("dialog", name=name)

    def account(self) -> Locator:
        """Find what opens the menu of the account."""
        return self.page.locator("summary").filter(has_text="Account of")

    def says(self, text: str) -> None:
        """Wait for the short news at the edge of the screen."""
        expect(self.page.locator(".toasts").get_by_text(text)).to_be_visible()

    def sign_in(self, user: User) -> None:
        """Sign in on the page that asks for it."""
        self.page.get_by_label("E-mail").fill(user.email)
        self.page.get_by_label("Password", exact=True).fill(user.password)
        self.button("Sign in").click()

    def photos(self) -> Locator:
        """Return the pictures in the gallery that is shown, in order."""
        return self.page.get_by_role("list", name=GALLERY).get_by_role("link")

    def refuse(self, path: str, status: int, code: str, *, times: int = 1, **headers: str) -> None:
        """Let the service answer requests whose URL ends like this with an error, now and then."""
        body = {"code": code, "message": f"{code}, in words.", "requestId": "r-1"}
        allowed = {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": ", ".join(headers),
        }
        self.page.route(
            re.compile(rf"/dev{path}(\?|$)"),
            lambda route: route.fulfill(
                status=status,
                headers=allowed | headers,
                content_type="application/json",
                body=json.dumps(body),
            ),
            times=times,
        )

    def change(self, path: str, change: Callable[[str], str], *, times: int = 1) -> None:
        """Change what the service answers to requests whose URL ends like this."""

        def answer(route: Route) -> None:
            got = route.fetch()
            route.fulfill(response=got, body=change(got.text()))

        self.page.route(re.compile(rf"/dev{path}(\?|$)"), answer, times=times)

    def asked(self, path: str) -> list[Request]:
        """Return the requests so far whose URL ends like this, without preflights."""
        return [
            request
            for request in self.requests
            if re.search(rf"/dev{path}(\?|$)", request.url) and request.method != "OPTIONS"
        ]

    # ------------------------------------------------------------------ uploads

    def choose(self, *files: Path) -> Locator:
        """Choose files to upload; return the dialog that asks about them."""
        self.page.get_by_label("Photos and videos to upload").set_input_files(list(files))
        return self.dialog(re.compile("^Add to"))

    def file_chooser(self) -> FileChooser:
        """Wait until the page has opened a file chooser, and return it."""
        self.until(lambda: self.choosers)
        return self.choosers.pop()

    def drop(self, *files: Path) -> Locator:
        """Drop files on the page; return the dialog that asks about them."""
        given = [
            {
                "name": file.name,
                "type": mimetypes.guess_type(file.name)[0] or "",
                "base64": b64encode(file.read_bytes()).decode(),
            }
            for file in files
        ]
        self.page.evaluate(DROP, given)
        return self.dialog(re.compile("^Add to"))

    def send(self, *files: Path) -> None:
        """Choose files, and upload them as they are."""
        self.choose(*files).get_by_role("button", name=re.compile("^Upload")).click()

    def upload(self, name: str) -> Locator:
        """Find the line of one upload in the tray."""
        tray = self.page.get_by_role("region", name="Uploads")
        return tray.get_by_role("listitem").filter(has_text=name)

    @contextmanager
    def holding(self, pattern: str, *, method: str = "*") -> Iterator[Gate]:
        """Hold requests whose URL matches `pattern` (with wildcards) to the end at the latest."""
        gate = Gate(self.page, pattern, method)
        try:
            yield gate
        finally:
            gate.open()

    @contextmanager
    def half_sent(self, file: Path) -> Iterator[Gate]:
        """Send a file of several parts, and hold the second part to the end at the latest."""
        with self.holding("*partNumber=2*", method="PUT") as gate:
            self.send(file)
            self.until(lambda: gate.held)
            yield gate

    def until(self, condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
        """Return what `condition` returns as soon as that is true; the page goes on meanwhile."""
        return until(
            condition,
            seconds,
            pause=lambda: self.page.wait_for_timeout(25),
            describe=lambda: self.page.inner_text("body"),
        )

    # ------------------------------------------------------------------ manners

    def layout_shift(self) -> float:
        """Return how much moved since the page was loaded without anybody asking: CLS."""
        return float(sum(value for value, *_ in self.shifts()))

    def shifts(self) -> list[Any]:
        """Return how much each of those moves counts, and what moved."""
        return list(self.page.evaluate("shifts"))

    def assert_accessible(self, what: str) -> None:
        """Axe finds no serious or critical fault in what is shown, and nothing is too wide."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(axe())
        self.page.evaluate(SETTLED)
        found = self.page.evaluate(
            """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
                .filter(({ impact }) => ["serious", "critical"].includes(impact))
                .map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) =>
                    `${html} ${failureSummary}`)])"""
        )
        assert not found, f"{what}: {found}"
        # The gallery places its rows anew a moment after the window has become narrower.
        self.until(lambda: self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


SETTLED = """() => Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().iterations !== Infinity)
    .map((one) => one.finished.catch(() => undefined)))"""
"""Colours are measured when nothing fades in any more."""


class Gate:
    """Holds requests, until it is opened."""

    def __init__(self, page: Page, pattern: str, method: str) -> None:
        self.held: list[dict[str, Any]] = []
        self._method = method
        self._session = page.context.new_cdp_session(page)
        self._session.on("Fetch.requestPaused", self._paused)
        self._session.send("Fetch.enable", {"patterns": [{"urlPattern": pattern}]})

    def _paused(self, event: dict[str, Any]) -> None:
        method = event["request"]["method"]
        if method == "OPTIONS" or self._method not in ("*", method):
            with suppress(Error):  # opened meanwhile
                self._session.send("Fetch.continueRequest", {"requestId": event["requestId"]})
        else:
            self.held.append(event)

    def open(self) -> None:
        """Let through what is held, and all that comes."""
        with suppress(Error):  # the page has gone to another
            self._session.detach()
