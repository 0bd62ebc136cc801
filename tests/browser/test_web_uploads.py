"""The browser app: files on their way, whatever comes between."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, expect

from local.client import Client
from tests.browser.web_app import FORGET_TOKENS, Gate, Person, WebApp, photo_file
from tests.support.running_stack import aws

Tab = Callable[..., WebApp]
HalfSent = tuple[Path, Gate]

MIB = 1024**2
BIG = 20 * MIB
"""Sent in three parts."""

KEPT = """async () => {
    const done = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    const [{ name }] = (await indexedDB.databases()).filter(
        ({ name }) => name.startsWith("photodrop-uploads-"));
    const database = await done(indexedDB.open(name));
    const all = (store) => done(database.transaction(store).objectStore(store).getAll());
    const [uploads, files] = [await all("uploads"), await all("files")];
    database.close();
    return files.length > 0 && uploads.some(({ grant }) => grant?.uploadId);
}"""
"""Whether the browser has written down the file and its upload."""


@pytest.fixture
def half_sent(opened: WebApp, tmp_path: Path) -> Iterator[HalfSent]:
    """A big file whose second part is held back."""
    file = photo_file(tmp_path, "big.jpg", size=BIG)
    with opened.half_sent(file) as gate:
        opened.until(lambda: 1 in parts_sent(opened))
        yield file, gate


def photo_of(upload: Locator, client: Client) -> Any:
    """Wait until the tray says that an upload is done; return the photo that it became."""
    expect(upload).to_contain_text("Done")
    path = upload.get_by_role("link").get_attribute("href")
    assert path
    return client.api.get(f"/photos/{path.rpartition('/')[2]}").raise_for_status().json()


def send_and_retry(app: WebApp, file: Path, client: Client, refusal: str) -> None:
    """Send a file that is refused with these words, and send it again by its button."""
    app.send(file)
    upload = app.upload(file.name)
    expect(upload.get_by_role("alert")).to_contain_text(refusal)
    upload.get_by_role("button", name=f"Retry {file.name}").click()
    assert photo_of(upload, client)["status"] == "completed"


def expect_sent_once(app: WebApp, file: Path, client: Client) -> None:
    """Wait until a file of three parts is stored. No part of it was sent twice."""
    assert photo_of(app.upload(file.name), client)["sizeBytes"] == BIG
    assert parts_sent(app) == Counter([1, 2, 3])


def parts_sent(app: WebApp) -> Counter[int]:
    """How often S3 took each part of files of this page."""
    return Counter(
        int(number)
        for answer in app.answers
        if answer.request.method == "PUT" and answer.ok
        for number in parse_qs(urlsplit(answer.url).query).get("partNumber", [])
    )


def pending(client: Client) -> list[Any]:
    return list(client.api.get("/uploads").raise_for_status().json()["items"])


def test_a_photo_is_chosen_described_and_uploaded(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    opened.button("Upload").click()
    opened.file_chooser().set_files(photo_file(tmp_path, "sunset.jpg"))
    dialog = opened.dialog("Add to your photos")
    dialog.get_by_label("Title of sunset.jpg").fill("Last light")
    dialog.get_by_text("Description and tags").click()
    dialog.get_by_label("Description").fill("At the sea")
    dialog.get_by_label("Tags").fill("Sea, Evening")
    dialog.get_by_role("button", name="Upload 1 file").click()

    upload = opened.upload("Last light")
    photo = photo_of(upload, person.client)
    assert photo["status"] == "completed"
    assert photo["title"] == "Last light"
    assert photo["description"] == "At the sea"
    assert sorted(photo["tags"]) == ["evening", "sea"]
    expect(upload.locator("img")).to_have_js_property("complete", True)
    expect(opened.page.get_by_role("region", name="Uploads")).to_contain_text("1 file uploaded")
    expect(opened.photos().get_by_role("img", name="Last light")).to_be_visible()

    upload.get_by_role("link").click()
    opened.expect_page("Last light")
    opened.button("Close uploads").click()
    expect(opened.page.get_by_role("region", name="Uploads")).to_have_count(0)


def test_several_are_dropped_and_described_together(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    names = ["one.jpg", "two.jpg", "three.jpg"]
    dialog = opened.drop(*[photo_file(tmp_path, name) for name in names])
    expect(
        dialog.get_by_role("list", name="Files to upload").get_by_role("listitem")
    ).to_have_count(3)
    dialog.get_by_role("button", name="Remove three.jpg").click()
    dialog.get_by_label("Title of two.jpg").fill("The second")
    dialog.get_by_label("Tags for all").fill("holidays")
    dialog.get_by_role("button", name="Upload 2 files").click()

    first = photo_of(opened.upload("one.jpg"), person.client)
    second = photo_of(opened.upload("The second"), person.client)
    assert [first["tags"], second["tags"]] == [["holidays"], ["holidays"]]
    assert second["title"] == "The second"
    expect(opened.page.get_by_role("region", name="Uploads")).to_contain_text("2 files uploaded")
    opened.page.get_by_label("Filter by tag").fill("holidays")
    expect(opened.photos()).to_have_count(2)


def test_a_preview_that_is_just_about_to_load_may_be_taken_away(
    opened: WebApp, tmp_path: Path
) -> None:
    dialog = opened.choose(photo_file(tmp_path, "shy.jpg"))
    preview = dialog.locator(".preview img").get_attribute("src")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    loads = """(url) => new Promise((done) => {
        const image = new Image();
        image.onload = () => done(true);
        image.onerror = () => done(false);
        image.src = url;
    })"""
    assert opened.page.evaluate(loads, preview)


def test_what_is_no_picture_is_refused_before_it_is_sent(opened: WebApp, tmp_path: Path) -> None:
    notes, empty = tmp_path / "notes.txt", tmp_path / "empty.jpg"
    notes.write_text("Buy milk.")
    empty.touch()
    dialog = opened.choose(notes, empty, photo_file(tmp_path, "good.jpg"))
    alert = dialog.get_by_role("alert")
    expect(alert).to_contain_text("notes.txt is no picture or video that can be uploaded")
    expect(alert).to_contain_text("empty.jpg is empty.")
    expect(dialog.get_by_role("button", name="Upload 1 file")).to_be_enabled()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)


def test_a_text_that_calls_itself_a_picture_fails_and_says_why(
    opened: WebApp, tmp_path: Path
) -> None:
    file = tmp_path / "picture-of-nothing.jpg"
    file.write_text("This is no picture.")
    opened.send(file)
    upload = opened.upload(file.name)
    expect(upload.get_by_role("alert")).to_contain_text("UnsupportedContent")
    expect(upload.get_by_role("alert")).to_contain_text(re.compile("picture", re.I))
    opened.page.get_by_role("link", name="1 photo failed").click()
    expect(opened.photos().filter(has_text=file.stem)).to_be_visible()


def test_what_becomes_ready_is_among_the_ready_at_once(app: WebApp, tmp_path: Path) -> None:
    app.open("/photos?status=completed")
    app.expect_page("Your photos")
    app.send(photo_file(tmp_path, "ready-soon.jpg"))
    expect(app.upload("ready-soon.jpg")).to_contain_text("Done")
    expect(app.photos().get_by_role("img", name="ready-soon")).to_be_visible()


def test_the_same_file_is_not_sent_twice(opened: WebApp, person: Person, tmp_path: Path) -> None:
    file = photo_file(tmp_path, "again.jpg")
    opened.send(file)
    first = photo_of(opened.upload(file.name), person.client)
    opened.button("Close uploads").click()
    opened.send(file)
    upload = opened.upload(file.name)
    expect(upload).to_contain_text("Already uploaded")
    assert upload.get_by_role("link").get_attribute("href") == f"/photos/{first['photoId']}"


def test_a_big_file_is_paused_and_goes_on(
    opened: WebApp, half_sent: HalfSent, person: Person
) -> None:
    file, gate = half_sent
    upload = opened.upload(file.name)
    progress = upload.get_by_role("progressbar", name=f"Upload of {file.name}")
    opened.until(lambda: progress.evaluate("bar => bar.value") >= 40)
    assert progress.evaluate("bar => bar.value") < 100
    upload.get_by_role("button", name=f"Pause {file.name}").click()
    expect(upload).to_contain_text("Paused at")
    gate.open()
    upload.get_by_role("button", name=f"Resume {file.name}").click()
    expect_sent_once(opened, file, person.client)


def test_a_small_file_that_is_paused_says_that_it_starts_over(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    file = photo_file(tmp_path, "small.jpg", size=6 * MIB)
    upload = opened.upload(file.name)
    with opened.holding("*X-Amz-Signature*", method="PUT") as gate:
        opened.send(file)
        opened.until(lambda: gate.held)
        upload.get_by_role("button", name=f"Pause {file.name}").click()
        expect(upload).to_contain_text("Paused, will start over")
    upload.get_by_role("button", name=f"Resume {file.name}").click()
    assert photo_of(upload, person.client)["sizeBytes"] == 6 * MIB


def test_a_big_file_goes_on_after_a_reload(
    opened: WebApp, half_sent: HalfSent, person: Person
) -> None:
    file, gate = half_sent
    opened.until(lambda: opened.page.evaluate(KEPT))
    opened.page.reload()
    gate.open()
    expect_sent_once(opened, file, person.client)


def test_a_cancelled_upload_leaves_nothing(
    opened: WebApp, half_sent: HalfSent, person: Person
) -> None:
    file, _ = half_sent
    (begun,) = [one for one in pending(person.client) if one["fileName"] == file.name]
    opened.upload(file.name).get_by_role("button", name=f"Cancel {file.name}").click()
    expect(opened.upload(file.name)).to_have_count(0)
    path = f"/photos/{begun['photoId']}"
    opened.until(lambda: person.client.api.get(path).status_code == 404)
    parts = aws(person.client.stack, "s3").list_multipart_uploads(
        Bucket=person.client.stack.uploads_bucket, Prefix=begun["key"]
    )
    assert not parts.get("Uploads")


def test_an_upload_goes_on_in_another_browser_with_the_same_file(
    opened: WebApp, half_sent: HalfSent, tab: Tab, person: Person
) -> None:
    file, _ = half_sent
    other = tab(person)
    other.open("/photos")
    other.page.get_by_text(re.compile("not finished")).click()
    other.page.get_by_label(f"File of {file.name}").set_input_files(file)
    photo = photo_of(other.upload(file.name), person.client)
    assert photo["sizeBytes"] == BIG
    assert parts_sent(opened) + parts_sent(other) == Counter([1, 2, 3])
    assert 2 in parts_sent(other)
    opened.page.close()


def test_what_the_storage_refused_is_tried_again_when_told(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    file = photo_file(tmp_path, "refused.jpg")
    opened.refused = {"403"}
    opened.page.route(
        f"{person.client.stack.endpoint_url}/{person.client.stack.uploads_bucket}/**",
        lambda route: route.fulfill(
            status=403,
            headers={
                "Access-Control-Allow-Origin": "*",
                "Access-Control-Expose-Headers": "x-amz-error-code",
            },
            body="<Error><Code>AccessDenied</Code></Error>",
        ),
        times=4,  # as often as the page tries by itself
    )
    send_and_retry(opened, file, person.client, "The storage refused the file.")


def test_what_the_service_refused_is_told_in_its_words(
    opened: WebApp, person: Person, tmp_path: Path
) -> None:
    file = photo_file(tmp_path, "limited.jpg")
    opened.refused = {"409"}
    opened.refuse("/photos/initiate-upload", 409, "QuotaExceeded")
    send_and_retry(opened, file, person.client, "QuotaExceeded, in words. QuotaExceeded")


def test_a_session_that_ends_in_the_middle_asks_and_the_upload_goes_on(
    tab: Tab, new_person: Callable[..., Person], tmp_path: Path
) -> None:
    person = new_person()
    app = tab(person)
    app.open_photos()
    file = photo_file(tmp_path, "long.jpg", size=BIG)
    with app.half_sent(file):
        app.page.evaluate(FORGET_TOKENS)
    dialog = app.dialog("Please sign in again")
    dialog.get_by_label(f"Password of {person.user.email}").fill(person.user.password)
    dialog.get_by_role("button", name="Sign in").click()
    expect_sent_once(app, file, person.client)


def test_signing_out_stops_what_is_under_way_until_one_is_back(
    opened: WebApp, half_sent: HalfSent, person: Person
) -> None:
    file, gate = half_sent
    opened.account().click()
    opened.button("Sign out").click()
    dialog = opened.dialog("Sign out?")
    expect(dialog).to_contain_text("1 upload not finished.")
    dialog.get_by_role("button", name="Cancel").click()
    expect(opened.upload(file.name)).to_be_visible()
    opened.account().click()
    opened.button("Sign out").click()
    dialog.get_by_role("button", name="Sign out").click()
    opened.expect_page("Sign in")
    gate.open()
    opened.sign_in(person.user)
    assert photo_of(opened.upload(file.name), person.client)["sizeBytes"] == BIG
