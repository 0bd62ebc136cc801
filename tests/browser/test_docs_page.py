"""The API's Swagger page, in a browser, under its own content security policy."""

from playwright.sync_api import Page, expect

from local.client import Stack


def test_the_api_can_be_read_about_and_tried_out(page: Page, stack: Stack) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{stack.api_url}/docs")
    operation = page.locator("#operations-Docs-getOpenapi")
    operation.get_by_role("button").first.click()
    operation.get_by_role("button", name="Try it out", exact=True).click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .response-col_status").last).to_have_text("200")
    assert not complaints
