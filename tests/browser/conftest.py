"""A headless Chromium, driven by Playwright, and pages in it.

A module whose page needs a certain origin has a `browser` fixture of its own: see
`start_browser`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.browser import chromium, chromium_flags

PAGE_TIMEOUT_MILLISECONDS = 30_000


@pytest.fixture(scope="module")  # Playwright's event loop must not be there for other tests
def start_browser() -> Iterator[Callable[..., Browser]]:
    """Start a browser: `start_browser({"localhost:5173": port})` (see `chromium_flags`)."""
    executable = chromium()
    with ExitStack() as running:
        playwright = running.enter_context(sync_playwright())

        def start(sites: dict[str, int] | None = None) -> Browser:
            browser = playwright.chromium.launch(
                executable_path=executable, args=chromium_flags(sites or {})
            )
            running.callback(browser.close)
            return browser

        yield start


@pytest.fixture(scope="module")
def browser(start_browser: Callable[..., Browser]) -> Browser:
    """A browser that reaches this machine only."""
    return start_browser()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a profile of its own. Errors that its scripts do not catch fail the test."""
    with browser.new_context() as context:
        context.set_default_timeout(PAGE_TIMEOUT_MILLISECONDS)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(error.stack or str(error)))
        yield page
        assert not errors
