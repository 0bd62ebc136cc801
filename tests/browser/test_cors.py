"""What a browser lets a page of the allowed origin do with the API, and others not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from local.client import Client, Stack
from tests.support.browser import served
from tests.support.running_stack import origin

ASK = """async ([url, headers]) => {
    try {
        const answer = await fetch(url, { headers });
        return { status: answer.status, body: await answer.json() };
    } catch (error) {
        return error.message;
    }
}"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where an empty page is served."""
    folder: Path = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("<!doctype html><title>Empty</title>")
    with served(folder) as port:
        yield port


@pytest.fixture(scope="module")
def browser(start_browser: Callable[..., Browser], stack: Stack, port: int) -> Browser:
    return start_browser({urlsplit(origin(stack)).netloc: port})


def ask(page: Page, client: Client, headers: dict[str, str]) -> Any:
    return page.evaluate(ASK, [f"{client.stack.api_url}/photos", headers])


def test_a_page_of_the_allowed_origin_may_call_the_api(page: Page, ada: Client) -> None:
    page.goto(origin(ada.stack))
    answer = ask(page, ada, {"Authorization": ada.api.headers["Authorization"]})
    assert answer["status"] == 200
    assert set(answer["body"]) == {"items", "nextCursor"}


def test_it_can_read_why_the_gateway_refuses(page: Page, ada: Client) -> None:
    page.goto(origin(ada.stack))
    answer = ask(page, ada, {"Authorization": "nonsense"})
    assert answer["status"] == 401
    assert answer["body"]["code"] == "Unauthorized"
    assert answer["body"]["message"]


def test_a_page_of_another_origin_may_not(page: Page, ada: Client, port: int) -> None:
    page.goto(f"http://127.0.0.1:{port}")
    headers = {"Authorization": ada.api.headers["Authorization"]}
    assert ask(page, ada, headers) == "Failed to fetch"


def test_headers_that_are_not_allowed_are_not_sent(page: Page, ada: Client) -> None:
    page.goto(origin(ada.stack))
    assert ask(page, ada, {"X-Anything": "x"}) == "Failed to fetch"
