"""A storm with a stack of its own: faults from the seed, and a restart in the middle."""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from local.client import Stack
from local.reconcile import differences
from tests.conftest import StackProcess
from tests.storm.storm import Guest, StormError, guests, judge, rage
from tests.support.patience import PATIENCE_SECONDS

_FAULT = re.compile(r"photodrop\.faults\S* .*: (?P<fault>[a-z ]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Report:
    """How a storm went."""

    uploads: int
    clients: int
    seed: int
    seconds: float
    completed_after: list[float]
    """Seconds from the end of each PUT to `completed`."""
    faults: Counter[str]

    def __str__(self) -> str:
        cuts = statistics.quantiles(self.completed_after, n=100)
        met = ", ".join(f"{fault} {count}" for fault, count in self.faults.most_common())
        return (
            f"{self.uploads} uploads by {self.clients} clients in {self.seconds:.0f} s, "
            f"{self.uploads / self.seconds:.1f} a second\n"
            f"From the end of the PUT to completed: p50 {cuts[49]:.1f} s, p95 {cuts[94]:.1f} s\n"
            f"Faults of seed {self.seed}: {met}\n"
            "One restart in the middle. Nothing lost, nothing left over."
        )


class _Site:
    """The stack, which is taken down and comes back at the same address."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._options = ("--no-web", "--no-sample", "--faults", str(seed))
        self._options += ("--parameter", "UploadsPerMinute=60000")
        self._process = StackProcess(folder, *self._options)
        self._logs: list[str] = []
        self.stack: Stack = self._process.stack()

    def restart(self) -> None:
        """Stop it as Ctrl-C would, and start it again."""
        self.stop()
        self._process = StackProcess(self._folder, *self._options, port=self._process.port)
        self._process.stack()

    def stop(self) -> None:
        self._process.stop()
        self._logs.append(self._process.places.emulator_log.read_text(errors="replace"))

    def faults(self) -> Counter[str]:
        """Count the faults of all that was logged, once it is stopped."""
        return Counter(found["fault"] for log in self._logs for found in _FAULT.finditer(log))


def run(folder: Path, *, uploads: int, clients: int, seed: int) -> Report:
    """Let a storm pass, and return how it went. Raises StormError when anything was lost."""
    site = _Site(folder, seed)
    crowd: list[Guest] = []
    try:
        crowd += guests(site.stack, seed, clients)
        began = time.monotonic()
        rage(crowd, uploads, at_half=site.restart)
        seconds = time.monotonic() - began
        _wait_for_queues(site.stack)
        judge(crowd)
        # Nothing is under way any more, so nothing has to be given time to settle.
        if found := differences(site.stack, "--grace", "0"):
            raise StormError(f"make reconcile finds: {found}")
    finally:
        for guest in crowd:
            guest.client.close()
        site.stop()
    times = [sent.seconds for guest in crowd for sent in guest.sent if sent.seconds is not None]
    return Report(uploads, clients, seed, seconds, times, site.faults())


def _wait_for_queues(stack: Stack) -> None:
    """Wait until no message is left. Raises StormError when one is dead, or none ends."""
    sqs = stack.aws("sqs")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        left = {}
        for url in sqs.list_queues()["QueueUrls"]:
            answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
            counts = answer["Attributes"]
            left[url.rpartition("/")[2]] = sum(
                int(counts[f"ApproximateNumberOfMessages{kind}"])
                for kind in ("", "NotVisible", "Delayed")
            )
        if not any(left.values()):
            return
        if time.monotonic() > deadline:
            raise StormError(f"messages are left: {left}")
        time.sleep(1)
