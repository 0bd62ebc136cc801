"""What all tests of Uppy share: its pages in a browser, files to send, and how they arrived."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from local.client import Client, Stack
from tests.browser import uppy_page
from tests.browser.uppy_page import UppyPage
from tests.support import pictures
from tests.support.browser import served
from tests.support.running_stack import origin

MIB = 2**20
PART = 5 * MIB
"""What both versions of Uppy make of a file in parts, whatever the service would like."""

MODES = ("endpoint", "signRequest", "companionEndpoint")
"""The first is version 5, the others are version 6."""


@pytest.fixture(scope="module")
def browser(start_browser: Callable[..., Browser], stack: Stack) -> Iterator[Browser]:
    """A browser in which the origin that the stack allows is the test page's."""
    with served(uppy_page.pages()) as port:
        yield start_browser({urlsplit(origin(stack)).netloc: port})


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """How Uppy talks to the service."""
    return str(request.param)


@pytest.fixture
def uppy(page: Page, ada: Client, mode: str) -> UppyPage:
    """Ada's page, not opened yet."""
    return UppyPage(page, ada, mode)


@pytest.fixture
def make_photo(tmp_path: Path) -> Callable[..., Path]:
    """Make a photo of exactly `size` bytes: a small JPEG, and noise behind its end."""

    def make(size: int | None = None, name: str = "photo.jpg") -> Path:
        content = pictures.jpeg()
        if size is not None:
            content += os.urandom(size - len(content))
        file = tmp_path / name
        file.write_bytes(content)
        return file

    return make


def assert_is_stored(client: Client, photo: Any, file: Path) -> None:
    """The photo is completed, and its original is this file."""
    assert photo["status"] == "completed", photo["failure"]
    assert photo["sizeBytes"] == file.stat().st_size
    assert photo["fileName"] == file.name
    view = client.api.get(f"/photos/{photo['photoId']}/view-url").raise_for_status()
    original = client.storage.get(view.json()["url"]).raise_for_status()
    with file.open("rb") as content:
        wanted = hashlib.file_digest(content, "sha256").hexdigest()
    assert hashlib.sha256(original.content).hexdigest() == wanted
