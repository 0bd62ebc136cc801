"""Patterns of paths, resources and invalidations."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.edge.wildcards import matches

FEW_SIGNS = st.text(alphabet="ab/?*", max_size=12)


@given(pattern=FEW_SIGNS, text=FEW_SIGNS)
def test_a_pattern_fits_what_the_regular_expression_of_it_fits(pattern: str, text: str) -> None:
    signs = {"*": ".*", "?": "."}
    expression = "".join(signs.get(sign, re.escape(sign)) for sign in pattern)

    assert matches(pattern, text) == bool(re.fullmatch(expression, text, re.DOTALL))


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("http://h/i/u/*", "http://h/i/u/", True),
        ("http://h/i/u/*", "http://h/i/u/a/b?x=*", True),
        ("http://h/i/u/*", "http://h/i/u2/a", False),
        ("http://h/i/u/*", "http://h/I/u/a", False),
        ("/i/?.webp", "/i/a.webp", True),
        ("/i/?.webp", "/i/.webp", False),
        ("/i.webp", "/iXwebp", False),
        ("*", "", True),
        ("", "", True),
        ("?", "", False),
    ],
)
def test_stars_take_anything_and_question_marks_one_sign(
    pattern: str, text: str, *, fits: bool
) -> None:
    assert matches(pattern, text) is fits


def test_many_stars_do_not_take_exponential_time() -> None:
    assert not matches("a*" * 500 + "b", "a" * 5000)
