"""What a person sees: a bar per file and one for all on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Column
from rich.text import Text

MARKS = {"uploaded": ("✓", "green"), "skipped": ("=", "cyan"), "failed": ("✗", "red")}


def printable(text: str) -> str:
    """Return `text` without what a terminal would take for a command, or could not print."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


class Display:
    """The lines and bars of one run. Nothing but lines is printed where there is no terminal."""

    def __init__(self, *, to_stderr: bool = False, quiet: bool = False) -> None:
        """`to_stderr` leaves standard output to a machine; `quiet` prints only what went wrong."""
        stream = sys.stderr if to_stderr else sys.stdout
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that does not know ✓ prints ?
        self._console = Console(file=stream, highlight=False, markup=False, soft_wrap=True)
        self._quiet = quiet
        self._bars = self._console.is_terminal and not self._console.is_dumb_terminal and not quiet
        self._progress = Progress(
            TextColumn(
                "{task.description}",
                markup=False,
                table_column=Column(ratio=3, no_wrap=True, overflow="ellipsis", min_width=12),
            ),
            TextColumn(
                "{task.fields[doing]}",
                style="dim",
                markup=False,
                table_column=Column(ratio=2, no_wrap=True, overflow="ellipsis"),
            ),
            BarColumn(bar_width=None, table_column=Column(ratio=2, min_width=8)),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(compact=True),
            console=self._console,
            disable=not self._bars,
            expand=True,
            transient=True,
        )
        self._total: TaskID | None = None
        self._files = self._ended = self._processing = 0

    @contextmanager
    def running(self, *, files: int, size_bytes: int) -> Iterator[None]:
        """Show the bars inside."""
        with self._progress:
            self._files = files
            self._total = self._progress.add_task("", total=size_bytes, doing="")
            self._count()
            yield

    def bar(self, name: str, size_bytes: int) -> Bar:
        """Show a bar for one file."""
        task = self._progress.add_task(printable(name), total=size_bytes, doing="")
        return Bar(self, self._progress, task, size_bytes)

    def waiting(self, seconds: float, why: str) -> None:
        """Say why nothing moves."""
        if self._total is not None:
            self._progress.update(self._total, doing=f"{why} Again in {seconds:.0f} s")

    def advance_total(self, size_bytes: int) -> None:
        """Count bytes as sent, or with a negative number as not sent after all."""
        if self._total is not None:
            self._progress.advance(self._total, size_bytes)

    def spare(self, size_bytes: int) -> None:
        """Count bytes as not to be sent."""
        if self._total is not None:
            total = self._progress.tasks[0].total or 0
            self._progress.update(self._total, total=total - size_bytes)

    def processing(self, files: int) -> None:
        """Count files that the service is at work on, or with a negative number no more."""
        self._processing += files
        self._count()

    def ended(self, status: str, name: str, text: str) -> None:
        """Say what became of a file."""
        self._ended += self._total is not None
        self._count()
        mark, colour = MARKS[status]
        if not self._quiet or status == "failed":
            said = (text, "" if status == "failed" else "dim")
            self._console.print(Text.assemble((mark, colour), f" {printable(name)}  ", said))

    def say(self, text: str, *, important: bool = False) -> None:
        """Print a line of information."""
        if important or not self._quiet:
            self._console.print(Text(text))

    def _count(self) -> None:
        if self._total is not None:
            text = f"{self._ended} of {self._files} files"
            doing = f"{self._processing} processing" if self._processing else ""
            self._progress.update(self._total, description=text, doing=doing)


class Bar:
    """One file's bar. What moves it moves that of all files as well."""

    def __init__(self, display: Display, progress: Progress, task: TaskID, size_bytes: int) -> None:
        self._display = display
        self._progress = progress
        self._task = task
        self._size = size_bytes
        self._sent = self._spared = 0

    def read(self, size_bytes: int) -> None:
        """Count bytes as read, before anything is sent."""
        self._progress.update(self._task, advance=size_bytes, doing="reading")

    def sending(self, kept_bytes: int = 0) -> None:
        """Begin to send all but what is there already, perhaps once more."""
        self._display.advance_total(-self._sent)
        self._display.spare(kept_bytes - self._spared)
        self._sent, self._spared = 0, kept_bytes
        # A reset forgets the speed: what is there already did not come over the line just now.
        self._progress.reset(self._task, completed=kept_bytes, doing="sending")

    def sent(self, size_bytes: int) -> None:
        """Count bytes as sent, or with a negative number as not sent after all."""
        self._sent += size_bytes
        self._progress.update(self._task, advance=size_bytes, doing="sending")
        self._display.advance_total(size_bytes)

    def waiting(self, seconds: float, why: str) -> None:
        """Say why nothing moves."""
        self._progress.update(self._task, doing=f"{why} Again in {seconds:.0f} s")

    def close(self, *, is_sent: bool) -> None:
        """Take the bar away. What is not sent and never will be leaves the total as well."""
        if not is_sent:
            self.sending(self._size)
        self._progress.remove_task(self._task)


def size(size_bytes: float) -> str:
    """Return a number of bytes as people read it, in powers of 1000."""
    return decimal(int(size_bytes))
