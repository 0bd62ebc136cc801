"""How thumbnails look: ours against sharp's, by SSIMULACRA2 (100 is the same, 90 is hard to tell).

    npm ci --prefix benchmarks
    python -m benchmarks.quality [--photos FOLDER]

The encoded thumbnail is compared with the whole photo resized by Pillow with Lanczos, not encoded.
Ours is as functions make it, sharp's a WebP of quality 80 with the same effort. It has 2/5 of the
size of the photo, as 1600 of 4000 pixels. Each photo is given as JPEG, PNG and WebP.

The photographs are the sample's and those in scikit-image and scikit-learn: people, animals,
flowers, buildings, machines, food, stars and an eye. They are small, so a folder of larger ones can
be given.
"""

import argparse
import io
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.report import Row

HERE = Path(__file__).parent
PACKAGES = HERE / ".packages"
SAMPLE = HERE.parent / "local" / "sample" / "dandelions.jpg"
PHOTOS = (
    "skimage/data/astronaut.png",
    "skimage/data/coffee.png",
    "skimage/data/chelsea.png",
    "skimage/data/motorcycle_left.png",
    "skimage/data/hubble_deep_field.jpg",
    "skimage/data/retina.jpg",
    "skimage/data/rocket.jpg",
    "sklearn/datasets/images/china.jpg",
    "sklearn/datasets/images/flower.jpg",
)
FORMATS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "PNG": {},
    "WEBP": {"quality": 95},
}
OURS, SHARP = "ours", "sharp"

SHARP_CODE = """
import sharp from "sharp";
const [path, output, size] = process.argv.slice(1);
const box = { width: Number(size), height: Number(size), fit: "inside" };
await sharp(path).autoOrient().resize(box).webp({ quality: 80, effort: 2 }).toFile(output);
"""


def install() -> None:
    """Install the measure and the photographs, once, and make them and our code importable."""
    if not (PACKAGES / "ssimulacra2").is_dir():
        pip = ["uv", "pip", "install", "--quiet", "--no-deps", "--target", str(PACKAGES)]
        uv = [sys.executable, "-m", *pip, "--python", sys.executable]
        subprocess.run([*uv, "-r", str(HERE / "requirements.txt")], check=True)
    sys.path.extend([str(HERE.parent / "functions"), str(PACKAGES)])


def score(reference: Path, thumbnail: Path) -> float:
    from ssimulacra2 import compute_ssimulacra2  # noqa: PLC0415 - `install` installs it

    return float(compute_ssimulacra2(str(reference), str(thumbnail)))


def compare_photo(photo: Path, folder: Path) -> dict[str, tuple[float, int]]:
    """Return the score of each contender, and the bytes of its thumbnail."""
    from photodrop.imaging.thumbnails import make_thumbnails  # noqa: PLC0415 - after `install`

    with Image.open(photo) as opened:
        whole = opened.convert("RGB")
    size = max(whole.size) * 2 // 5
    output = folder / "sharp.webp"
    node = ["node", "--input-type=module", "-e", SHARP_CODE, "--", photo, output, str(size)]
    subprocess.run(node, check=True, cwd=HERE)
    ours = make_thumbnails(photo, [size]).thumbnails[0]
    whole.resize((ours.width, ours.height), Image.Resampling.LANCZOS).save(folder / "reference.png")
    found = {}
    for contender, data in ((OURS, ours.data), (SHARP, output.read_bytes())):
        decoded = folder / "decoded.png"
        Image.open(io.BytesIO(data)).convert("RGB").save(decoded)
        found[contender] = score(folder / "reference.png", decoded), len(data)
    return found


def compare(kind: str, photos: Sequence[Path], folder: Path) -> Row:
    print(f"\n{kind} to WebP: SSIMULACRA2 and bytes")
    print(f"  {'':24}{OURS:>18}{SHARP:>18}")
    collected = []
    for photo in photos:
        original = folder / f"original.{kind.lower()}"
        with Image.open(photo) as opened:
            opened.convert("RGB").save(original, kind, **FORMATS[kind])
        found = compare_photo(original, folder)
        collected.append(found)
        print_row(photo.stem[:22], found)
    means = {
        name: (
            statistics.mean(found[name][0] for found in collected),
            sum(found[name][1] for found in collected),
        )
        for name in (OURS, SHARP)
    }
    print_row("mean, and bytes of all", means)
    above = sum(found[OURS][0] >= found[SHARP][0] for found in collected)
    ours, sharp = means[OURS][0], means[SHARP][0]
    row = Row(
        f"looks of {kind} to WebP, {len(photos)} photographs",
        ours,
        "SSIMULACRA2",
        "sharp",
        ours / sharp,
        target=1.0,
        at_least=True,
    )
    print(f"    ours is not below in {above} of {len(photos)}; {row.as_text()}")
    return row


def print_row(name: str, found: dict[str, tuple[float, int]]) -> None:
    columns = "".join(f"{found[who][0]:9.2f}{found[who][1]:9}" for who in (OURS, SHARP))
    print(f"  {name:24}{columns}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare the looks of thumbnails with sharp's.")
    parser.add_argument("--photos", type=Path, help="a folder of photographs")
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    options = parser.parse_args()
    rows(options.formats, options.photos)


def rows(formats: Sequence[str] = tuple(FORMATS), source: Path | None = None) -> list[Row]:
    """Compare every format; print and return the figures."""
    install()
    photos = [SAMPLE, *(PACKAGES / name for name in PHOTOS)]
    if source:
        photos = sorted(path for path in source.iterdir() if path.is_file())
    photos = [path for path in photos if path.exists()]
    with tempfile.TemporaryDirectory() as folder:
        return [compare(kind, photos, Path(folder)) for kind in formats]


if __name__ == "__main__":
    main()
