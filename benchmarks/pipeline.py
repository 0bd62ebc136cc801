"""A photo from its PUT to completed, over the whole local stack: time, and photos per CPU-second.

    make start                                # in another terminal; or one is started here
    python -m benchmarks.pipeline [--photos 40]

The sample photo (12 megapixels, 1.2 MB) is uploaded by the public API alone: first one at a time,
then by several clients at once. A photo is completed at its `updatedAt`. The CPU time is that of
all processes of the stack, from /proc: the functions, and the emulator that plays S3, SQS, DynamoDB
and API Gateway. So the seconds of AWS are others; what is compared is this version with another.
"""

import argparse
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.report import Row
from benchmarks.stack import described
from local.client import Client, Stack

SAMPLE = Path(__file__).parents[1] / "local" / "sample" / "dandelions.jpg"
CLIENTS = 8
POLL_SECONDS = 0.5
"""Seldom, because the requests cost CPU time too. The moment of completion is in the record."""


@dataclass(frozen=True)
class Figures:
    """Seconds from the PUT to the completed photo, and CPU seconds of each photo."""

    p50: float
    p95: float
    functions_cpu: float
    emulator_cpu: float


def processes() -> dict[int, tuple[int, float]]:
    """Return the parent and the CPU seconds of each process, with those of its ended children."""
    ticks = os.sysconf("SC_CLK_TCK")
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended
        found[int(folder.name)] = (int(fields[1]), sum(map(int, fields[11:15])) / ticks)
    return found


def emulator_pid(port: int) -> int:
    """Return the process that listens on a port of loopback."""
    sockets = {
        f"socket:[{fields[9]}]"
        for fields in map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
        if fields[3] == "0A" and int(fields[1].partition(":")[2], 16) == port
    }
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(file.readlink()) in sockets for file in (folder / "fd").iterdir()):
                return int(folder.name)
        except OSError:
            continue  # it has ended, or is another user's
    raise SystemExit(f"No process of this user listens on port {port}.")


def cpu_seconds(emulator: int) -> tuple[float, float]:
    """Return the CPU seconds of the emulator, and of all functions together.

    The functions' workers are children of the emulator. What a worker has used that has ended is
    among the emulator's children's.
    """
    known = processes()
    workers = {emulator}
    while more := {pid for pid, (parent, _) in known.items() if parent in workers} - workers:
        workers |= more
    fields = Path(f"/proc/{emulator}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
    return own, sum(known[pid][1] for pid in workers) - own


def upload(client: Client) -> tuple[str, float]:
    """Upload the sample; return the photo's id and when the PUT began."""
    content = SAMPLE.read_bytes()
    grant = client.initiate(fileName=SAMPLE.name, contentType="image/jpeg", sizeBytes=len(content))
    began = time.time()
    client.send(grant["upload"], content).raise_for_status()
    return str(grant["photoId"]), began


def wait(client: Client, photo_id: str) -> Any:
    """Wait until a photo is completed, and return it."""
    while (photo := client.api.get(f"/photos/{photo_id}").json())["status"] != "completed":
        if photo["status"] == "failed":
            raise SystemExit(f"A photo failed: {photo['failure']}")
        time.sleep(POLL_SECONDS)
    return photo


def measure(stack: Stack, photos: int, clients: int) -> Figures:
    """Upload so many photos by so many clients at once, each waiting for its photo or not."""
    emulator = emulator_pid(int(stack.endpoint_url.rpartition(":")[2]))
    with Client(stack, stack.users[0]) as client, ThreadPoolExecutor(clients) as pool:
        before = cpu_seconds(emulator)
        if clients == 1:
            ended = []
            for _ in range(photos):
                photo_id, began = upload(client)
                ended.append((wait(client, photo_id), began))
        else:
            begun = list(pool.map(upload, [client] * photos))
            ended = [(wait(client, photo_id), began) for photo_id, began in begun]
        after = cpu_seconds(emulator)
    seconds = sorted(
        datetime.fromisoformat(photo["updatedAt"]).timestamp() - began for photo, began in ended
    )
    emulator_cpu, functions_cpu = (
        (late - early) / photos for early, late in zip(before, after, strict=True)
    )
    p95 = seconds[min(len(seconds) * 95 // 100, len(seconds) - 1)]
    return Figures(statistics.median(seconds), p95, functions_cpu, emulator_cpu)


def rows(photos: int = 40) -> list[Row]:
    """Measure one photo at a time, and several at once; print and return the figures."""
    if not sys.platform.startswith("linux"):
        raise SystemExit("The CPU time is read from /proc, which only Linux has.")
    with described() as path:
        stack = Stack.read(path)
        measure(stack, 4, 4)  # a few go before, to start the functions
        cases = {
            "one at a time": measure(stack, photos // 2, 1),
            f"{photos} by {CLIENTS} clients": measure(stack, photos, CLIENTS),
        }
    found = []
    for name, figures in cases.items():
        cpu = figures.functions_cpu + figures.emulator_cpu
        found += [
            Row(f"PUT to completed, {name}: p50", figures.p50, "s"),
            Row(f"PUT to completed, {name}: p95", figures.p95, "s"),
            Row(f"CPU of the functions for a photo, {name}", figures.functions_cpu * 1000, "ms"),
            Row(f"photos per CPU-second of the stack, {name}", 1 / cpu, "photos"),
        ]
    for row in found:
        print(row.as_text())
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=40)
    rows(parser.parse_args().photos)


if __name__ == "__main__":
    main()
