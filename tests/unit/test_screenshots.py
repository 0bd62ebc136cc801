"""`make screenshots`: which pictures it writes."""

from __future__ import annotations

from PIL import Image

from local.screenshots import __main__ as screenshots


def test_a_picture_is_new_only_where_somebody_sees_a_difference() -> None:
    before = Image.new("RGB", (60, 40), (200, 120, 40))
    noise, button = before.copy(), before.copy()
    noise.putpixel((5, 5), (204, 118, 43))
    button.paste((20, 90, 200), (10, 10, 14, 14))

    assert not screenshots.differ(before, noise)
    assert screenshots.differ(before, button)
    assert screenshots.differ(before, before.resize((61, 40)))
