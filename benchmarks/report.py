"""What every benchmark returns, and the report that is made of it: results.md and its plots.

A benchmark is a module with the function `rows`. It measures, prints what it measures, and returns
a `Row` for each figure that belongs in the report.
"""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from importlib.metadata import version
from pathlib import Path

from PIL import features

HERE = Path(__file__).parent
RESULTS = HERE / "results.md"
PLOTS = HERE / "plots"
PACKAGES = ("pillow", "pyvips-binary", "boto3", "pynamodb", "aws-lambda-powertools", "pydantic")


README = HERE.parent / "README.md"
BEGIN, END = "<!-- made by make bench -->\n", "<!-- end -->"
HIGHLIGHTS = (
    "12 MP JPEG: CPU",
    "start-up of the slowest API function",
    "initiate-upload, warm",
    "signing 300 URLs",
    "a user's photos, deep page of 1,000,000",
)
"""The beginnings of the rows that the README shows."""


@dataclass(frozen=True)
class Row:
    """One figure. With a `peer`, it is compared with the peer's value; with a target, judged."""

    what: str
    value: float
    unit: str
    peer: str | None = None
    ratio: float | None = None
    """Of the value to the peer's."""
    target: float | None = None
    """For the ratio if there is one, otherwise for the value."""
    at_least: bool = False
    """Whether the target is the least. Otherwise it is the most."""

    @property
    def verdict(self) -> str:
        """Return "met", "missed", or nothing where there is no target."""
        if self.target is None:
            return ""
        judged = self.value if self.ratio is None else self.ratio
        is_met = judged >= self.target if self.at_least else judged <= self.target
        return "met" if is_met else "**missed**"

    @property
    def bound(self) -> str:
        """Return the target as it is written, such as "≤ 0.4"."""
        if self.target is None:
            return ""
        unit = "" if self.ratio is not None else f" {self.unit}"
        return f"{'≥' if self.at_least else '≤'} {self.target:g}{unit}"

    def as_text(self) -> str:
        """Return one line, as benchmarks print it."""
        compared = "" if self.ratio is None else f"{self.ratio:8.2f} of {self.peer}"
        judged = f"   target {self.bound}: {self.verdict.strip('*')}" if self.verdict else ""
        return f"{self.what:56}{_value(self):>14}{compared}{judged}"


def write(results: dict[str, list[Row]], failed: Sequence[str], load: float) -> None:
    """Write results.md and the plots. `results` are the rows by the name of their benchmark."""
    PLOTS.mkdir(exist_ok=True)
    judged = [row for rows in results.values() for row in rows if row.verdict]
    missed = [row for row in judged if row.verdict != "met"]
    lines = [*_head(load), f"{len(judged) - len(missed)} of {len(judged)} targets are met."]
    if missed:
        lines += [
            "Missed:",
            "",
            *(f"- {row.what}: {_measured(row)} ({row.bound})" for row in missed),
        ]
    if failed:
        lines += ["", f"Not measured in this run: {', '.join(failed)}."]
    for name, rows in results.items():
        lines += ["", f"## {name}", ""]
        if (PLOTS / f"{name}.svg").exists():
            lines += [f"![{name}](plots/{name}.svg)", ""]
        lines += ["| What | Value | Peer | Ratio | Target | |", "|---|---|---|---|---|---|"]
        for row in rows:
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            cells = (row.what, _value(row), row.peer or "", ratio, row.bound, row.verdict)
            lines.append(f"| {' | '.join(cells)} |")
    RESULTS.write_text("\n".join(lines) + "\n")


def write_readme(results: dict[str, list[Row]]) -> None:
    """Write the README's table: of the figures that are compared with a peer, the chosen ones."""
    lines = ["| | Ours | Compared with | Ratio |", "|---|---|---|---|"]
    for row in (row for rows in results.values() for row in rows):
        if row.ratio is not None and row.what.startswith(HIGHLIGHTS):
            what = row.what.replace("12 MP JPEG: CPU", "three thumbnails of 12 megapixels, CPU")
            lines.append(f"| {what} | {_value(row)} | {row.peer} | {row.ratio:.2f} |")
    before, _, rest = README.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(before + BEGIN + "\n".join(lines) + f"\n{END}" + after)


def _head(load: float) -> list[str]:
    busy = " **The machine was busy: ratios count, seconds do not.**" if load > 1 else ""
    measured = f"Measured on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, load average {load:.1f}.{busy}"
    libraries = [f"{name} {version(name)}" for name in PACKAGES]
    libraries.append(f"libjpeg-turbo {features.version('libjpeg_turbo')}")
    return [
        "# Results",
        "",
        "`make bench` writes this file. A ratio is that of CPU time or memory in one run, ours to",
        "the peer's, so less is better, unless its target says otherwise.",
        "`.venv/bin/python -m benchmarks.<name>` runs one benchmark and prints more.",
        "",
        measured,
        f"{_cpu_model()}, {os.cpu_count()} cores, {platform.system()}, {platform.machine()};",
        f"Python {platform.python_version()}; {', '.join(libraries)}; sharp {_sharp()}.",
        "",
    ]


def _sharp() -> str:
    packages = json.loads((HERE / "package-lock.json").read_text())["packages"]
    return str(packages["node_modules/sharp"]["version"])


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _value(row: Row) -> str:
    digits = 0 if row.value >= 100 else 1 if row.value >= 10 else 2
    return f"{row.value:.{digits}f} {row.unit}"


def _measured(row: Row) -> str:
    return _value(row) if row.ratio is None else f"{row.ratio:.2f} of {row.peer}"


def plot_bars(
    name: str, title: str, bars: Sequence[tuple[str, float, float | None]], unit: str = ""
) -> None:
    """Write plots/{name}.svg: a bar for each label and value, and a red mark at its target."""
    width, left, right, step = 760, 330, 60, 26
    most = max(max(value, target or 0) for _, value, target in bars)
    scale = (width - left - right) / most
    height = 44 + step * len(bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="12" y="24" font-size="15" fill="#222">{escape(title)}</text>',
    ]
    for number, (label, value, target) in enumerate(bars):
        y = 40 + step * number
        end = left + value * scale
        name_at = f'x="{left - 8}" y="{y + 13}" text-anchor="end"'
        parts += [
            f'<text {name_at} fill="#222">{escape(label)}</text>',
            f'<rect x="{left}" y="{y}" width="{value * scale:.1f}" height="17" fill="#2f6fb0"/>',
            f'<text x="{end + 6:.1f}" y="{y + 13}" fill="#222">{value:.2f}{escape(unit)}</text>',
        ]
        if target is not None:
            x = left + target * scale
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 3}" y2="{y + 20}" stroke="#c0392b" '
                'stroke-width="2"/>'
            )
    PLOTS.mkdir(exist_ok=True)
    (PLOTS / f"{name}.svg").write_text("\n".join([*parts, "</svg>"]) + "\n")
