"""Sending files through the functions, and judging how each of them ended."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from local.state import ROOT
from tests.hostile.files import COMPLETED, HostileFile
from tests.hostile.limits import LIMITS

PATIENCE = 10
"""How much longer than its Timeout a function may wait here, where others use the processor too.
It is ended by what it takes of the processor (`function.limit_time`)."""


@dataclass
class Report:
    """What became of all files."""

    seed: int
    seconds: float = 0.0
    ends: dict[str, Counter[str]] = field(default_factory=dict)
    """How files ended, by their kind."""
    most: dict[str, dict[str, float]] = field(default_factory=dict)
    """The most that any file took, by function."""
    faults: list[str] = field(default_factory=list)

    @property
    def files(self) -> int:
        """How many files there were."""
        return sum(sum(ends.values()) for ends in self.ends.values())

    def add(self, file: HostileFile, outcome: dict[str, Any], faults: list[str]) -> None:
        """Count a file."""
        end = outcome.get("code") or outcome.get("status") or "died"
        self.ends.setdefault(file.kind, Counter())[end] += 1
        for function, taken in outcome.get("taken", {}).items():
            most = self.most.setdefault(function, {})
            for name in ("memoryBytes", "cpuSeconds"):
                most[name] = max(most.get(name, 0), taken[name])
        self.faults += [f"{file.name}: {fault}" for fault in faults]

    def __str__(self) -> str:
        lines = [f"{self.files} files of seed {self.seed} in {self.seconds:.0f} s", ""]
        lines += ["| Files | Tried | Ends |", "|---|---|---|"]
        for kind, ends in sorted(self.ends.items()):
            counts = ", ".join(f"{end} {count}" for end, count in ends.most_common())
            lines.append(f"| {kind} | {ends.total()} | {counts} |")
        lines += ["", "| Function | Most memory (MB) | of | Most CPU (s) | of |"]
        lines += ["|---|---|---|---|---|"]
        for function, most in sorted(self.most.items()):
            limits = LIMITS[function]
            lines.append(
                f"| {function.removesuffix('Function')} | {most['memoryBytes'] / 1024**2:.0f} |"
                f" {limits.memory_bytes // 1024**2} | {most['cpuSeconds']:.1f} |"
                f" {limits.cpu_seconds:.1f} |"
            )
        return "\n".join([*lines, "", *(self.faults or ["Every file ended rightly."])])


class FunctionsDiedError(Exception):
    """The functions' process has ended, or was killed because it took too long."""


class Functions:
    """The process of `function`, started again when a file ends it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None

    def process(self, content: bytes, content_type: str) -> dict[str, Any]:
        """Send a file through the functions. Raises FunctionsDiedError."""
        path = self._folder / "file"
        path.write_bytes(content)
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        longest = PATIENCE * sum(limits.timeout_seconds for limits in LIMITS.values())
        timer = threading.Timer(longest, process.kill)
        timer.start()
        try:
            process.stdin.write(json.dumps({"path": str(path), "contentType": content_type}) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            self._process = None
            raise FunctionsDiedError(f"The functions ended with {process.wait()}.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _start(self) -> subprocess.Popen[str]:
        tmp = self._folder / "tmp"
        tmp.mkdir(exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.function"],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join((str(ROOT / "functions"), str(ROOT))),
                "TMPDIR": str(tmp),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        if not process.stdout.readline():
            raise RuntimeError("The functions cannot be started.")
        return process


def run(files: Iterable[HostileFile], *, seed: int = 0, processes: int = 1) -> Report:
    """Send files through the functions, and judge each end."""
    report = Report(seed)
    began = time.monotonic()
    lock = threading.Lock()
    waiting = iter(files)
    wholes: dict[bytes, dict[str, Any]] = {}

    def following() -> HostileFile | None:
        with lock:
            return next(waiting, None)

    def work(folder: Path) -> None:
        functions = Functions(folder)
        try:
            while file := following():
                outcome, faults = _try(functions, file, wholes)
                with lock:
                    report.add(file, outcome, faults)
        finally:
            functions.stop()

    with TemporaryDirectory(prefix="photodrop-hostile-") as folder:
        folders = [Path(folder) / str(number) for number in range(processes)]
        with ThreadPoolExecutor(processes) as threads:
            for each in folders:
                each.mkdir()
            for done in [threads.submit(work, each) for each in folders]:
                done.result()
    report.seconds = time.monotonic() - began
    return report


def _try(
    functions: Functions, file: HostileFile, wholes: dict[bytes, dict[str, Any]]
) -> tuple[dict[str, Any], list[str]]:
    content = file.make()
    try:
        outcome = functions.process(content, file.content_type)
        faults = list(faults_of(file, outcome))
        if file.whole and outcome["status"] == COMPLETED:
            whole = file.whole()
            if whole not in wholes:
                wholes[whole] = functions.process(whole, file.content_type)
            if outcome["thumbnails"] != wholes[whole]["thumbnails"]:
                faults.append("it is a part of a file, and is shown as another picture")
    except FunctionsDiedError as error:
        return {}, [str(error)]
    return outcome, faults


def faults_of(file: HostileFile, outcome: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the end of a file."""
    for function, taken in outcome["taken"].items():
        limits = LIMITS[function]
        if taken["memoryBytes"] > limits.memory_bytes:
            yield f"{function} took {taken['memoryBytes'] / 1024**2:.0f} MB"
        if taken["cpuSeconds"] > limits.cpu_seconds:
            yield f"{function} took {taken['cpuSeconds']:.1f} s of the processor"
    if outcome["again"]:
        yield "a function failed, and its message comes again"
    if outcome["leftInTmp"]:
        yield f"it left {outcome['leftInTmp']} in /tmp"
    end = outcome["code"] or outcome["status"]
    if end not in file.ends:
        yield f"it ended as {end}, {outcome['message']}"
    elif outcome["status"] == COMPLETED:
        yield from _faults_of_completed(outcome)
    elif not outcome["message"] or outcome["hasOriginal"] or outcome["heldBytes"]:
        yield "it failed, and was not erased, released and explained"


def _faults_of_completed(outcome: dict[str, Any]) -> Iterator[str]:
    if outcome["missing"] and not outcome["thumbnails"]:
        return  # a video whose frames cannot be shown says why
    if not outcome["hasOriginal"]:
        yield "it is completed without its original"
    if list(outcome["thumbnails"]) != ["160", "640", "1600"]:
        yield f"it is completed with the thumbnails {list(outcome['thumbnails'])}"
    width, height = outcome["shown"]
    for size, encoded in outcome["thumbnails"].items():
        image = Image.open(io.BytesIO(base64.b64decode(encoded)))
        image.load()
        scale = min(int(size) / max(width, height), 1)
        expected = max(round(width * scale), 1), max(round(height * scale), 1)
        if image.format != "WEBP" or any(
            abs(one - other) > 1 for one, other in zip(image.size, expected, strict=True)
        ):
            yield f"the thumbnail of {size} is a {image.format} of {image.size}"
