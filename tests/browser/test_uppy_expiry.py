"""Uppy when the URL of a part has expired. Functions sign for seconds only while these run."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from local.client import Stack
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
from tests.browser.uppy_page import UppyPage, part_number
from tests.support.running_stack import setting

__all__ = ["browser", "make_photo", "mode", "uppy"]


@pytest.fixture
def added(uppy: UppyPage, make_photo: Any) -> Path:
    """A file of two parts that the page has, and has not begun to send."""
    file: Path = make_photo(PART + MIB)
    uppy.open(shouldUseMultipart=True)
    uppy.add(file)
    return file


@pytest.mark.parametrize("mode", ["endpoint"])
def test_version_5_has_a_part_signed_again_when_its_url_expired(
    uppy: UppyPage, added: Path, stack: Stack
) -> None:
    # It gives a part no more time than its URL has, so it gets that URL late. And no less time than
    # a busy machine needs to refuse it.
    with uppy.holding("*/s3/multipart/*/2?*", answers=True) as gate:
        with setting(stack, "SignPartsFunction", PART_TTL_SECONDS="10"):
            uppy.tell("upload()")
            uppy.until(lambda: gate.held)
        url = gate.answer()["url"]
        uppy.until(lambda: has_expired(url))
    uppy.wait("uploaded")
    assert_is_stored(uppy.client, uppy.photo(), added)
    assert_expired(uppy, 2)


@pytest.mark.parametrize("mode", MODES[1:])
def test_version_6_goes_on_after_an_expired_part_url_when_told_to(
    uppy: UppyPage, added: Path, stack: Stack
) -> None:
    function = "SignRequestFunction" if uppy.mode == "signRequest" else "SignPartsFunction"
    with uppy.holding("*partNumber=1*") as first, uppy.holding("*partNumber=2*") as second:
        uppy.tell("upload()")
        uppy.until(lambda: first.held)
        with setting(stack, function, PART_TTL_SECONDS="1"):
            first.open()
            uppy.until(lambda: second.held)
        url = second.held[0]["request"]["url"]
        uppy.until(lambda: has_expired(url))
    uppy.wait("failed")
    assert_expired(uppy, 2)
    uppy.tell("retryAll()")
    uppy.wait("uploaded")
    assert_is_stored(uppy.client, uppy.photo(), added)
    assert uppy.parts_stored() == Counter([1, 2]), "no part was sent twice"


def assert_expired(uppy: UppyPage, number: int) -> None:
    """S3 has refused this part, in the words that version 5 looks for."""
    refusals = [answer for answer in uppy.answers if answer.status == 403]
    (refusal,) = [answer for answer in refusals if part_number(answer.request) == number]
    assert "<Message>Request has expired</Message>" in refusal.text()


def has_expired(url: str) -> bool:
    """Whether a signed URL is of no use any more."""
    query = parse_qs(urlsplit(url).query)
    signed = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%S%z")
    return datetime.now(UTC) > signed + timedelta(seconds=int(query["X-Amz-Expires"][0]) + 1)
