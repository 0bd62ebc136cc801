"""The browser app, used again: a second visit, a second tab, a line that breaks, a full disk."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from local.client import Client
from tests.browser.web_app import Person, WebApp, listed, photo_file
from tests.support import pictures

Tab = Callable[..., WebApp]

MIB = 1024**2
MANY = 200
NO_ROOM = """() => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (...given) {
        if (this.name === "files") throw new DOMException("No room.", "QuotaExceededError");
        return put.apply(this, given);
    };
}"""
"""A browser whose database has no room for files."""


@pytest.fixture
def person(new_person: Callable[..., Person]) -> Person:
    """Someone who has nothing yet, for each test."""
    return new_person()


@pytest.fixture
def second(opened: WebApp, web_url: str) -> Iterator[WebApp]:
    """Another tab of the same browser."""
    other = WebApp(opened.page.context.new_page(), web_url)
    other.open_photos()
    yield other
    assert other.unexpected() == []


def statuses(client: Client) -> dict[str, str]:
    """The status of each photo of a client's, by file name."""
    return {photo["fileName"]: photo["status"] for photo in listed(client)}


def all_completed(client: Client, names: list[str]) -> bool:
    return statuses(client) == dict.fromkeys(names, "completed")


def expect_uploaded(app: WebApp, client: Client, file: Path) -> None:
    """Wait until the page says that a file is uploaded. It is the only one that there is."""
    expect(app.upload(file.name)).to_contain_text("Done")
    assert all_completed(client, [file.name])


def sent(*apps: WebApp) -> Counter[str]:
    """How often S3 took the bytes of each object."""
    return Counter(
        urlsplit(answer.url).path
        for app in apps
        for answer in app.answers
        if answer.request.method == "PUT" and answer.ok and "X-Amz-Signature" in answer.url
    )


def files(folder: Path, count: int) -> list[Path]:
    return [photo_file(folder, f"photo-{number}.jpg") for number in range(count)]


@pytest.mark.parametrize("visit", [2, 3])
def test_every_file_of_a_later_visit_arrives(
    opened: WebApp, person: Person, tmp_path: Path, visit: int
) -> None:
    first = photo_file(tmp_path, "first.jpg")
    opened.send(first)
    expect(opened.upload(first.name)).to_contain_text("Done")
    for _ in range(visit - 1):
        opened.page.reload()
    opened.expect_page("Your photos")
    many = files(tmp_path, 8)
    opened.send(*many)
    names = [file.name for file in many]
    for name in names:
        expect(opened.upload(name)).to_contain_text("Done")
    assert all_completed(person.client, [first.name, *names])
    expect(opened.photos()).to_have_count(9)


def test_files_are_chosen_the_moment_that_the_page_is_there(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    many = files(tmp_path, 6)
    opened.page.reload()
    opened.page.get_by_label("Photos and videos to upload").wait_for(state="attached")
    opened.send(*many)
    opened.until(lambda: all_completed(person.client, [file.name for file in many]))


def test_two_tabs_show_one_queue_and_send_each_file_once(
    opened: WebApp, second: WebApp, person: Person, tmp_path: Path
) -> None:
    here, there = files(tmp_path, 5), [photo_file(tmp_path, f"there-{n}.jpg") for n in range(5)]
    opened.send(*here)
    second.send(*there)
    names = [file.name for file in here + there]
    for app in (opened, second):
        for name in names:
            expect(app.upload(name)).to_contain_text("Done")
        expect(app.page.get_by_role("region", name="Uploads")).to_contain_text("10 files uploaded")
        expect(app.photos()).to_have_count(10)
    assert all_completed(person.client, names)
    assert set(sent(opened, second).values()) == {1}


def test_another_tab_goes_on_when_the_one_that_sends_is_closed(
    opened: WebApp, second: WebApp, person: Person, tmp_path: Path
) -> None:
    big = photo_file(tmp_path, "big.jpg", size=20 * MIB)
    with opened.half_sent(big):
        expect(second.upload(big.name)).to_be_visible()
        opened.page.close()
    expect_uploaded(second, person.client, big)


def test_the_line_breaks_and_returns(opened: WebApp, person: Person, tmp_path: Path) -> None:
    opened.refused = {"ERR_INTERNET_DISCONNECTED", "ERR_FAILED"}
    many = files(tmp_path, 6)
    with opened.holding("*X-Amz-Signature*", method="PUT") as gate:
        opened.send(*many)
        opened.until(lambda: gate.held)
        opened.page.context.set_offline(True)
    tray = opened.page.get_by_role("region", name="Uploads")
    expect(tray).to_contain_text("Waiting for a connection")
    opened.page.context.set_offline(False)
    opened.until(lambda: all_completed(person.client, [file.name for file in many]))
    expect(tray).to_contain_text("6 files uploaded")


@pytest.mark.parametrize(
    ("held", "method"),
    [
        ("*initiate-upload*", "POST"),
        ("*X-Amz-Signature*", "PUT"),
        ("*/photos/*-*-*-*", "GET"),
    ],
    ids=["asking for the grant", "sending", "following"],
)
def test_a_reload_in_the_middle_loses_nothing_and_sends_nothing_twice(
    opened: WebApp, person: Person, tmp_path: Path, held: str, method: str
) -> None:
    file = photo_file(tmp_path, "reloaded.jpg")
    with opened.holding(held, method=method) as gate:
        opened.send(file)
        opened.until(lambda: gate.held)
        opened.page.reload()
    opened.until(lambda: all_completed(person.client, [file.name]))
    assert set(sent(opened).values()) <= {1}


def test_a_lost_answer_of_the_storage_is_no_failure(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    """S3 has the file, and says 412 to the second try."""
    opened.refused = {"ERR_FAILED", "412"}
    stack = person.client.stack
    lost = []

    def lose(route: Any) -> None:
        lost.append(route.fetch())
        route.abort()

    opened.page.route(re.compile(f"{stack.uploads_bucket}.*X-Amz-Signature"), lose, times=1)
    file = photo_file(tmp_path, "answered.jpg")
    opened.send(file)
    expect(opened.upload(file.name)).to_contain_text("Done")
    assert [answer.status for answer in lost] == [200]
    assert all_completed(person.client, [file.name])


def test_what_was_cancelled_while_it_was_begun_leaves_no_pending_photo(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    file = photo_file(tmp_path, "cancelled.jpg")
    with opened.holding("*initiate-upload*", method="POST") as gate:
        opened.send(file)
        opened.until(lambda: gate.held)
        opened.upload(file.name).get_by_role("button", name=f"Cancel {file.name}").click()
    expect(opened.upload(file.name)).to_have_count(0)
    opened.until(lambda: statuses(person.client) == {})


def test_a_full_database_stops_no_upload(tab: Tab, person: Person, tmp_path: Path) -> None:
    app = tab(person)
    app.page.add_init_script(f"({NO_ROOM})()")
    app.open_photos()
    many = files(tmp_path, 3)
    app.send(*many)
    app.until(lambda: all_completed(person.client, [file.name for file in many]))


def test_a_file_that_the_browser_could_not_keep_is_asked_for_again(
    tab: Tab, person: Person, tmp_path: Path
) -> None:
    app = tab(person)
    app.page.add_init_script(f"({NO_ROOM})()")
    app.open_photos()
    file = photo_file(tmp_path, "large.jpg", size=20 * MIB)
    with app.half_sent(file):
        app.page.reload()
    expect(app.upload(file.name)).to_contain_text("Choose the file to continue")
    app.upload(file.name).get_by_label(f"File of {file.name}").set_input_files(file)
    expect_uploaded(app, person.client, file)


def test_what_is_paused_stays_so_over_a_reload(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    file = photo_file(tmp_path, "paused.jpg", size=20 * MIB)
    upload = opened.upload(file.name)
    with opened.half_sent(file):
        upload.get_by_role("button", name=f"Pause {file.name}").click()
        expect(upload).to_contain_text("Paused at")
        opened.page.reload()
    expect(upload).to_contain_text("Paused at")
    upload.get_by_role("button", name=f"Resume {file.name}").click()
    expect_uploaded(opened, person.client, file)


def test_what_failed_is_still_told_after_a_reload(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    opened.refused = {"409"}
    opened.refuse("/photos/initiate-upload", 409, "QuotaExceeded")
    file = photo_file(tmp_path, "refused.jpg")
    opened.send(file)
    upload = opened.upload(file.name)
    expect(upload.get_by_role("alert")).to_contain_text("QuotaExceeded")
    opened.page.reload()
    expect(upload.get_by_role("alert")).to_contain_text("QuotaExceeded")
    upload.get_by_role("button", name=f"Retry {file.name}").click()
    expect_uploaded(opened, person.client, file)


def test_what_is_cancelled_leaves_the_gallery_too(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    file = photo_file(tmp_path, "cancelled.jpg", size=20 * MIB)
    with opened.half_sent(file):
        opened.page.reload()
        expect(opened.photos()).to_contain_text("Not uploaded yet")
    opened.upload(file.name).get_by_role("button", name=f"Cancel {file.name}").click()
    expect(opened.photos()).to_have_count(0)
    assert statuses(person.client) == {}


def test_discarding_what_has_arrived_meanwhile_keeps_it(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    """The list of unfinished uploads is a little old: its bin must not delete a photo."""
    file = photo_file(tmp_path, "arrived.jpg")
    grant = person.client.initiate(
        fileName=file.name, contentType="image/jpeg", sizeBytes=file.stat().st_size
    )
    opened.page.reload()
    opened.page.get_by_text(re.compile("not finished")).click()
    person.client.send(grant["upload"], file.read_bytes())
    opened.until(lambda: all_completed(person.client, [file.name]))
    opened.refused = {"409"}
    opened.button(f"Discard the upload of {file.name}").click()
    opened.says(f"{file.name} has arrived meanwhile, and was kept.")
    assert all_completed(person.client, [file.name])


def test_failures_are_counted_and_stand_first(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    good = files(tmp_path, 3)
    bad = tmp_path / "bad.jpg"
    bad.write_text("This is no picture.")
    opened.send(*good, bad)
    tray = opened.page.get_by_role("region", name="Uploads")
    expect(tray.get_by_role("heading")).to_have_text("1 file failed, 3 files uploaded")
    expect(tray.get_by_role("listitem").first).to_contain_text("bad.jpg")


def test_a_png_that_is_named_jpg_is_uploaded_as_what_it_is(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    file = tmp_path / "misnamed.jpg"
    file.write_bytes(pictures.png())
    opened.send(file)
    expect(opened.upload(file.name)).to_contain_text("Done")
    (photo,) = person.client.api.get("/photos").json()["items"]
    assert photo["contentType"] == "image/png"


def test_two_hundred_files_at_once(opened: WebApp, person: Person, tmp_path: Path) -> None:
    opened.refused = {"429"}  # more than a user may begin in a minute: the page waits as it is told
    many = files(tmp_path, MANY)
    opened.send(*many)
    names = [file.name for file in many]
    opened.until(lambda: all_completed(person.client, names), seconds=300)
    tray = opened.page.get_by_role("region", name="Uploads")
    expect(tray).to_contain_text(f"{MANY} files uploaded")
    assert set(sent(opened).values()) == {1}
    lists = [
        one for one in opened.requests if re.search(r"/photos\?", one.url) and one.method == "GET"
    ]
    # Asking for the list anew after every photo would be several requests for each of them.
    assert len(lists) < MANY


def test_what_the_command_line_began_goes_on_in_the_page(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    """It checks each part by its SHA-256, and so does the page."""
    file = photo_file(tmp_path, "card.jpg", size=20 * MIB)
    content, part = file.read_bytes(), 8 * MIB
    metadata = {"sizeBytes": len(content), "partSizeBytes": part, "partChecksums": "sha256"}
    api = person.client.api
    begun = api.post(
        "/s3/multipart", json={"filename": file.name, "type": "image/jpeg", "metadata": metadata}
    )
    upload = begun.raise_for_status().json()
    checksum = b64encode(sha256(content[:part]).digest()).decode()
    signed = api.get(
        f"/s3/multipart/{upload['uploadId']}/1",
        params={"key": upload["key"], "checksumSha256": checksum},
    ).json()
    person.client.storage.put(
        signed["url"], content=content[:part], headers=signed["headers"]
    ).raise_for_status()

    opened.page.reload()
    opened.page.get_by_text(re.compile("not finished")).click()
    opened.page.get_by_label(f"File of {file.name}").set_input_files(file)
    expect_uploaded(opened, person.client, file)
    numbers = [answer.url for answer in opened.answers if "partNumber=" in answer.url]
    assert not any("partNumber=1&" in url for url in numbers)


def test_another_user_in_another_tab_is_the_user_of_every_tab(
    opened: WebApp,
    second: WebApp,
    person: Person,
    new_person: Callable[..., Person],
    tmp_path: Path,
) -> None:
    file = photo_file(tmp_path, "of-the-first.jpg")
    opened.send(file)
    expect(opened.upload(file.name)).to_contain_text("Done")
    other = new_person()

    second.account().click()
    second.button("Sign out").click()
    opened.expect_page("Sign in")
    second.sign_in(other.user)

    for app in (opened, second):
        app.expect_page("Your photos")
        app.account().click()
        expect(app.page.locator(".menu-email")).to_have_text(other.user.email)
        expect(app.photos()).to_have_count(0)
        expect(app.page.get_by_role("region", name="Uploads")).to_have_count(0)


def test_a_part_of_the_page_that_cannot_be_loaded_takes_no_file_away(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    """A new deployment has removed the parts of the one that is open."""
    opened.refused = {"404"}
    opened.page.route("**/assets/events-*", lambda route: route.fulfill(status=404))
    file = photo_file(tmp_path, "kept.jpg")
    with opened.holding("*X-Amz-Signature*", method="PUT") as gate:
        opened.send(file)
        opened.until(lambda: gate.held)
        opened.page.get_by_role("link", name="Events").click()
        expect(opened.page.get_by_role("alert")).to_contain_text("new version")
        expect(opened.upload(file.name)).to_be_visible()
    expect_uploaded(opened, person.client, file)
    (error,) = opened.unexpected()
    assert re.search("dynamically imported module|Unable to preload CSS", error)
    opened.errors.remove(error)
