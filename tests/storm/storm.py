"""What the clients of a storm do, and what has to be true when it is over."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from local import users
from local.client import FINAL, Client, Stack, User
from tests.support import pictures
from tests.support.patience import PATIENCE_SECONDS

REFUSED_FOR_NOW = {429, 500, 502, 503, 504}
"""What a client tries again. All else is an answer."""

HEAL_SECONDS = 5.0
"""How long a client waits for a photo before it tells the service that the file has landed. Before
it says so again it waits twice as long: each time adds a message, which a busy stack works off."""

IN_EVENT, EDITED, DELETED = 0.3, 0.15, 0.15
"""The shares of photos that go to an event, that are edited, and that are deleted at some time."""


class StormError(AssertionError):
    """Something was lost, left over, or never ended."""


@dataclass
class Sent:
    """A photo that was uploaded, and what its owner wants of it."""

    photo_id: str
    title: str
    is_deleted: bool = False
    seconds: float | None = None
    """From the end of the PUT to `completed`; None if its owner deleted it."""


@dataclass
class Guest:
    """One client with an account of its own, and all that it has sent."""

    client: Client
    chance: random.Random
    event_id: str
    sent: list[Sent] = field(default_factory=list)

    def upload(self) -> None:
        """Upload a photo and follow it to its end; edit or delete it now and then on the way."""
        sent = self._send()
        self.sent.append(sent)
        landed = time.monotonic()
        if self.chance.random() < DELETED:
            time.sleep(self.chance.uniform(0, 2))
            self._ask("DELETE", f"/photos/{sent.photo_id}", takes={204, 404})
            sent.is_deleted = True
            return
        if self.chance.random() < EDITED:
            sent.title = f"Edited {uuid.UUID(int=self.chance.getrandbits(128))}"
            body = {"title": sent.title, "tags": self._tags()}
            self._ask("PATCH", f"/photos/{sent.photo_id}", json=body)
        self._follow(sent)
        sent.seconds = time.monotonic() - landed

    def _send(self) -> Sent:
        content = pictures.jpeg() + self.chance.randbytes(16)
        is_for_event = self.chance.random() < IN_EVENT
        title = f"Photo {uuid.UUID(int=self.chance.getrandbits(128))}"
        path = f"/events/{self.event_id}/photos" if is_for_event else "/photos"
        grant = self._ask(
            "POST",
            f"{path}/initiate-upload",
            takes={201},
            headers={"Idempotency-Key": title.replace(" ", "-")},
            json={
                "fileName": "photo.jpg",
                "contentType": "image/jpeg",
                "sizeBytes": len(content),
                "title": title,
                "tags": self._tags(),
            },
        ).json()
        # 412: it has landed already, and only the answer was lost.
        steadily(lambda: self.client.send(grant["upload"], content), {200, 204, 412})
        return Sent(grant["photoId"], title)

    def _tags(self) -> list[str]:
        return self.chance.sample(["sea", "hill", "lake", "wood"], self.chance.randrange(3))

    def _follow(self, sent: Sent) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        wait = HEAL_SECONDS
        next_word = time.monotonic() + wait
        while True:
            photo = self._ask("GET", f"/photos/{sent.photo_id}").json()
            if photo["status"] == "completed":
                return
            if photo["status"] in FINAL:
                raise StormError(f"{sent.photo_id} failed: {photo['failure']}")
            if time.monotonic() > deadline:
                raise StormError(f"{sent.photo_id} is still {photo['status']}")
            if time.monotonic() > next_word:
                wait *= 2
                next_word = time.monotonic() + wait
                word = {"status": "uploaded"}
                self._ask("PUT", f"/photos/{sent.photo_id}/status", takes={200, 409}, json=word)
            time.sleep(0.25)

    def _ask(
        self, method: str, path: str, *, takes: Iterable[int] = (200,), **options: Any
    ) -> httpx.Response:
        return steadily(lambda: self.client.api.request(method, path, **options), takes)

    def held(self) -> dict[str, str]:
        """Return ids and titles of the photos that the service lists as this guest's."""
        found: dict[str, str] = {}
        cursor = None
        while True:
            query = {"limit": 100} | ({"cursor": cursor} if cursor else {})
            page = self._ask("GET", "/photos", params=query).json()
            found |= {photo["photoId"]: photo["title"] for photo in page["items"]}
            cursor = page["nextCursor"]
            if not cursor:
                return found

    def wanted(self) -> dict[str, str]:
        """Return ids and titles of what this guest has sent and not deleted."""
        return {sent.photo_id: sent.title for sent in self.sent if not sent.is_deleted}


def steadily(call: Callable[[], httpx.Response], takes: Iterable[int]) -> httpx.Response:
    """Call until there is an answer, as a patient client does.

    Raises StormError when the answer is none of those it `takes`, or never comes.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    wait = 0.1
    while True:
        answer: httpx.Response | None = None
        said = ""
        try:
            answer = call()
        except httpx.TransportError as error:
            said = repr(error)
        if answer is not None and answer.status_code not in REFUSED_FOR_NOW:
            if answer.status_code not in takes:
                raise StormError(f"{answer.request.url.path}: {answer.status_code} {answer.text}")
            return answer
        if time.monotonic() > deadline:
            raise StormError(
                f"no answer in {PATIENCE_SECONDS} s: {said or (answer and answer.text)}"
            )
        time.sleep(wait)
        wait = min(2 * wait, 2.0)


def guests(stack: Stack, seed: int, count: int) -> list[Guest]:
    """Make accounts of this storm's own, all of them attendees of one event."""
    cognito = stack.aws("cognito-idp")
    organizer = Client(stack, stack.user("ada@example.com"))
    made = steadily(lambda: organizer.api.post("/events", json={"name": "Storm"}), {201})
    event_id = made.json()["eventId"]
    found = []
    for number in range(count):
        user = User(f"storm-{uuid.uuid4()}@example.com", users.PASSWORD, ())
        users.add(cognito, stack.user_pool_id, user)
        path = f"/events/{event_id}/attendees/{quote(user.email, safe='')}"
        steadily(lambda path=path: organizer.api.put(path), {200, 201})  # type: ignore[misc]
        found.append(Guest(Client(stack, user), random.Random(f"{seed}/{number}"), event_id))
    organizer.close()
    return found


def rage(crowd: list[Guest], uploads: int, *, at_half: Callable[[], None]) -> None:
    """Have the guests send so many photos together; call `at_half` once half of them are begun.

    Raises StormError when one of them does not end as it should.
    """
    begun = iter(range(uploads))
    lock = threading.Lock()
    is_half = threading.Event()

    def work(guest: Guest) -> None:
        while True:
            with lock:
                number = next(begun, None)
            if number is None:
                return
            if number >= uploads // 2:
                is_half.set()
            guest.upload()

    with ThreadPoolExecutor(len(crowd) + 1) as threads:
        work_of_all = [threads.submit(work, guest) for guest in crowd]

        def interrupt() -> None:
            is_half.wait()
            at_half()

        interruption = threads.submit(interrupt)
        try:
            for done in work_of_all:
                done.result()
        finally:
            is_half.set()
        interruption.result()


def judge(crowd: list[Guest]) -> None:
    """Compare what everybody holds with what they want. Raises StormError."""
    for guest in crowd:
        held, wanted = guest.held(), guest.wanted()
        if lost := wanted.keys() - held.keys():
            raise StormError(f"lost: {sorted(lost)}")
        if left := held.keys() - wanted.keys():
            raise StormError(f"left over: {sorted(left)}")
        if wrong := [one for one in wanted if held[one] != wanted[one]]:
            raise StormError(f"edited in vain: {sorted(wrong)}")
