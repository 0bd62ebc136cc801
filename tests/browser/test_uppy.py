"""The unmodified Uppy packages, in a real browser, against the deployed local stack."""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from local.client import Client, Stack
from local.state import ROOT
from tests.browser import uppy_page
from tests.browser.uppy_fixtures import (
    MIB,
    MODES,
    PART,
    assert_is_stored,
    browser,
    make_photo,
    mode,
    uppy,
)
from tests.browser.uppy_page import SAVED, Gate, UppyPage
from tests.support.running_stack import assert_is_error, aws, resource

__all__ = ["browser", "make_photo", "mode", "uppy"]

RETRIEVER = {"indexedDB": {"maxFileSize": 20 * MIB}}
"""Both versions keep files of up to 10 MiB for after a reload, unless told otherwise."""


@pytest.fixture
def private_event(ada: Client) -> str:
    """The id of an event of Ada's that nobody else attends."""
    answer = ada.api.post("/events", json={"name": "Private"}).raise_for_status()
    return str(answer.json()["eventId"])


def test_a_photo_is_uploaded_by_one_request(uppy: UppyPage, make_photo: Any) -> None:
    file = make_photo(name="sunset.jpg")
    meta = {"title": "Sunset", "description": "At sea", "tags": "Sea, Evening"}
    uppy.open(meta=meta, declareSizes=True)
    uppy.upload(file)
    photo = uppy.photo()
    assert_is_stored(uppy.client, photo, file)
    assert photo["title"] == "Sunset"
    assert photo["description"] == "At sea"
    assert sorted(photo["tags"]) == ["evening", "sea"]
    (sent,) = uppy.to_storage()
    assert sent.method == ("PUT" if uppy.mode == "signRequest" else "POST")


@pytest.mark.parametrize("multipart", [False, True], ids=["one request", "parts"])
def test_names_arrive_as_they_are(uppy: UppyPage, make_photo: Any, multipart: bool) -> None:
    names = ["Été à la plage 日本語 📷.jpg", "a+b c%20d&e=f#g.jpg", """it's "fine" (1); ~$.jpg"""]
    files = [make_photo(name=name) for name in names]
    uppy.open(shouldUseMultipart=multipart)
    uppy.upload(*files)
    for file, photo in zip(files, uppy.photos(), strict=True):
        assert_is_stored(uppy.client, photo, file)


@pytest.mark.parametrize("multipart", [False, True], ids=["one request", "parts"])
def test_metadata_of_null_is_none(uppy: UppyPage, make_photo: Any, multipart: bool) -> None:
    file = make_photo()
    uppy.open(
        shouldUseMultipart=multipart,
        meta={"title": None, "description": None, "tags": None, "eventId": None, "other": None},
    )
    uppy.upload(file)
    photo = uppy.photo()
    assert_is_stored(uppy.client, photo, file)
    nothing = {"title": None, "description": None, "tags": [], "eventId": None}
    assert {field: photo[field] for field in nothing} == nothing


def test_files_around_the_smallest_part_are_uploaded_in_parts(
    uppy: UppyPage, make_photo: Any
) -> None:
    files = [make_photo(PART + more, name=f"{more}.jpg") for more in (-1, 0, 1)]
    uppy.open(shouldUseMultipart=True)
    uppy.upload(*files)
    for file, photo in zip(files, uppy.photos(), strict=True):
        assert_is_stored(uppy.client, photo, file)
    assert uppy.parts_stored() == Counter([1, 1, 1, 2])


def test_a_large_file_is_uploaded_in_parts_by_default(uppy: UppyPage, make_photo: Any) -> None:
    file = make_photo(120 * MIB)
    uppy.open(declareSizes=True)
    uppy.upload(file)
    assert_is_stored(uppy.client, uppy.photo(), file)
    assert uppy.parts_stored() == Counter(range(1, 25))


@pytest.mark.parametrize("multipart", [False, True], ids=["one request", "parts"])
def test_an_empty_file_fails_with_a_reason(uppy: UppyPage, tmp_path: Path, multipart: bool) -> None:
    file = tmp_path / "empty.jpg"
    file.touch()
    uppy.open(shouldUseMultipart=multipart)
    uppy.upload(file)
    photo = uppy.photo()
    assert photo["status"] == "failed"
    assert photo["failure"]["code"] == "EmptyFile"
    assert photo["failure"]["message"]


def test_an_empty_file_whose_size_is_declared_is_refused(uppy: UppyPage, tmp_path: Path) -> None:
    file = tmp_path / "empty.jpg"
    file.touch()
    uppy.open(declareSizes=True)
    uppy.upload(file, until="failed")
    assert uppy.to_storage() == []


@dataclass
class Half:
    """An upload in the middle: of four parts, the third is held on its way to S3."""

    uppy: UppyPage
    file: Path
    gate: Gate
    stored: list[int]
    key: str
    upload_id: str

    def listed_parts(self) -> list[int]:
        """The numbers of the parts that the service knows of."""
        path = f"/s3/multipart/{self.upload_id}"
        answer = self.uppy.client.api.get(path, params={"key": self.key}).raise_for_status()
        return [part["PartNumber"] for part in answer.json()]


@pytest.fixture
def half(uppy: UppyPage, make_photo: Any) -> Iterator[Half]:
    """An upload in the middle, with the Golden Retriever watching."""
    file = make_photo(3 * PART + MIB)
    # Version 5 sends parts beside each other, version 6 one after another.
    stored = [1, 2, 4] if uppy.mode == "endpoint" else [1, 2]
    uppy.open(shouldUseMultipart=True, goldenRetriever=RETRIEVER)
    with uppy.holding("*partNumber=3*") as gate:
        uppy.add(file)
        uppy.tell("upload()")
        uppy.until(lambda: gate.held and sorted(uppy.parts_stored()) == stored)
        half = Half(uppy, file, gate, stored, *uppy.multipart())
        assert half.listed_parts() == stored
        yield half


def test_a_paused_upload_goes_on_where_it_was(half: Half) -> None:
    uppy = half.uppy
    uppy.tell("pauseAll()")
    uppy.wait("paused")
    half.gate.open()
    unfinished = uppy.client.api.get("/uploads").raise_for_status().json()["items"]
    (upload,) = [upload for upload in unfinished if upload["uploadId"] == half.upload_id]
    assert (upload["key"], upload["fileName"]) == (half.key, half.file.name)
    assert upload["uploadedParts"] == len(half.stored)
    begun = uppy.parts_begun()
    uppy.tell("resumeAll()")
    uppy.wait("uploaded")
    assert_is_stored(uppy.client, uppy.photo(), half.file)
    assert sorted(uppy.parts_begun()[len(begun) :]) == missing(half)
    assert uppy.parts_stored() == Counter([1, 2, 3, 4]), "no part was sent twice"


def test_an_upload_goes_on_after_the_page_was_loaded_anew(half: Half) -> None:
    uppy = half.uppy
    uppy.until(lambda: uppy.page.evaluate(SAVED))
    begun = uppy.parts_begun()
    uppy.open(shouldUseMultipart=True, goldenRetriever=RETRIEVER)
    half.gate.open()
    uppy.page.wait_for_function("uppy.getState().recoveredState && uppy.getFiles()[0]?.data")
    assert uppy.multipart() == (half.key, half.upload_id)
    uppy.page.evaluate("uppy.emit('restore-confirmed')")
    uppy.wait("uploaded")
    assert_is_stored(uppy.client, uppy.photo(), half.file)
    assert sorted(uppy.parts_begun()[len(begun) :]) == missing(half)
    assert uppy.parts_stored() == Counter([1, 2, 3, 4]), "no part was sent twice"


def missing(half: Half) -> list[int]:
    """The numbers of the parts that were not there."""
    return [number for number in (1, 2, 3, 4) if number not in half.stored]


def test_a_cancelled_upload_leaves_nothing(half: Half, stack: Stack) -> None:
    uppy = half.uppy
    uppy.tell("cancelAll()")
    uppy.until(lambda: any(a.request.method == "DELETE" for a in uppy.answers))
    # In the mode in which the client asks S3 itself, the service was faster: Uppy only logs that.
    (answer,) = [a for a in uppy.answers if a.request.method == "DELETE"]
    assert answer.ok or (uppy.mode == "signRequest" and answer.status == 404)
    assert uppy.files() == []
    photo = uppy.client.wait(Path(half.key).stem)
    assert photo["status"] == "failed"
    assert photo["failure"]["code"] == "UploadCancelled"
    s3 = aws(stack, "s3")
    left = s3.list_multipart_uploads(Bucket=stack.uploads_bucket, Prefix=half.key)
    assert not left.get("Uploads")
    assert not s3.list_objects_v2(Bucket=stack.uploads_bucket, Prefix=half.key).get("Contents")


@pytest.mark.parametrize("mode", ["signRequest"])
def test_nobody_else_gets_anything_signed_for_an_upload(half: Half, grace: Client) -> None:
    ada = half.uppy.client
    token = grace.api.post("/upload-tokens").raise_for_status().json()["companionPath"]
    for prefix in ("", token):
        for upload_id in (half.upload_id, "unknown"):
            path, query = f"{prefix}/s3/multipart/{upload_id}", {"key": half.key}
            parts = {"parts": [{"PartNumber": 1, "ETag": "x"}]}
            batch = query | {"partNumbers": "1,2"}
            for answer in (
                grace.api.get(path, params=query),
                grace.api.get(f"{path}/1", params=query),
                grace.api.get(f"{path}/batch", params=batch),
                grace.api.post(f"{path}/complete", params=query, json=parts),
                grace.api.delete(path, params=query),
            ):
                assert_is_error(answer, 404, "UploadNotFound")
    for request in (
        {"method": "PUT", "partNumber": 1},
        {"method": "GET"},
        {"method": "POST"},
        {"method": "DELETE"},
    ):
        body = request | {"key": half.key, "uploadId": half.upload_id}
        assert_is_error(grace.api.post("/s3/sign", json=body), 404, "UploadNotFound")
    assert half.listed_parts() == half.stored
    assert ada.api.get(f"/photos/{Path(half.key).stem}").json()["status"] == "pending"


def test_a_page_of_somebody_else_cannot_go_on_with_an_upload(
    half: Half, grace: Client, browser: Browser
) -> None:
    with browser.new_context() as context:
        other = UppyPage(context.new_page(), grace, half.uppy.mode)
        other.open(shouldUseMultipart=True)
        other.add(half.file)
        other.page.evaluate(
            "([key, uploadId]) => uppy.setFileState(uppy.getFiles()[0].id, "
            "{ s3Multipart: { key, uploadId } })",
            [half.key, half.upload_id],
        )
        other.tell("upload()")
        other.wait("failed")
        assert other.to_storage() == []
    assert half.listed_parts() == half.stored


@pytest.mark.parametrize("multipart", [False, True], ids=["one request", "parts"])
def test_an_event_that_one_does_not_attend_is_refused(  # noqa: PLR0917 - fixtures
    mode: str, multipart: bool, page: Page, grace: Client, private_event: str, make_photo: Any
) -> None:
    uppy = UppyPage(page, grace, mode)
    uppy.open(shouldUseMultipart=multipart, meta={"eventId": private_event})
    uppy.upload(make_photo(), until="failed")
    assert uppy.to_storage() == []
    assert said(uppy, 404, "EventNotFound") in uppy.shown()


def said(uppy: UppyPage, status: int, code: str) -> str:
    """Return what Uppy makes of a refusal, which must be this one: the service's message.

    In companionEndpoint mode it does not read the answer, and has nothing to tell but the status.
    """
    refusal = next(answer for answer in uppy.answers if answer.status >= 400)
    assert refusal.status == status
    if uppy.mode == "companionEndpoint":
        return f"Companion request failed: {refusal.status_text}"
    body = refusal.json()
    assert body["code"] == code
    return str(body["message"])


def test_an_event_that_one_attends_gets_the_photo(  # noqa: PLR0917 - fixtures
    mode: str, page: Page, ada: Client, grace: Client, private_event: str, make_photo: Any
) -> None:
    path = f"/events/{private_event}"
    ada.api.put(f"{path}/attendees/grace@example.com").raise_for_status()
    uppy = UppyPage(page, grace, mode)
    file = make_photo()
    uppy.open(shouldUseMultipart=True, meta={"eventId": private_event})
    uppy.upload(file)
    photo = uppy.photo()
    assert_is_stored(grace, photo, file)
    listed = ada.api.get(f"{path}/photos").raise_for_status().json()["items"]
    assert [item["photoId"] for item in listed] == [photo["photoId"]]


def test_a_token_that_is_none_is_refused(uppy: UppyPage, make_photo: Any) -> None:
    uppy.open(idToken="nonsense", companionPath="/u/nonsense")
    uppy.upload(make_photo(), until="failed")
    assert uppy.to_storage() == []
    (refusal,) = [answer for answer in uppy.answers if answer.status >= 400]
    assert refusal.status == 401


@pytest.mark.parametrize("mode", ["companionEndpoint"])
@pytest.mark.parametrize("multipart", [False, True], ids=["one request", "parts"])
def test_an_upload_token_that_expired_is_refused(
    uppy: UppyPage, stack: Stack, make_photo: Any, multipart: bool
) -> None:
    token = uppy.client.api.post("/upload-tokens").raise_for_status().json()
    stored = {"tokenHash": {"S": hashlib.sha256(token["token"].encode()).hexdigest()}}
    set_number(stack, "UploadTokensTable", stored, "expiresAt", time.time())
    uppy.open(shouldUseMultipart=multipart, companionPath=token["companionPath"])
    uppy.upload(make_photo(), until="failed")
    assert uppy.to_storage() == []
    assert said(uppy, 401, "UploadTokenExpired") in uppy.shown()


@pytest.mark.parametrize("mode", ["endpoint", "signRequest"])
def test_too_many_uploads_are_told_and_go_on_later(
    mode: str, page: Page, staff: Client, stack: Stack, make_photo: Any
) -> None:
    uppy = UppyPage(page, staff, mode)
    files = [make_photo(name="first.jpg"), make_photo(name="second.jpg")]
    uppy.open()
    uppy.upload(files[0])
    usage = {"userId": {"S": uppy.photo()["ownerId"]}}
    set_number(stack, "UsageTable", usage, "fullAt", (time.time() + 600) * 1e6)
    uppy.add(files[1])
    uppy.tell("upload()")
    uppy.until(lambda: uppy.statuses() == ["uploaded", "failed"])
    assert said(uppy, 429, "LimitExceeded") in uppy.shown()
    set_number(stack, "UsageTable", usage, "fullAt", time.time() * 1e6)
    uppy.tell("retryAll()")
    uppy.wait("uploaded")
    for file, photo in zip(files, uppy.photos(), strict=True):
        assert_is_stored(staff, photo, file)


def set_number(stack: Stack, table: str, key: Any, name: str, value: float) -> None:
    """Let time pass in a table: set a moment that it holds."""
    aws(stack, "dynamodb").update_item(
        TableName=resource(stack, table),
        Key=key,
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": {"N": str(int(value))}},
    )


def test_the_documentation_shows_what_is_tested() -> None:
    section = (ROOT / "docs" / "integrate.md").read_text().partition("\n## Uppy\n")[2]
    blocks = re.findall(r"^```js\n(.*?)^```", section.partition("\n## ")[0], re.S | re.M)
    files = [*uppy_page.FOLDER.glob("v?/modes.js"), uppy_page.FOLDER / "page.js"]
    tested = {line.strip() for file in files for line in file.read_text().splitlines()}
    shown = {line.strip() for block in blocks for line in block.splitlines()}
    assert len(blocks) == 1 + len(MODES)
    assert shown - {"uppy.use(AwsS3, {", "});"} <= tested
