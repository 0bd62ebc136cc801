"""Resizing with libvips gives what Pillow's own resizing gives, for every kind of pixels."""

import gc
import random

import pytest
from PIL import Image, ImageChops, ImageStat

from photodrop.imaging import libvips, resampling
from photodrop.imaging.shared_pixels import SharedPixels


def make_picture(mode: str, width: int, height: int) -> Image.Image:
    """Return smooth colours with a sharp edge, and transparency where the mode has it."""
    small = Image.frombytes("RGBA", (5, 4), random.Random(3).randbytes(5 * 4 * 4))
    picture = small.resize((width, height), Image.Resampling.BICUBIC)
    picture.paste((250, 10, 10, 255), (width // 3, 0, width // 2, height))
    return (
        picture.convert("RGB").convert(mode) if mode in ("CMYK", "YCbCr") else picture.convert(mode)
    )


def differences(one: Image.Image, other: Image.Image) -> tuple[float, float]:
    """Return the largest difference of a sample, of 255, and the mean of the worst channel."""
    assert (one.mode, one.size) == (other.mode, other.size)
    statistics = ImageStat.Stat(ImageChops.difference(one, other))
    return max(high for _, high in statistics.extrema), max(statistics.mean)


def over_grey(image: Image.Image) -> Image.Image:
    """Return what is seen: the colour of a transparent pixel is arbitrary."""
    grey = Image.new("RGBA", image.size, (128, 128, 128, 255))
    return Image.alpha_composite(grey, image.convert("RGBA"))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK", "YCbCr"])
@pytest.mark.parametrize(
    ("width", "height", "size"),
    [
        (200, 150, (160, 120)),
        (161, 121, (80, 60)),
        (400, 300, (40, 30)),
        (300, 7, (100, 2)),
        (7, 300, (1, 43)),
        (64, 48, (64, 20)),
    ],
)
def test_every_mode_and_size_looks_as_resized_by_pillow(
    mode: str, width: int, height: int, size: tuple[int, int]
) -> None:
    picture = make_picture(mode, width, height)
    ours = resampling.resize(picture, size)
    expected = picture.resize(size, Image.Resampling.LANCZOS)
    assert ours.mode == mode
    if mode in ("LA", "RGBA"):
        ours, expected = over_grey(ours), over_grey(expected)
    largest, mean = differences(ours, expected)
    assert largest <= 12, "at an edge"
    assert mean <= 1 or min(size) <= 2, "of few pixels, most are at the border"


@pytest.mark.parametrize("mode", ["I", "F"])
def test_samples_of_more_than_eight_bits_keep_them(mode: str) -> None:
    picture = Image.new(mode, (40, 30), 54_321)
    assert resampling.resize(picture, (20, 15)).getpixel((9, 9)) == 54_321


def test_the_part_of_a_pixel_outside_the_box_does_not_count() -> None:
    picture = make_picture("RGB", 101, 76)
    box = (0.0, 0.0, 100.25, 75.5)
    ours = resampling.resize(picture, (100, 75), box)
    assert ours == picture.resize((100, 75), Image.Resampling.LANCZOS, box)


def test_averaging_first_looks_as_with_pillows_reducing_gap() -> None:
    picture = make_picture("RGB", 800, 600)
    ours = resampling.resize(picture, (100, 75), may_average=True)
    lanczos = Image.Resampling.LANCZOS
    largest, _ = differences(ours, picture.resize((100, 75), lanczos, reducing_gap=1.25))
    assert largest <= 12


def test_transparent_pixels_do_not_colour_their_neighbours() -> None:
    picture = Image.new("RGBA", (40, 40), (0, 255, 0, 0))
    picture.paste((200, 0, 0, 255), (0, 0, 20, 40))
    small = resampling.resize(picture, (10, 10))
    for x in range(10):
        red, green, _, alpha = small.getpixel((x, 5))  # type: ignore[misc]
        assert alpha == 0 or (green <= 8 and red >= 190), x


@pytest.mark.parametrize("loader", ["vipsload", "svgload", "csvload", "jpegload", "tiffload"])
def test_loaders_that_are_not_used_are_blocked(loader: str) -> None:
    with pytest.raises(libvips.LibvipsError, match="blocked"):
        libvips.Image.from_file(loader, bytes(64), "")


@pytest.mark.parametrize("mode", ["L", "La", "RGB", "RGBa", "RGBX", "CMYK", "YCbCr"])
def test_libvips_writes_to_where_pillow_keeps_the_pixels(mode: str) -> None:
    source, target = Image.new(mode, (30, 20), 77), Image.new(mode, (30, 20), 0)
    assert SharedPixels(source).size == (30, 20)
    libvips.Image.from_pixels(SharedPixels(source)).write_to(SharedPixels(target))
    assert target.tobytes() == source.tobytes()


def test_libvips_writes_no_pixels_to_an_image_of_another_size() -> None:
    source, target = Image.new("RGB", (30, 20)), Image.new("RGB", (30, 10), "red")
    with pytest.raises(libvips.LibvipsError):
        libvips.Image.from_pixels(SharedPixels(source)).write_to(SharedPixels(target))
    assert target.getcolors() == [(300, (255, 0, 0))]


def test_pixels_stay_while_they_are_shared() -> None:
    shared = SharedPixels(Image.new("RGB", (64, 64), (1, 2, 3)))
    pixels = libvips.Image.from_pixels(shared)
    del shared
    gc.collect()
    others = [Image.new("RGB", (64, 64), "white") for _ in range(50)]
    assert bytes(pixels.to_bytes()[:3]) == bytes((1, 2, 3))
    assert others


def test_pillow_resizes_what_is_too_large_to_be_in_one_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: Image.Image) -> None:
        raise ValueError("Image rows are not contiguous in memory.")

    picture = make_picture("RGB", 200, 150)
    monkeypatch.setattr(resampling, "SharedPixels", refuse)
    ours = resampling.resize(picture, (100, 75))
    expected = picture.resize((100, 75), Image.Resampling.LANCZOS)
    assert ours.tobytes() == expected.tobytes()
