"""Names of variants, and the sizes of what covers a box."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photodrop import variants
from photodrop.file_types import ThumbnailFormat
from photodrop.imaging.renditions import cover
from photodrop.variants import Variant

SIDES = st.integers(1, 30_000)


@given(
    st.builds(
        Variant,
        st.from_regex("[1-9][0-9]{0,4}(x[1-9][0-9]{0,4})?", fullmatch=True).filter(str.isascii),
        st.sampled_from(get_args(ThumbnailFormat)),
        st.just("cover"),
        st.sampled_from(["center", "auto"]),
    )
)
def test_a_name_is_read_as_the_variant_that_it_names(variant: Variant) -> None:
    assert variants.parse(variant.name) == variant


@pytest.mark.parametrize(
    "name",
    [
        *("", "640", "640.png", "0.webp", "640x.webp", "640-contain.webp", "640-auto.webp"),
        *("640.webp/", "../640.webp", "640.webp\n", "123456.webp", "٦٤٠.webp"),
    ],
)
def test_other_names_are_none(name: str) -> None:
    assert variants.parse(name) is None


@given(st.tuples(SIDES, SIDES), st.tuples(st.integers(1, 4000), st.integers(1, 4000)))
def test_what_covers_a_box_is_as_large_as_possible_and_never_enlarged(
    size: tuple[int, int], box: tuple[int, int]
) -> None:
    scaled, cut = cover(size, box)
    for side in (0, 1):
        assert 1 <= cut[side] <= scaled[side] <= max(size[side], 1)
        assert cut[side] <= box[side]
    if size[0] >= box[0] and size[1] >= box[1]:
        assert cut == box
    assert min(scaled[0] - cut[0], scaled[1] - cut[1]) <= 1, "one side is used whole"
