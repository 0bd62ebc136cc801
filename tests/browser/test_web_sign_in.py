"""The browser app: who one is, and how one becomes somebody else."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Route, expect

from local.client import SignInError, Stack, User, sign_in
from local.users import PASSWORD
from tests.browser.web_app import Person, WebApp
from tests.support import pictures
from tests.support.running_stack import aws, upload

Tab = Callable[..., WebApp]

MOST_FIRST_BYTES = {"Your photos": 160_000, "Sign in": 163_000}
"""Gzipped: the page with its scripts and styles."""


@pytest.fixture
def address(stack: Stack) -> Callable[[], str]:
    """Make up an e-mail address that nobody has."""
    return lambda: f"{uuid4().hex[:8]}@example.com"


def test_a_demo_user_signs_in_by_one_click_and_out_again(tab: Tab) -> None:
    app = tab()
    app.open()
    app.expect_page("Sign in")
    app.button(re.compile("grace@example.com")).click()
    app.expect_page("Your photos")
    app.page.reload()
    app.expect_page("Your photos")

    app.account().click()
    app.button("Sign out").click()
    app.expect_page("Sign in")
    app.page.reload()
    app.expect_page("Sign in")


def test_where_only_administrators_create_users_the_page_offers_no_sign_up(tab: Tab) -> None:
    app = tab()
    app.page.route(
        "**/config.json",
        lambda route: route.fulfill(json={**route.fetch().json(), "selfSignUp": False}),
    )
    app.open()
    app.expect_page("Sign in")
    expect(app.button("Forgot password?")).to_be_visible()
    expect(app.button("Create an account")).to_have_count(0)


def test_a_wrong_password_is_told_and_the_right_one_works(
    tab: Tab, new_user: Callable[..., User]
) -> None:
    user = new_user()
    app = tab()
    app.refused = {"400"}
    app.open()
    app.sign_in(User(user.email, "Photodrop-1999!", ()))
    expect(app.page.get_by_role("alert")).to_have_text(
        "That e-mail address and password do not match."
    )
    app.sign_in(user)
    app.expect_page("Your photos")


def test_a_link_leads_to_its_page_after_signing_in(tab: Tab, new_user: Callable[..., User]) -> None:
    app = tab()
    app.open("/events")
    app.sign_in(new_user())
    app.expect_page("Events")


def test_an_account_is_made_and_confirmed(
    tab: Tab, stack: Stack, address: Callable[[], str]
) -> None:
    user = User(address(), PASSWORD, ())
    app = tab()
    app.refused = {"400"}
    app.open()
    app.button("Create an account").click()
    app.page.get_by_label("E-mail").fill(user.email)
    app.page.get_by_label("New password").fill(user.password)
    app.button("Create account").click()

    app.expect_page("Check your e-mail")
    code = app.page.get_by_label("Code")
    code.fill("000000")
    app.button("Confirm").click()
    expect(app.page.get_by_role("alert")).to_contain_text("That code is not right.")
    code.fill(local_code(app))
    app.button("Confirm").click()
    app.expect_page("Your photos")
    expect(app.account()).to_contain_text(user.email)
    assert sign_in(stack, user)


def local_code(app: WebApp) -> str:
    """The code that the page names: a local stack sends no e-mail."""
    said = re.search(r"The code is (\d{6})\.", app.page.inner_text("form"))
    assert said
    return said[1]


def test_an_unfinished_account_is_confirmed_when_signing_in(
    tab: Tab, stack: Stack, address: Callable[[], str]
) -> None:
    user = User(address(), PASSWORD, ())
    aws(stack, "cognito-idp").sign_up(
        ClientId=stack.user_pool_client_id,
        Username=user.email,
        Password=user.password,
        UserAttributes=[{"Name": "email", "Value": user.email}],
    )
    app = tab()
    app.refused = {"400"}
    app.open()
    app.sign_in(user)
    app.expect_page("Check your e-mail")
    app.button("Send a new code").click()
    expect(app.page.get_by_text("A new code is on its way.")).to_be_visible()
    app.page.get_by_label("Code").fill(local_code(app))
    app.button("Confirm").click()
    app.expect_page("Your photos")


def test_an_address_has_one_account(tab: Tab) -> None:
    app = tab()
    app.refused = {"400"}
    app.open()
    app.button("Create an account").click()
    app.page.get_by_label("E-mail").fill("grace@example.com")
    app.page.get_by_label("New password").fill(PASSWORD)
    app.button("Create account").click()
    expect(app.page.get_by_role("alert")).to_contain_text("There is an account")


def test_a_forgotten_password_is_replaced(
    tab: Tab, stack: Stack, new_user: Callable[..., User]
) -> None:
    user = new_user()
    other = User(user.email, "Something-Else-7", ())
    app = tab()
    app.open()
    app.button("Forgot password?").click()
    app.page.get_by_label("E-mail").fill(user.email)
    app.button("Send me a code").click()
    app.expect_page("Choose a new password")
    app.page.get_by_label("Code").fill(local_code(app))
    app.page.get_by_label("New password").fill(other.password)
    app.button("Save and sign in").click()
    app.expect_page("Your photos")
    assert sign_in(stack, other)
    with pytest.raises(SignInError):
        sign_in(stack, user)


def test_another_code_is_sent_to_who_chooses_a_new_password(
    tab: Tab, new_user: Callable[..., User]
) -> None:
    app = tab()
    app.open()
    app.button("Forgot password?").click()
    app.page.get_by_label("E-mail").fill(new_user().email)
    app.button("Send me a code").click()
    app.expect_page("Choose a new password")
    app.button("Send a new code").click()
    expect(app.page.get_by_text("A new code is on its way.")).to_be_visible()
    app.page.get_by_label("Code").fill(local_code(app))
    app.page.get_by_label("New password").fill("Something-Else-7")
    app.button("Save and sign in").click()
    app.expect_page("Your photos")


@pytest.fixture
def invited(invite: Callable[[], User]) -> User:
    """Someone for whom an administrator has made an account, with a temporary password."""
    return invite()


def test_a_temporary_password_is_replaced_at_the_first_sign_in(
    tab: Tab, stack: Stack, invited: User
) -> None:
    app = tab()
    app.refused = {"400"}
    app.open("/events")
    app.sign_in(invited)
    app.expect_page("Choose your own password")
    password = app.page.get_by_label("New password")
    expect(password).to_have_value("")
    expect(app.page.get_by_text("At least 12 characters")).to_be_visible()
    password.fill("lower-case-only")
    app.button("Save and continue").click()
    expect(app.page.get_by_role("alert")).to_contain_text("does not follow the rules")
    password.fill(PASSWORD)
    app.button("Save and continue").click()
    app.expect_page("Events")
    expect(app.account()).to_contain_text(invited.email)
    assert sign_in(stack, User(invited.email, PASSWORD, ()))
    with pytest.raises(SignInError):
        sign_in(stack, invited)


def test_what_the_user_pool_requires_is_asked_for_with_the_first_password(
    tab: Tab, stack: Stack, invited: User
) -> None:
    answered: list[dict[str, str]] = []

    def require_a_name(route: Route) -> None:
        asked = json.loads(route.request.post_data or "{}")
        if asked.get("ChallengeName") == "NEW_PASSWORD_REQUIRED":
            answered.append(asked["ChallengeResponses"])
        answer = route.fetch()
        body = answer.json()
        if body.get("ChallengeName") == "NEW_PASSWORD_REQUIRED":
            body["ChallengeParameters"]["requiredAttributes"] = '["userAttributes.name"]'
        route.fulfill(response=answer, json=body)

    app = tab()
    app.open()
    app.expect_page("Sign in")
    app.page.route(f"{stack.endpoint_url}/", require_a_name)
    app.sign_in(invited)
    app.expect_page("Choose your own password")
    app.page.get_by_label("New password").fill(PASSWORD)
    app.page.get_by_label("Your name").fill("Noor")
    app.button("Save and continue").click()
    app.expect_page("Your photos")
    assert [given["userAttributes.name"] for given in answered] == ["Noor"]


def test_a_temporary_password_cannot_be_forgotten_but_is_told_of(tab: Tab, invited: User) -> None:
    app = tab()
    app.refused = {"400"}
    app.open()
    app.button("Forgot password?").click()
    app.page.get_by_label("E-mail").fill(invited.email)
    app.button("Send me a code").click()
    expect(app.page.get_by_role("alert")).to_contain_text("still has its temporary password")
    app.button("Back").click()
    app.sign_in(invited)
    app.expect_page("Choose your own password")


def test_a_password_that_an_administrator_reset_is_chosen_anew(
    tab: Tab, stack: Stack, new_user: Callable[..., User]
) -> None:
    user = new_user()
    aws(stack, "cognito-idp").admin_reset_user_password(
        UserPoolId=stack.user_pool_id, Username=user.email
    )
    app = tab()
    app.refused = {"400"}
    app.open()
    app.sign_in(user)
    app.expect_page("Choose a new password")
    expect(app.page.get_by_text("Your password has been reset")).to_be_visible()
    app.page.get_by_label("Code").fill(local_code(app))
    app.page.get_by_label("New password").fill("Something-Else-7")
    app.button("Save and sign in").click()
    app.expect_page("Your photos")


def test_a_first_password_that_comes_too_late_is_told_so(
    tab: Tab, stack: Stack, invited: User
) -> None:
    app = tab()
    app.refused = {"400"}
    app.open()
    app.sign_in(invited)
    app.expect_page("Choose your own password")
    aws(stack, "cognito-idp").admin_set_user_password(
        UserPoolId=stack.user_pool_id, Username=invited.email, Password=PASSWORD, Permanent=True
    )
    app.page.get_by_label("New password").fill("Something-Else-7")
    app.button("Save and continue").click()
    expect(app.page.get_by_role("alert")).to_contain_text("Please go back and sign in again.")
    app.button("Back").click()
    app.sign_in(User(invited.email, PASSWORD, ()))
    app.expect_page("Your photos")


def test_without_a_connection_signing_in_says_so(tab: Tab, new_user: Callable[..., User]) -> None:
    app = tab()
    app.refused = {"ERR_INTERNET_DISCONNECTED"}
    app.open()
    app.expect_page("Sign in")
    app.page.context.set_offline(True)
    user = new_user()
    app.sign_in(user)
    expect(app.page.get_by_role("alert")).to_contain_text("cannot be reached")
    app.page.context.set_offline(False)
    app.button("Sign in").click()
    app.expect_page("Your photos")


def test_a_token_that_the_service_refuses_is_renewed_without_a_word(
    app: WebApp, person: Person
) -> None:
    app.refused = {"401"}
    app.refuse("/photos", 401, "TokenExpired")
    app.open("/photos")
    expect(app.page.get_by_role("heading", name="Your photos will be here")).to_be_visible()
    tokens = {
        request.headers["authorization"]
        for request in app.requests
        if urlsplit(request.url).path.endswith("/dev/photos") and request.method == "GET"
    }
    assert len(tokens) == 2


def test_a_session_that_has_ended_asks_for_the_password_and_goes_on(
    tab: Tab, new_person: Callable[..., Person], stack: Stack
) -> None:
    person = new_person()
    photo = upload(person.client, pictures.jpeg(), title="Kept")
    app = tab(person)
    app.refused = {"400", "401"}
    app.open("/photos")
    expect(app.photos()).to_have_count(1)
    aws(stack, "cognito-idp").admin_user_global_sign_out(
        UserPoolId=stack.user_pool_id, Username=person.user.email
    )
    app.refuse(f"/photos/{photo['photoId']}", 401, "TokenExpired")
    app.photos().first.click()

    dialog = app.dialog("Please sign in again")
    dialog.get_by_label(f"Password of {person.user.email}").fill("Photodrop-1999!")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_role("alert")).to_contain_text("do not match")
    dialog.get_by_label(f"Password of {person.user.email}").fill(person.user.password)
    dialog.get_by_role("button", name="Sign in").click()
    app.expect_page("Kept")
    assert photo["photoId"] in app.page.url


def test_little_is_loaded_first(tab: Tab, new_person: Callable[..., Person]) -> None:
    kinds = {"document", "script", "stylesheet"}
    for app, heading in ((tab(), "Sign in"), (tab(new_person()), "Your photos")):
        app.open("/photos")
        app.expect_page(heading)
        app.page.wait_for_load_state("networkidle")
        files = [answer for answer in app.answers if answer.request.resource_type in kinds]
        sizes = {answer.url: len(gzip.compress(answer.body(), 6)) for answer in files}
        assert sum(sizes.values()) < MOST_FIRST_BYTES[heading], sizes
        assert sum(sizes.values()) > 10_000


def test_the_policy_lets_no_other_script_run(tab: Tab) -> None:
    app = tab()
    app.open()
    app.expect_page("Sign in")
    app.page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.head.append(script);
    }""")
    assert not app.page.evaluate("'ran' in window")
    assert "Content Security Policy" in app.errors.pop()
