"""Verification lets through those kinds of TIFF that Pillow opens, of all that there can be."""

import io
import itertools

from PIL import TiffImagePlugin

from photodrop.errors import ContentRejectedError
from photodrop.imaging.budget import Budget
from photodrop.imaging.formats import inspect
from tests.support import tiffs


def test_every_kind_of_tiff_that_is_let_through_is_one_that_pillow_opens() -> None:
    """Verification has no decoder and knows by a table of its own, which must not differ."""
    opened = set(TiffImagePlugin.OPEN_INFO)
    extras = [
        (),
        *itertools.chain.from_iterable(
            itertools.product((0, 1, 2, 999), repeat=many) for many in (1, 2, 3)
        ),
    ]
    let_through = 0
    for (mark, order), photometric, sample_format, fill, depth, extra in itertools.product(
        ((b"II", "<"), (b"MM", ">")),
        (0, 1, 2, 3, 5, 6, 8),
        (1, 2, 3),
        (1, 2),
        (1, 2, 4, 8, 10, 12, 14, 16, 24, 32, 64),
        extras,
    ):
        colours = {2: 3, 5: 4, 6: 3, 8: 3}.get(photometric, 1)
        bits = (depth,) * (colours + len(extra))
        more = {266: ("H", [fill]), 530: ("H", [1, 1])}
        data = tiffs.picture(
            1,
            1,
            bytes(64),
            photometric=photometric,
            bits=bits,
            sample_format=sample_format,
            extra_samples=extra,
            more=more,
            order=order,
        )
        try:
            inspect(io.BytesIO(data), len(data), Budget())
        except ContentRejectedError:
            continue
        let_through += 1
        assert (mark, photometric, (sample_format,), fill, bits, extra) in opened
    assert let_through > 80
