"""Pictures for the screenshots: landscapes that nobody took, the same every time.

Photographs would need a licence and room in the repository; these need a few lines of Pillow.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

Colour = tuple[int, int, int]
Size = tuple[int, int]

SUNRISE: Sequence[Colour] = ((52, 72, 122), (150, 128, 164), (244, 168, 128), (255, 222, 170))
NOON: Sequence[Colour] = ((62, 126, 190), (128, 182, 220), (206, 228, 236), (240, 240, 230))
DUSK: Sequence[Colour] = ((24, 26, 66), (92, 52, 112), (214, 96, 104), (255, 186, 120))
MIST: Sequence[Colour] = ((142, 160, 168), (186, 198, 198), (220, 224, 216), (236, 232, 220))
TEAL: Sequence[Colour] = ((14, 62, 84), (48, 124, 138), (150, 196, 180), (250, 226, 176))
NIGHT: Sequence[Colour] = ((6, 10, 28), (14, 24, 58), (36, 54, 98), (84, 98, 134))


def _mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour between two, `share` of the way to the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _gradient(colours: Sequence[Colour], size: Size) -> Image.Image:
    """Return a smooth way through the colours, from top to bottom."""
    thin = Image.new("RGB", (1, len(colours)))
    for row, colour in enumerate(colours):
        thin.putpixel((0, row), colour)
    return thin.resize((8, size[1]), Image.Resampling.BICUBIC).resize(size)


def _clouds(size: Size, random: Random, cells: Size, octaves: int = 5) -> Image.Image:
    """Return soft noise, from black to white."""
    noise = Image.new("L", size, 128)
    for octave in range(octaves):
        grid = (cells[0] * 2**octave + 1, cells[1] * 2**octave + 1)
        layer = Image.frombytes("L", grid, random.randbytes(grid[0] * grid[1]))
        layer = layer.resize(size, Image.Resampling.BICUBIC)
        noise = layer if octave == 0 else Image.blend(noise, layer, 0.5 ** (octave + 1))
    return ImageOps.autocontrast(noise)


def _ridge(width: int, random: Random, height: float, roughness: float = 0.52) -> list[float]:
    """Return the heights of a skyline, around 0."""
    line = [random.uniform(-0.4, 0.4), random.uniform(-0.4, 0.4)]
    spread = 1.0
    while len(line) < width:
        between = [(a + b) / 2 + random.uniform(-spread, spread) * 0.5 for a, b in pairwise(line)]
        line = [y for pair in zip(line, between, strict=False) for y in pair] + [line[-1]]
        spread *= roughness
    return [y * height for y in line[:width]]


def _glow(picture: Image.Image, at: tuple[float, float], radius: float, colour: Colour) -> None:
    """Let there be light, brightest at `at`."""
    side = max(2, round(2 * radius))
    mask = ImageOps.invert(Image.radial_gradient("L")).resize((side, side))
    mask = mask.point([round(255 * max(0, (value - 76) / 179) ** 2) for value in range(256)])
    picture.paste(colour, (round(at[0] - radius), round(at[1] - radius)), mask)


def _disc(picture: Image.Image, at: tuple[float, float], radius: float, colour: Colour) -> None:
    mask = Image.new("L", picture.size)
    x, y = at
    ImageDraw.Draw(mask).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    picture.paste(colour, (0, 0), mask.filter(ImageFilter.GaussianBlur(radius / 12)))


def _sky(size: Size, colours: Sequence[Colour], random: Random, clouds: float) -> Image.Image:
    sky = _gradient(colours, size)
    mask = _clouds(size, random, (3, 7)).point(
        [round(max(0.0, value / 255 - 0.45) * 1.8 * 255 * clouds) for value in range(256)]
    )
    fading = _gradient([(255,) * 3, (255,) * 3, (60,) * 3], size).convert("L")
    sky.paste(_mix(colours[-1], (255, 255, 255), 0.6), (0, 0), ImageChops.multiply(mask, fading))
    return sky


def _land(
    picture: Image.Image,
    line: Sequence[float],
    colours: tuple[Colour, Colour],
) -> None:
    """Fill what is below the line, from one colour at its top to another at the bottom."""
    width, height = picture.size
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).polygon([(0, height), *enumerate(line), (width, height)], fill=255)
    top = max(0, round(min(line)))
    filling = Image.new("RGB", picture.size, colours[0])
    filling.paste(_gradient(colours, (width, max(1, height - top))), (0, top))
    picture.paste(filling, (0, 0), mask.filter(ImageFilter.GaussianBlur(0.8)))


def _firs(picture: Image.Image, line: Sequence[float], colour: Colour, random: Random) -> None:
    """Set fir trees along the line."""
    width, height = picture.size
    draw = ImageDraw.Draw(picture)
    x = 0.0
    while x < width:
        tall = height * random.uniform(0.035, 0.11)
        foot = line[int(x)] + tall * 0.12
        for level in range(6):
            y = foot - tall * (0.08 + level * 0.15)
            half = tall * 0.21 * (1 - level / 6.5) * random.uniform(0.85, 1.1)
            draw.polygon([(x - half, y), (x + half, y), (x, y - tall * 0.27)], fill=colour)
        x += width * random.uniform(0.006, 0.03)


def mountains(size: Size, random: Random, colours: Sequence[Colour]) -> Image.Image:
    """Ranges behind one another, and the sun above them."""
    width, height = size
    picture = _sky(size, colours, random, 0.55)
    sun = (width * random.uniform(0.22, 0.78), height * random.uniform(0.28, 0.42))
    _glow(picture, sun, min(size) * 0.55, _mix(colours[-1], (255, 255, 255), 0.3))
    _disc(picture, sun, min(size) * 0.035, (255, 250, 232))
    dark = _mix(colours[0], (10, 20, 26), 0.72)
    ranges = 6
    for number in range(ranges):
        share = number / (ranges - 1)
        base = height * (0.46 + 0.44 * share)
        tall = height * (0.30 - 0.19 * share)
        line = [base + y for y in _ridge(width, random, tall)]
        near = _mix(_mix(colours[2], colours[1], 0.55), dark, share**0.8)
        _land(picture, line, (near, _mix(near, colours[-1], 0.34 * (1 - share))))
        if number >= ranges - 2:
            _firs(picture, line, _mix(near, dark, 0.6), random)
    return picture


def lake(size: Size, random: Random, colours: Sequence[Colour]) -> Image.Image:
    """Draw mountains, and once more in the water."""
    width, height = size
    shore = round(height * 0.56)
    above = mountains((width, round(height * 0.8)), random, colours).crop((0, 0, width, shore))
    line = [shore - height * 0.025 + y for y in _ridge(width, random, height * 0.03)]
    dark = _mix(colours[0], (8, 16, 20), 0.75)
    _land(above, line, (dark, dark))
    _firs(above, line, dark, random)
    below = ImageOps.flip(above).resize((width, height - shore))
    below = Image.blend(below, Image.new("RGB", below.size, _mix(colours[0], colours[1], 0.4)), 0.3)
    picture = Image.new("RGB", size)
    picture.paste(above, (0, 0))
    waves = _clouds((width, height - shore), random, (3, 60), 3)
    for y in range(below.height):  # further out the ripples are finer
        strength = 1 + 9 * y / below.height
        shift = (waves.getpixel((width // 2, y)) / 255 - 0.5) * strength  # type: ignore[operator]
        row = below.crop((0, y, width, y + 1))
        picture.paste(ImageChops.offset(row, round(shift), 0), (0, shore + y))
    return picture


def sea(size: Size, random: Random, colours: Sequence[Colour]) -> Image.Image:
    """Draw the horizon, and the light that the water throws back."""
    width, height = size
    horizon = round(height * random.uniform(0.46, 0.56))
    picture = _sky(size, colours, random, 0.8)
    sun = (width * random.uniform(0.3, 0.7), horizon - height * 0.1)
    _glow(picture, sun, min(size) * 0.6, (255, 236, 200))
    _disc(picture, sun, min(size) * 0.05, (255, 250, 235))
    water = _gradient(
        [_mix(colours[-1], colours[1], 0.5), colours[1], _mix(colours[0], (6, 18, 32), 0.5)],
        (width, height - horizon),
    )
    picture.paste(water, (0, horizon))
    draw = ImageDraw.Draw(picture, "RGBA")
    for _ in range(2600):
        depth = random.random() ** 1.7
        y = horizon + depth * (height - horizon)
        spread = width * (0.02 + 0.24 * depth)
        x = random.gauss(sun[0], spread)
        long = width * (0.003 + 0.022 * depth) * random.uniform(0.4, 1.4)
        near = math.exp(-(((x - sun[0]) / (spread * 1.4)) ** 2))
        light = (*_mix(colours[-1], (255, 250, 230), 0.5), round(140 * near * random.random()))
        draw.ellipse((x - long, y, x + long, y + 1 + 3.5 * depth), fill=light)
    for _ in range(900):
        depth = random.random()
        x, y = random.uniform(0, width), horizon + depth * (height - horizon)
        long = width * (0.01 + 0.05 * depth)
        dark = (*_mix(colours[0], (0, 10, 24), 0.5), round(46 * random.random()))
        draw.ellipse((x - long, y, x + long, y + 1 + 4 * depth), fill=dark)
    return picture


def fog(size: Size, random: Random, colours: Sequence[Colour]) -> Image.Image:
    """Firs that grow paler with every row."""
    width, height = size
    picture = _sky(size, colours, random, 0.5)
    dark = _mix(colours[0], (12, 30, 32), 0.84)
    rows = 7
    for number in range(rows):
        share = number / (rows - 1)
        line = [
            height * (0.36 + 0.56 * share) + y for y in _ridge(width, random, height * 0.1, 0.45)
        ]
        near = _mix(colours[2], dark, share**1.3)
        _firs(picture, line, near, random)
        _land(picture, line, (near, _mix(near, colours[-1], 0.65 * (1 - share * 0.8))))
    return picture


def stars(size: Size, random: Random, colours: Sequence[Colour]) -> Image.Image:
    """Draw a clear night over the hills."""
    width, height = size
    picture = _gradient(colours, size)
    band = _clouds(size, random, (4, 4), 6)
    falloff = ImageOps.invert(Image.linear_gradient("L"))
    falloff = ImageChops.darker(falloff, ImageOps.flip(falloff)).resize((width * 3, height // 2))
    stripe = Image.new("L", size)
    tilted = falloff.rotate(32, Image.Resampling.BICUBIC, expand=True)
    stripe.paste(tilted, ((width - tilted.width) // 2, (height - tilted.height) // 2 - height // 9))
    haze = ImageChops.multiply(stripe, band).point([min(255, round(v * 1.25)) for v in range(256)])
    picture.paste((186, 178, 214), (0, 0), haze)
    draw = ImageDraw.Draw(picture)
    for _ in range(1500):
        x, y = random.uniform(0, width), random.uniform(0, height * 0.9)
        bright = random.random() ** 5
        radius = 0.5 + 1.5 * bright
        shade = _mix(colours[2], (255, 252, 240), 0.35 + 0.65 * bright)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=shade)
    for share in (0.0, 1.0):
        line = [height * (0.8 + 0.12 * share) + y for y in _ridge(width, random, height * 0.14)]
        near = _mix(colours[1], (2, 4, 12), 0.5 + 0.45 * share)
        _land(picture, line, (near, near))
        _firs(picture, line, near, random)
    return picture


def lights(size: Size, random: Random, colours: Sequence[Colour]) -> Image.Image:
    """Lanterns, out of focus."""
    width, height = size
    dark = [_mix(colour, (8, 6, 18), 0.72) for colour in colours[:3]]
    picture = _gradient(dark, size)
    warm = [(255, 196, 112), (255, 150, 92), (255, 226, 170), (240, 112, 120), (130, 200, 208)]
    for number in range(90):
        near = number / 90
        radius = min(size) * (0.012 + 0.075 * near * random.uniform(0.5, 1.2))
        x, y = random.uniform(0, width), random.gauss(height * 0.46, height * 0.22)
        side = round(2 * radius + 8)
        disc = Image.new("L", (side, side))
        draw = ImageDraw.Draw(disc)
        strength = random.randint(40, 150)
        draw.ellipse((4, 4, side - 5, side - 5), fill=strength, outline=strength + 60, width=2)
        disc = disc.filter(ImageFilter.GaussianBlur(1 + 1.2 * (1 - near)))
        picture.paste(random.choice(warm), (round(x - side / 2), round(y - side / 2)), disc)
    return picture


def meadow(size: Size, random: Random, colours: Sequence[Colour]) -> Image.Image:
    """Grass and flowers, sharp only where one looks."""
    width, height = size
    picture = _gradient(
        [_mix(colours[-1], (236, 240, 200), 0.5), (150, 178, 96), (74, 118, 52), (34, 70, 34)], size
    )
    shade = _clouds(size, random, (4, 3))
    picture = Image.blend(picture, ImageChops.overlay(picture, shade.convert("RGB")), 0.6)
    petals = [(252, 214, 84), (244, 132, 150), (250, 246, 238), (178, 142, 226), (250, 170, 96)]
    steps = 9
    for step in range(steps):
        near = step / (steps - 1)
        layer = Image.new("RGBA", size)
        draw = ImageDraw.Draw(layer)
        for _ in range(round(160 - 80 * near)):
            x, foot = random.uniform(0, width), height * (0.34 + 0.78 * near)
            tall = height * (0.05 + 0.26 * near) * random.uniform(0.6, 1.2)
            lean = random.gauss(0, tall * 0.16)
            green = _mix((126, 164, 80), (22, 62, 30), near * random.uniform(0.6, 1.1))
            thick = max(1, round(1 + 4 * near))
            draw.line((x, foot, x + lean, foot - tall), fill=(*green, 235), width=thick)
        for _ in range(round(34 - 20 * near)):
            x = random.uniform(0, width)
            y = height * (0.26 + 0.62 * near) + random.gauss(0, height * 0.05)
            radius = min(size) * (0.006 + 0.042 * near) * random.uniform(0.8, 1.3)
            _flower(draw, (x, y), radius, random.choice(petals), random)
        blur = abs(near - 0.72) * 9
        picture.paste(layer.filter(ImageFilter.GaussianBlur(blur)), (0, 0), _alpha(layer, blur))
    _glow(picture, (width * 0.8, 0), min(size) * 0.8, (255, 246, 206))
    return picture


def _alpha(layer: Image.Image, blur: float) -> Image.Image:
    return layer.getchannel("A").filter(ImageFilter.GaussianBlur(blur))


def _flower(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    radius: float,
    colour: Colour,
    random: Random,
) -> None:
    x, y = at
    petals, turn = random.randint(7, 11), random.random() * math.tau
    for ring in (1.0, 0.72):
        for petal in range(petals):
            angle = turn + petal * math.tau / petals + (0.3 if ring < 1 else 0)
            tone = _mix(colour, (90, 50, 60), random.uniform(0.0, 0.22))
            cx, cy = x + math.cos(angle) * radius * 0.62 * ring, y
            cy += math.sin(angle) * radius * 0.48 * ring
            wide, high = radius * 0.34 * ring, radius * 0.27 * ring
            draw.ellipse((cx - wide, cy - high, cx + wide, cy + high), fill=(*tone, 255))
    heart = radius * 0.27
    draw.ellipse((x - heart, y - heart * 0.8, x + heart, y + heart * 0.8), fill=(196, 126, 40, 255))


def portrait(size: Size, random: Random, colours: Sequence[Colour]) -> Image.Image:
    """Somebody, simply drawn, before a soft background."""
    width = size[0]
    picture = _gradient([_mix(one, (255, 255, 255), 0.25) for one in colours[1:]], size)
    draw = ImageDraw.Draw(picture)
    skin, hair = random.choice(
        [
            ((242, 208, 184), (124, 74, 44)),
            ((242, 208, 184), (206, 168, 104)),
            ((202, 156, 120), (48, 34, 30)),
            ((126, 86, 64), (34, 26, 26)),
            ((228, 184, 152), (98, 96, 106)),
        ]
    )
    shirt = _mix(colours[0], (255, 255, 255), 0.12)
    unit = width / 20

    def oval(x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        box = (x - wide) * unit, (y - high) * unit, (x + wide) * unit, (y + high) * unit
        draw.ellipse(box, fill=colour)

    long = random.random() < 0.5
    if long:
        oval(10, 10.4, 4.9, 6.0, hair)
    oval(10, 21.5, 7.6, 6.6, shirt)
    draw.rectangle((8.6 * unit, 12 * unit, 11.4 * unit, 16 * unit), fill=_mix(skin, shirt, 0.2))
    oval(10, 15.6, 1.9, 1.1, _mix(skin, shirt, 0.12))
    oval(10, 8.5, 4.2, 4.7, hair)
    oval(10, 10.2, 3.5, 4.2, skin)
    oval(8.2 if long else 11.6, 6.5, 2.9, 1.5, hair)
    for x in (8.5, 11.5):
        oval(x, 9.9, 0.34, 0.42, (46, 38, 36))
        oval(x, 9.0, 0.7, 0.13, _mix(hair, skin, 0.2))
    smile = (8.4 * unit, 10.4 * unit, 11.6 * unit, 12.8 * unit)
    draw.arc(smile, 25, 155, fill=(150, 72, 70), width=round(unit * 0.26))
    return picture.filter(ImageFilter.GaussianBlur(unit * 0.05))


Maker = Callable[[Size, Random, Sequence[Colour]], Image.Image]


def jpeg(maker: Maker, size: Size, colours: Sequence[Colour], seed: int) -> bytes:
    """Return a picture as a camera would give it, grain included."""
    picture = maker(size, Random(seed), colours)
    grain = Image.merge("RGB", [Image.effect_noise(size, 26)] * 3)
    picture = Image.blend(picture, ImageChops.overlay(picture, grain), 0.35)
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=90)
    return output.getvalue()
