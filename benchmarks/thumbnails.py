"""Thumbnails of 12 and 48 megapixels: ours against sharp, in CPU time and peak memory.

    npm ci --prefix benchmarks
    python -m benchmarks.thumbnails [--rounds 3]

Every contender makes the same three WebP thumbnails (1600, 640 and 160 pixels) from the same file,
contenders taking turns within each round. Ours have quality 82, because they look like sharp's with
80 then (`quality.py`). "Warm" is the CPU time of one image in a
process that has already made one; "process" is the CPU time of a process that makes one image,
start-up included. Peak memory is given for both: of one image, and after `WARM_IMAGES`, because
sharp's grows with every image and a Lambda function makes many. Ratios are of medians.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from resource import struct_rusage

from benchmarks.report import Row, plot_bars

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "local" / "sample" / "dandelions.jpg"
PHOTOS = {
    "12 MP JPEG": ("jpg", (4000, 3000)),
    "48 MP JPEG": ("jpg", (8000, 6000)),
    "12 MP PNG": ("png", (4000, 3000)),
    "12 MP WebP": ("webp", (4000, 3000)),
}
# The most that the CPU time may be of sharp's clone(), and of its cascade with the same effort.
TARGETS = {
    "12 MP JPEG": (0.40, 0.80),
    "48 MP JPEG": (0.40, 0.85),
    "12 MP PNG": (1.0, 1.0),
    "12 MP WebP": (1.0, 1.0),
}

WARM_IMAGES = 12

OURS = "ours, without sandbox"
OURS_IN_SANDBOX = "ours, in its sandbox"
CLONE = "sharp clone(), effort 4"
CASCADE_4 = "sharp cascade, effort 4"
CASCADE_2 = "sharp cascade, effort 2"

OURS_CODE = """
import sys, time
from photodrop.imaging.thumbnails import make_thumbnails
path, images = sys.argv[1], int(sys.argv[2])
for _ in range(images):
    started = time.process_time()
    make_thumbnails(path, (1600, 640, 160))
    print(time.process_time() - started)
"""
# As the functions do it: the time of the child that decodes one image, and of its parent.
OURS_IN_SANDBOX_CODE = """
import resource, sys, time
from dataclasses import asdict
from photodrop.imaging import images
from photodrop.imaging.budget import Budget
images.start()
sizes, peak = [1600, 640, 160], 0
with open(sys.argv[1], "rb") as original:
    types = images._types(original)
    for _ in range(int(sys.argv[2])):
        started = time.process_time()
        task = {"sizes": sizes, "budget": asdict(Budget())}
        with images._sandbox.decode(task, images.LIMITS, original, types) as child:
            images.read_rendition(child, child.receive_json(), sizes)
        _, seconds, child_peak = child.end()
        print(time.process_time() - started + seconds)
        peak = max(peak, child_peak)
print(peak + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
# sharp's cache would make all images but the first free.
SHARP_CODE = """
import sharp from "sharp";
const [path, images, way, effort] = process.argv.slice(1);
sharp.cache(false);
const sizes = [1600, 640, 160];
const webp = { quality: 80, effort: Number(effort) };
const box = (size) => ({ width: size, height: size, fit: "inside", withoutEnlargement: true });

async function clone() {
  const photo = sharp(path).autoOrient();
  await Promise.all(sizes.map((size) => photo.clone().resize(box(size)).webp(webp).toBuffer()));
}

async function cascade() {
  let image = sharp(path).autoOrient();
  for (const size of sizes) {
    const resized = image.resize(box(size)).raw();
    const { data, info } = await resized.toBuffer({ resolveWithObject: true });
    const raw = { width: info.width, height: info.height, channels: info.channels };
    await sharp(data, { raw }).webp(webp).toBuffer();
    image = sharp(data, { raw });
  }
}

for (let image = 0; image < Number(images); image++) {
  const started = process.cpuUsage();
  await (way === "clone" ? clone() : cascade());
  const { user, system } = process.cpuUsage(started);
  console.log((user + system) / 1e6);
}
"""


def command(contender: str, photo: Path, images: int) -> list[str]:
    if contender in (OURS, OURS_IN_SANDBOX):
        code = OURS_CODE if contender == OURS else OURS_IN_SANDBOX_CODE
        return [sys.executable, "-c", code, str(photo), str(images)]
    way = "clone" if contender == CLONE else "cascade"
    effort = "2" if contender == CASCADE_2 else "4"
    node = ["node", "--input-type=module", "-e", SHARP_CODE]
    return [*node, "--", str(photo), str(images), way, effort]


@dataclass
class Figures:
    """Of one contender and one photo: seconds of CPU, and megabytes."""

    warm: list[float] = field(default_factory=list)
    process: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    warm_peak: list[float] = field(default_factory=list)

    def measure(self, contender: str, photo: Path) -> None:
        times, usage, peak = run(contender, photo, WARM_IMAGES)
        self.warm += times[1:]
        self.warm_peak.append(peak)
        _, usage, peak = run(contender, photo, 1)
        self.process.append(usage.ru_utime + usage.ru_stime)
        self.peak.append(peak)


def run(contender: str, photo: Path, images: int) -> tuple[list[float], struct_rusage, float]:
    """Return the seconds of each image, what the process used in all, and its peak in megabytes.

    Where more than one process works, the last line of its output is their peaks together.
    """
    arguments = command(contender, photo, images)
    environment = os.environ | {"PYTHONPATH": str(HERE.parent / "functions")}
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, text=True, cwd=HERE, env=environment
    ) as child:
        assert child.stdout
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        hint = " Is sharp installed? npm ci --prefix benchmarks" if arguments[0] == "node" else ""
        raise SystemExit(f"{arguments[0]} failed.{hint}")
    numbers = [float(line) for line in output.split()]
    peak = numbers[images] if len(numbers) > images else usage.ru_maxrss
    return numbers[:images], usage, peak / 1024 / (1024 if sys.platform == "darwin" else 1)


def make_photo(source: Path, path: Path, size: tuple[int, int]) -> None:
    # In a process of its own: a child's peak memory is never less than its parent's.
    code = (
        "import sys; from PIL import Image\n"
        "size = int(sys.argv[3]), int(sys.argv[4])\n"
        "Image.open(sys.argv[1]).resize(size).save(sys.argv[2], quality=90)\n"
    )
    sides = [str(side) for side in size]
    subprocess.run([sys.executable, "-c", code, str(source), str(path), *sides], check=True)


def compare(name: str, photo: Path, rounds: int) -> list[Row]:
    ways = (OURS, OURS_IN_SANDBOX, CLONE, CASCADE_4, CASCADE_2)
    contenders = {way: Figures() for way in ways}
    for _ in range(rounds):
        for contender, figures in contenders.items():
            figures.measure(contender, photo)

    median = statistics.median
    print(f"\n{name} to WebP 1600, 640, 160: medians of {rounds} rounds")
    print(f"  {'':26}{'warm':>9}{'process':>10}{'peak':>9}{'warm peak':>12}")
    for contender, figures in contenders.items():
        warm, process = median(figures.warm) * 1000, median(figures.process) * 1000
        peaks = f"{median(figures.peak):6.0f} MB{median(figures.warm_peak):9.0f} MB"
        print(f"  {contender:26}{warm:6.0f} ms{process:7.0f} ms{peaks}")

    boxed = median(contenders[OURS_IN_SANDBOX].warm) / median(contenders[OURS].warm)
    print(f"  in the sandbox, as a part of without: warm CPU {boxed:.2f}")
    clone, cascade = contenders[CLONE], contenders[CASCADE_2]
    of_clone, of_cascade = TARGETS[name]
    found: list[Row] = []
    for way in (OURS, OURS_IN_SANDBOX):
        ours, what = contenders[way], name if way == OURS else f"{name}, in the sandbox"
        for figure, unit, peer, our, their, target in (
            ("CPU", "ms", "clone()", ours.warm, clone.warm, of_clone),
            ("CPU", "ms", "cascade, effort 2", ours.warm, cascade.warm, of_cascade),
            ("CPU of a process", "ms", "clone()", ours.process, clone.process, 0.50),
            ("memory, one image", "MB", "clone()", ours.peak, clone.peak, 0.30),
            ("memory, warm", "MB", "clone()", ours.warm_peak, clone.warm_peak, 0.30),
        ):
            value = median(our) * (1000 if unit == "ms" else 1)
            ratio = median(our) / median(their)
            found.append(Row(f"{what}: {figure}", value, unit, f"sharp {peer}", ratio, target))
        if name == "48 MP JPEG":
            most = median(ours.warm_peak)
            found.append(Row(f"{what}: memory, warm", most, "MB", target=100))
    for row in found:
        print(f"  {row.as_text()}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare thumbnails with sharp's.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--photo", type=Path, default=SAMPLE, help="a landscape to scale")
    options = parser.parse_args()
    rows(options.rounds, options.photo)


def rows(rounds: int = 3, source: Path = SAMPLE) -> list[Row]:
    """Compare every kind of photo; print and return the figures."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (kind, size) in PHOTOS.items():
            photo = Path(folder) / f"{size[0]}x{size[1]}.{kind}"
            make_photo(source, photo, size)
            found += compare(name, photo, rounds)
    bars = [
        (f"{row.what.removesuffix(': CPU')}, of {row.peer}", row.ratio or 0, row.target)
        for row in found
        if row.what.endswith(": CPU") and "sandbox" not in row.what
    ]
    plot_bars("thumbnails", "Three WebP thumbnails: CPU time, as a part of sharp's", bars)
    return found


if __name__ == "__main__":
    main()
