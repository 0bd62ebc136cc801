"""A headless Chromium, driven by Playwright, and pages in it.

A module whose page needs a certain origin has a `browser` fixture of its own: see
`start_browser`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from local import users, web
from local.chromium import flags
from local.client import Client, Stack, User
from tests.browser.web_app import Person, WebApp, signed_in
from tests.conftest import checked
from tests.support.browser import chromium, unavailable
from tests.support.patience import PATIENCE_SECONDS
from tests.support.running_stack import aws

PAGE_TIMEOUT_MILLISECONDS = PATIENCE_SECONDS * 1000
expect.set_options(timeout=PAGE_TIMEOUT_MILLISECONDS)


@pytest.fixture(scope="module")  # Playwright's event loop must not be there for other tests
def start_browser() -> Iterator[Callable[..., Browser]]:
    """Start a browser: `start_browser({"localhost:5173": port})` (see `local.chromium.flags`)."""
    executable = chromium()
    with ExitStack() as running:
        playwright = running.enter_context(sync_playwright())

        def start(sites: dict[str, int] | None = None) -> Browser:
            browser = playwright.chromium.launch(
                executable_path=executable, args=flags(sites or {})
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


# ------------------------------------------------------------------------------ the web app


@pytest.fixture(scope="module")
def web_url(stack: Stack) -> str:
    """Where the stack serves the browser app."""
    if not stack.web_url:
        unavailable(f"There is no web app: {web.node_problem() or 'the stack runs without it'}.")
    return stack.web_url


@pytest.fixture
def tab(browser: Browser, web_url: str) -> Iterator[Callable[..., WebApp]]:
    """Open a tab in a browser of its own: `tab(person)` is signed in, `tab()` is not.

    What its scripts, its policy or its network complain about fails the test, see WebApp.refused.
    """
    tabs: list[WebApp] = []
    with ExitStack() as contexts:

        def opened(person: Person | None = None, **options: Any) -> WebApp:
            state = person.state if person else None
            context = contexts.enter_context(
                browser.new_context(storage_state=state, reduced_motion="reduce", **options)
            )
            context.set_default_timeout(PAGE_TIMEOUT_MILLISECONDS)
            tabs.append(WebApp(context.new_page(), web_url))
            return tabs[-1]

        yield opened
        assert [error for one in tabs for error in one.unexpected()] == []


@pytest.fixture(scope="module")
def new_user(stack: Stack) -> Iterator[Callable[..., User]]:
    """Make a user of this stack: `new_user("organizers")`. They are gone after the tests."""
    cognito = aws(stack, "cognito-idp")
    made: list[User] = []

    def new(*groups: str) -> User:
        made.append(User(f"{uuid4().hex[:8]}@example.com", users.PASSWORD, groups))
        users.add(cognito, stack.user_pool_id, made[-1])
        return made[-1]

    yield new
    for user in made:
        cognito.admin_delete_user(UserPoolId=stack.user_pool_id, Username=user.email)


@pytest.fixture(scope="module")
def invite(stack: Stack) -> Iterator[Callable[[], User]]:
    """Make an account as an administrator does: the password is temporary. Gone after the tests."""
    cognito = aws(stack, "cognito-idp")
    made: list[User] = []

    def new() -> User:
        made.append(User(f"{uuid4().hex[:8]}@example.com", "Temporary-Password-1", ()))
        cognito.admin_create_user(
            UserPoolId=stack.user_pool_id,
            Username=made[-1].email,
            TemporaryPassword=made[-1].password,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": made[-1].email},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
        return made[-1]

    yield new
    for user in made:
        cognito.admin_delete_user(UserPoolId=stack.user_pool_id, Username=user.email)


@pytest.fixture(scope="module")
def new_person(
    stack: Stack, web_url: str, new_user: Callable[..., User]
) -> Iterator[Callable[..., Person]]:
    """Make someone who has nothing yet, and is signed in: `new_person("staff")`."""
    with ExitStack() as clients:

        def new(*groups: str) -> Person:
            user = new_user(*groups)
            client = checked(clients.enter_context(Client(stack, user)))
            return Person(user, client, signed_in(stack, web_url, user))

        yield new


@pytest.fixture(scope="module")
def person(new_person: Callable[..., Person]) -> Person:
    """Someone of no group, the same for all tests of a module."""
    return new_person()


@pytest.fixture
def app(tab: Callable[..., WebApp], person: Person) -> WebApp:
    """The tab of `person`, nothing opened in it yet."""
    return tab(person)


@pytest.fixture
def opened(app: WebApp) -> WebApp:
    """The tab of `person`, at their photos."""
    app.open_photos()
    return app
