"""Going through all comparisons, page by page: reporting what differs, and repairing it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import DoesNotExist, PynamoDBException

from local.reconciliation.differences import Comparison, Difference, Page, Rules
from local.reconciliation.events import Events
from local.reconciliation.multiparts import Multiparts
from local.reconciliation.originals import Originals
from local.reconciliation.photos import Photos
from local.reconciliation.queues import DeadLetters
from local.reconciliation.students import Students
from local.reconciliation.thumbnails import Thumbnails
from local.reconciliation.usage import UsageOfUsers
from local.state import write_json
from photodrop.errors import PhotodropError


class Outcome(StrEnum):
    """What became of a difference."""

    FOUND = "found"
    """Nothing was changed: that was not asked for, or a person has to decide."""
    REPAIRED = "repaired"
    CHANGED = "changed"
    """It was no longer there when it was to be repaired."""
    NOT_ERASED = "notErased"
    """As many originals as were allowed have been erased already."""
    FAILED = "failed"
    """The repair was refused. Run the command again."""


Report = Callable[[Difference, Outcome], None]


def comparisons(rules: Rules) -> list[Comparison]:
    """Return all comparisons, in an order in which no repair makes another one necessary.

    A recount of usage needs the lists of photos to be right, so it comes after them.
    """
    return [
        DeadLetters(),
        Students(rules),
        Photos(rules),
        UsageOfUsers(rules),
        Events(rules),
        Originals(rules),
        Thumbnails(rules),
        Multiparts(rules),
    ]


@dataclass
class Progress:
    """How far a run has come. With a file, another run goes on from there."""

    file: Path | None = None
    comparison: str | None = None
    position: Any = None

    @classmethod
    def read(cls, file: Path | None) -> Progress:
        """Read where an earlier run was stopped, if it was."""
        if file is None or not file.exists():
            return cls(file)
        return cls(file, **json.loads(file.read_text()))

    def reach(self, comparison: str, position: Any) -> None:
        """Keep where the next page begins."""
        self.comparison, self.position = comparison, position
        if self.file:
            write_json(self.file, {"comparison": comparison, "position": position})

    def finish(self) -> None:
        """Forget the place: the next run begins at the beginning."""
        if self.file:
            self.file.unlink(missing_ok=True)


@dataclass
class Reconciliation:
    """One run."""

    rules: Rules
    report: Report
    repairs: bool = False
    may_erase: int = 100
    """How many originals the run may erase. More of them look like a mistake of another kind."""
    compared: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    _reported: set[tuple[str, str]] = field(default_factory=set)

    def run(self, chosen: Sequence[Comparison], progress: Progress) -> None:
        """Compare everything that is left, beginning where an earlier run was stopped."""
        names = [one.name for one in chosen]
        start = names.index(progress.comparison) if progress.comparison in names else 0
        position = progress.position if progress.comparison in names else None
        for comparison in chosen[start:]:
            while True:
                progress.reach(comparison.name, position)
                page = comparison.read_page(position)
                self._examine(comparison, page)
                position = page.position
                if position is None:
                    break
        progress.finish()

    def _examine(self, comparison: Comparison, page: Page) -> None:
        self.compared[comparison.name] += page.items
        if page.suspects:
            time.sleep(self.rules.settle_seconds)
        for suspect in page.suspects:
            # After each repair everything is read again: the next one must start from that.
            while new := self._not_reported(comparison.examine(suspect)):
                for difference in new if not self.repairs else new[:1]:
                    self._settle(difference)

    def _not_reported(self, found: list[Difference]) -> list[Difference]:
        return [one for one in found if (one.kind, one.subject) not in self._reported]

    def _settle(self, difference: Difference) -> None:
        outcome = Outcome.FOUND
        if self.repairs:
            try:
                outcome = self._repair(difference)
            except (BotoCoreError, ClientError, PynamoDBException, PhotodropError) as error:
                outcome = Outcome.FAILED
                refusal = f"{difference.detail} {type(error).__name__}: {error}"
                difference = replace(difference, detail=refusal)
        self._reported.add((difference.kind, difference.subject))
        self.outcomes[outcome] += 1
        self.report(difference, outcome)

    def _repair(self, difference: Difference) -> Outcome:
        if difference.repair is None:
            return Outcome.FOUND
        if difference.erases_original:
            if self.may_erase == 0:
                return Outcome.NOT_ERASED
            self.may_erase -= 1
        try:
            return Outcome.REPAIRED if difference.repair() else Outcome.CHANGED
        except DoesNotExist:
            return Outcome.CHANGED
