"""`make screenshots`: take the README's pictures of the browser app, into docs/images.

It starts a stack of its own, fills it by the public API, and stops it. With PHOTODROP_STACK it uses
that stack, and leaves there what it filled in.

What differs from run to run is shown as it was on one day: dates, links, and how far uploads are. A
picture in which nothing can be seen to have changed is left as it is.
"""

from __future__ import annotations

import io
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image, ImageChops
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from local import chromium, parent
from local.client import Client, Stack
from local.emulator.process import free_port
from local.screenshots import scenery
from local.screenshots.scenery import DUSK, MIST, NIGHT, NOON, SUNRISE, TEAL, Colour, Maker, Size
from local.state import ROOT, Places
from local.terminal import fail, say, step

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 250_000
START_TIMEOUT_SECONDS = 300
WINDOW = ViewportSize(width=1280, height=800)
TALL = ViewportSize(width=1280, height=1180)
PHONE = ViewportSize(width=360, height=720)
TAKEN_AT = "2026-08-04T10:30:00+02:00"
"""When everything was uploaded, as far as the pictures show."""

ONE_DAY = f"""
    const shown = Date.parse("{TAKEN_AT}"), now = Date.now(), day = 86_400_000;
    const {{ get }} = Object.getOwnPropertyDescriptor(Intl.DateTimeFormat.prototype, "format");
    Object.defineProperty(Intl.DateTimeFormat.prototype, "format", {{
        get() {{
            const format = get.call(this);
            return (date) => format(Math.abs(date - now) < day ? shown : date);
        }},
    }});
"""
"""Runs before a page's own scripts: every moment less than a day away is shown as TAKEN_AT."""

LINK = "https://photos.example.com/uploads/dandelions/320.webp?X-Amz-Signature=4f1d7c"

HALFWAY = """() => {
    const shares = [62, 38, 15];
    for (const row of document.querySelectorAll(".upload[data-state=sending]")) {
        const share = shares.shift(), note = row.querySelector(".upload-note");
        row.querySelector("progress").value = share;
        note.textContent = note.textContent.replace(/^\\d+/, share);
    }
    document.querySelector(".tray-title progress").value = 41;
    const total = document.querySelector(".tray-bytes");
    total.textContent = total.textContent.replace(/^.* of/, "9.9 MB of");
}"""
"""Shows the uploads as far as they are in every picture."""

VISIBLE = 24
"""A difference between two pixels that can be seen, of 255."""

LOOKS = ("--font-render-hinting=none", "--hide-scrollbars")
UPRIGHT, ACROSS, SQUARE, WIDE = (1000, 1400), (1500, 1000), (1200, 1200), (1800, 900)


@dataclass(frozen=True)
class Scene:
    """A picture to upload."""

    title: str
    maker: Maker
    size: Size
    colours: Sequence[Colour]
    tags: tuple[str, ...]

    def jpeg(self) -> bytes:
        """Return it, the same every time."""
        return scenery.jpeg(self.maker, self.size, self.colours, seed=len(self.title) * 7)


LIBRARY = [
    Scene("Above the pass", scenery.mountains, ACROSS, SUNRISE, ("mountains", "morning")),
    Scene("Lanterns", scenery.lights, UPRIGHT, DUSK, ("party", "night")),
    Scene("The whole meadow", scenery.meadow, ACROSS, NOON, ("meadow", "flowers")),
    Scene("Out at sea", scenery.sea, WIDE, NOON, ("sea",)),
    Scene("The long evening", scenery.mountains, SQUARE, DUSK, ("mountains", "evening")),
    Scene("Fog in the firs", scenery.fog, UPRIGHT, TEAL, ("forest", "morning")),
    Scene("Still water", scenery.lake, ACROSS, SUNRISE, ("lake", "morning")),
    Scene("August night", scenery.stars, ACROSS, NIGHT, ("night",)),
    Scene("Last light", scenery.sea, ACROSS, DUSK, ("sea", "evening")),
    Scene("Foothills", scenery.mountains, WIDE, NOON, ("mountains",)),
    Scene("In bloom", scenery.meadow, UPRIGHT, SUNRISE, ("meadow", "flowers")),
    Scene("First frost", scenery.fog, ACROSS, MIST, ("forest",)),
    Scene("Green hour", scenery.mountains, UPRIGHT, TEAL, ("mountains", "evening")),
    Scene("Harbour in the rain", scenery.lights, ACROSS, TEAL, ("night", "sea")),
    Scene("Calm", scenery.sea, SQUARE, SUNRISE, ("sea", "morning")),
    Scene("Over the valley", scenery.mountains, ACROSS, MIST, ("mountains",)),
]
HIKE = [
    Scene("Setting out", scenery.fog, ACROSS, MIST, ("forest",)),
    Scene("The hut at noon", scenery.mountains, ACROSS, NOON, ("hut",)),
    Scene("Dandelion season", scenery.meadow, SQUARE, NOON, ("flowers",)),
    Scene("Second morning", scenery.lake, WIDE, SUNRISE, ("lake", "morning")),
    Scene("The ridge, finally", scenery.mountains, UPRIGHT, SUNRISE, ("summit",)),
    Scene("Nobody wanted to go in", scenery.stars, UPRIGHT, NIGHT, ("night",)),
    Scene("The way down", scenery.mountains, ACROSS, TEAL, ("evening",)),
    Scene("Lights of the village", scenery.lights, ACROSS, DUSK, ("night",)),
]
PARTY = [
    Scene("Under the lanterns", scenery.lights, ACROSS, DUSK, ("night",)),
    Scene("Flowers for the hosts", scenery.meadow, SQUARE, SUNRISE, ("flowers",)),
    Scene("The evening before", scenery.sea, ACROSS, SUNRISE, ("evening",)),
]
STUDENTS = [
    ("Ada Kowalska", "Photography", SUNRISE, 2),
    ("Jonas Weber", "Computer science", TEAL, 28),
    ("Mei Tanaka", "Marine biology", NOON, 13),
    ("Samuel Okafor", "Architecture", DUSK, 11),
    ("Ines Duarte", "Mathematics", MIST, None),
    ("Noor Rahman", "Physics", SUNRISE, 16),
    ("Lena Lindqvist", "History of art", TEAL, 4),
    ("Tomás Rivera", "Music", NOON, 7),
    ("Clara Novak", "Geography", DUSK, 17),
]


def main() -> int:
    """Take them all. Returns the exit code."""
    executable = chromium.find()
    if not executable:
        fail("There is no Chromium: install it, or name one in CHROMIUM.")
        return 1
    IMAGES.mkdir(exist_ok=True)
    with _stack() as stack, sync_playwright() as playwright:
        if not stack.web_url:
            fail("The stack has no web app: it needs Node.js.")
            return 1
        with step("demo content"):
            shown = _fill(stack)
        browser = playwright.chromium.launch(
            executable_path=executable, args=[*chromium.flags({}), *LOOKS]
        )
        with step("screenshots"):
            _take(browser, stack.web_url, shown)
        browser.close()
    return 0


@contextmanager
def _stack() -> Iterator[Stack]:
    """Start a stack in a folder of its own, or use the one that PHOTODROP_STACK names."""
    if given := os.environ.get("PHOTODROP_STACK"):
        yield Stack.read(Path(given))
        return
    with TemporaryDirectory(prefix="photodrop-") as folder:
        places = Places(Path(folder))
        command = [sys.executable, "-m", "local.start", "--state-dir", folder, "--no-sample"]
        process = subprocess.Popen(
            [*command, "--port", str(free_port()), "--web-port", str(free_port())],
            cwd=ROOT,
            env={**os.environ, parent.VARIABLE: str(os.getpid())},
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + START_TIMEOUT_SECONDS
            while not places.stack_file.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("The stack did not start.")
                time.sleep(0.1)
            yield Stack.read(places.stack_file)
        finally:
            process.terminate()
            process.wait()


# ------------------------------------------------------------------------------ content


@dataclass(frozen=True)
class Shown:
    """What pictures are taken of."""

    photo_id: str
    event_id: str


def _fill(stack: Stack) -> Shown:
    ada, grace, staff = (
        Client(stack, stack.user(f"{name}@example.com")) for name in ("ada", "grace", "staff")
    )
    with ada, grace, staff, ThreadPoolExecutor(4) as pool:
        event = _event(ada, "Two days on the ridge", "2026-08-02T06:30:00+02:00", HIKE_WORDS)
        other = _event(ada, "Summer party in the garden", "2026-06-20T18:00:00+02:00", PARTY_WORDS)
        _event(ada, "Autumn concert", "2026-10-09T19:30:00+02:00", None)
        wishes = [((grace, ada)[n == 2], f"/events/{event}/photos", s) for n, s in enumerate(HIKE)]
        wishes += [(grace, f"/events/{other}/photos", scene) for scene in PARTY]
        wishes += [(ada, "/photos", scene) for scene in reversed(LIBRARY)]
        drawn = pool.map(lambda wish: wish[2].jpeg(), wishes)
        photos = [
            _upload(client, path, scene, content)
            for (client, path, scene), content in zip(wishes, drawn, strict=True)
        ]
        list(pool.map(lambda one: one[0].wait(one[1]), photos))
        for name, course, colours, face in reversed(STUDENTS):
            picture = face and scenery.jpeg(scenery.portrait, (600, 600), colours, seed=face)
            _student(staff, name, course, picture or None)
        sample = next((ROOT / "local" / "sample").glob("*.jpg"))
        words: dict[str, Any] = {
            "description": "After the rain, just before sunset.",
            "tags": ["meadow", "evening"],
        }
        photo_id = ada.upload(sample, title="Dandelions", **words)
        ada.wait(photo_id)
        return Shown(photo_id, event)


HIKE_WORDS = "Twelve of us, one hut, and more weather than the forecast had promised."
PARTY_WORDS = "Bring a blanket. We stay until the lanterns go out."


def _event(client: Client, name: str, starts_at: str, description: str | None) -> str:
    wish = {"name": name, "startsAt": starts_at, "description": description}
    event = client.api.post("/events", json=wish).raise_for_status().json()["eventId"]
    for attendee in ("grace", "alan"):
        path = f"/events/{event}/attendees/{attendee}@example.com"
        client.api.put(path).raise_for_status()
    return str(event)


def _upload(client: Client, path: str, scene: Scene, content: bytes) -> tuple[Client, str]:
    wish: dict[str, Any] = {
        "fileName": f"{scene.title}.jpg",
        "contentType": "image/jpeg",
        "sizeBytes": len(content),
        "title": scene.title,
        "tags": list(scene.tags),
    }
    grant = client.initiate(f"{path}/initiate-upload", **wish)
    client.send(grant["upload"], content).raise_for_status()
    return client, grant["photoId"]


def _student(client: Client, name: str, course: str, picture: bytes | None) -> None:
    email = name.lower().replace("á", "a").replace(" ", ".") + "@example.com"
    wish = {"name": name, "course": course, "email": email}
    student = client.api.post("/v2/students", json=wish).raise_for_status().json()
    if not picture:
        return
    path = f"/v2/students/{student['studentId']}"
    asked = client.api.get(f"{path}/picture-upload-url", params={"sizeBytes": len(picture)})
    client.send(asked.raise_for_status().json()["upload"], picture).raise_for_status()
    while (client.api.get(path).json()["picture"] or {}).get("status") != "completed":
        time.sleep(0.1)


# ------------------------------------------------------------------------------ pictures


def _take(browser: Browser, url: str, shown: Shown) -> None:
    page = _window(browser, WINDOW)
    page.goto(url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    _save(page, "sign-in")

    _sign_in(page, "ada@example.com")
    _save(page, "gallery")
    page.emulate_media(color_scheme="dark")
    _save(page, "gallery-dark")
    page.emulate_media(color_scheme="light")

    page.goto(f"{url}/events/{shown.event_id}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    _save(page, "event")

    page.set_viewport_size(TALL)
    page.goto(f"{url}/photos/{shown.photo_id}")
    page.get_by_label("Resolution").select_option("320")
    page.get_by_role("button", name="Generate").click()
    page.get_by_label("Link of the thumbnail").evaluate("(field, link) => field.value = link", LINK)
    _save(page, "photo")

    page.context.close()

    page = _window(browser, WINDOW)
    page.goto(url)
    _sign_in(page, "staff@example.com")
    page.goto(f"{url}/students")
    expect(page.get_by_role("img", name="Picture of").first).to_be_visible()
    _save(page, "students")
    page.context.close()

    page = _window(browser, PHONE, scale=2, is_mobile=True, has_touch=True)
    page.goto(url)
    _sign_in(page, "ada@example.com")
    _save(page, "phone")
    page.context.close()

    page = _window(browser, WINDOW)
    page.goto(url)
    _sign_in(page, "ada@example.com")
    page.goto(f"{url}/photos?status=completed")
    _begin_uploads(page)
    _save(page, "uploads")
    page.context.close()


def _window(browser: Browser, size: ViewportSize, scale: float = 1.5, **options: Any) -> Page:
    context: BrowserContext = browser.new_context(
        viewport=size,
        device_scale_factor=scale,
        locale="en-GB",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
        **options,
    )
    page = context.new_page()
    page.add_init_script(ONE_DAY)
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def _sign_in(page: Page, email: str) -> None:
    page.get_by_role("button", name=email).click()
    expect(page.get_by_role("heading", name="Your photos", exact=False).first).to_be_visible()


def _begin_uploads(page: Page) -> None:
    """Upload a few pictures over a line so slow that some are still under way."""
    files: list[Any] = []
    for number, (title, maker, colours) in enumerate(
        (
            ("Evening swim", scenery.sea, TEAL),
            ("Campfire", scenery.lights, DUSK),
            ("Up early", scenery.mountains, SUNRISE),
            ("Wild garden", scenery.meadow, NOON),
        )
    ):
        content = scenery.jpeg(maker, ACROSS, colours, seed=90 + number)
        if number:
            content += random.Random(number).randbytes(number * 4_000_000)
        files.append({"name": f"{title}.jpg", "mimeType": "image/jpeg", "buffer": content})
    page.get_by_label("Photos and videos to upload").set_input_files(files)
    page.get_by_label("Tags for all").fill("holidays")
    for file in files:
        title = file["name"].removesuffix(".jpg")
        page.get_by_label(f"Title of {file['name']}").fill(title)
    network = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 300_000}
    network.send("Network.emulateNetworkConditions", slow)
    page.get_by_role("button", name="Upload 4 files").click()
    tray = page.get_by_role("region", name="Uploads")
    first = tray.get_by_role("listitem").filter(has_text="Evening swim")
    expect(first).to_contain_text(re.compile("Checking|Processing|Done"), timeout=60_000)
    network.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": 1})
    expect(first).to_contain_text("Done", timeout=60_000)
    expect(tray.locator(".upload[data-state=sending] progress")).to_have_count(3)
    page.evaluate(HALFWAY)


LOADED = """() => !document.querySelector(".skeleton, .toast")
    && [...document.images].every((image) => (image.complete && !image.matches(".loading"))
        || image.getBoundingClientRect().top > innerHeight)"""
"""Whether there is nothing left to wait for."""

PAINTED = """async () => {
    for (const image of document.images)
        if (image.getBoundingClientRect().top < innerHeight) await image.decode();
    await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
}"""


def _save(page: Page, name: str) -> None:
    """Save what is seen, once every picture in it is there."""
    page.mouse.move(0, 0)
    page.evaluate("document.documentElement.style.scrollbarGutter = 'auto'")
    page.wait_for_function(LOADED)
    page.evaluate(PAINTED)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for quality in range(88, 40, -6):
        output = io.BytesIO()
        picture.save(output, "WEBP", quality=quality, method=6)
        if output.tell() < MOST_BYTES:
            break
    file = IMAGES / f"{name}.webp"
    if not file.exists() or differ(Image.open(file), Image.open(output)):
        file.write_bytes(output.getvalue())
        say(f"  {file.relative_to(ROOT)}  {output.tell() // 1000} kB")


def differ(before: Image.Image, now: Image.Image) -> bool:
    """Whether somebody can see a difference between the two."""
    if before.size != now.size:
        return True
    difference = ImageChops.difference(before.convert("RGB"), now.convert("RGB")).convert("L")
    return difference.point(lambda value: 255 * (value > VISIBLE)).getbbox() is not None


if __name__ == "__main__":
    sys.exit(main())
