"""The browser app: files that were chosen, looked over before they are sent."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.browser.web_app import WebApp, photo_file
from tests.support import pictures

DECODERS = """
    window.decoding = { now: 0, most: 0, all: 0, widths: [] };
    const decode = window.createImageBitmap;
    window.createImageBitmap = async (...given) => {
        decoding.now += 1;
        decoding.all += 1;
        decoding.most = Math.max(decoding.most, decoding.now);
        try {
            const image = await decode(...given);
            decoding.widths.push(image.width);
            return image;
        } finally {
            decoding.now -= 1;
        }
    };
"""
"""Counts the pictures that are decoded at a time: each takes 50 MB of memory at 12 megapixels."""


def files(folder: Path, count: int) -> list[Path]:
    made = [folder / f"photo-{number}.jpg" for number in range(count)]
    for number, file in enumerate(made):
        file.write_bytes(pictures.jpeg(640 + number, 480))
    return made


def test_escape_throws_away_no_typed_title(opened: WebApp, tmp_path: Path) -> None:
    dialog = opened.choose(photo_file(tmp_path, "sunset.jpg"))
    title = dialog.get_by_label("Title of sunset.jpg")
    title.fill("Last light")
    for _ in range(5):  # also by mistake, once more than is asked for
        opened.page.keyboard.press("Escape")
        expect(title).to_have_value("Last light")
    question = dialog.get_by_role("alert")
    expect(question).to_contain_text("Discard what you typed?")
    question.get_by_role("button", name="Keep editing").click()
    expect(question).to_have_count(0)
    expect(title).to_have_value("Last light")
    opened.page.keyboard.press("Escape")
    question.get_by_role("button", name="Discard").click()
    expect(dialog).to_have_count(0)


def test_escape_closes_at_once_when_nothing_was_typed(opened: WebApp, tmp_path: Path) -> None:
    dialog = opened.choose(photo_file(tmp_path, "sunset.jpg"))
    expect(dialog).to_be_visible()
    opened.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_what_is_for_all_stands_first_and_enter_uploads(opened: WebApp, tmp_path: Path) -> None:
    dialog = opened.choose(*files(tmp_path, 2))
    expect(dialog.get_by_role("button", name="Upload 2 files")).to_be_focused()
    assert top(dialog.get_by_label("Tags for all")) < top(dialog.get_by_label("Title of photo-0"))
    opened.page.keyboard.press("Enter")
    for name in ("photo-0.jpg", "photo-1.jpg"):
        expect(opened.upload(name)).to_contain_text("Done")


def top(locator: Locator) -> float:
    box = locator.bounding_box()
    assert box
    return box["y"]


def test_previews_are_small_and_made_one_after_another_where_they_are_seen(
    app: WebApp, tmp_path: Path
) -> None:
    app.page.add_init_script(DECODERS)
    app.open_photos()
    many = 40
    dialog = app.choose(*files(tmp_path, many))
    previews = dialog.locator(".preview img")
    expect(previews.first).to_be_visible()
    assert app.page.evaluate("decoding.all") < many / 2
    dialog.get_by_label(f"Title of photo-{many - 1}.jpg").scroll_into_view_if_needed()
    app.until(lambda: dialog.locator("li").last.locator(".preview img").count())
    decoding = app.page.evaluate("decoding")
    assert decoding["most"] == 1
    assert max(decoding["widths"]) <= 160
    dialog.get_by_role("button", name="Cancel").click()
