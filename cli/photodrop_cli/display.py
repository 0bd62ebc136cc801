"""Everything that the client writes: lines, bars, errors, prompts and JSON.

A server's words and the names of files may hold control characters, with which they could change
what a terminal shows or does. No other module writes, and what this one writes is `printable`.
"""

from __future__ import annotations

import getpass
import io
import json
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

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

from photodrop_cli.errors import OutputError

MARKS = {"uploaded": ("✓", "green"), "skipped": ("=", "cyan"), "failed": ("✗", "red")}


_CONTROLS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of what acts on other text, of lone surrogates, and of ends of lines."""

_JOINERS = frozenset("\u200c\u200d")
"""Formatting characters that are part of how words and emoji are written."""


def printable(text: str) -> str:
    """Return `text` with U+FFFD for every character that could act on a terminal or other text."""
    return "".join(
        "\ufffd"
        if unicodedata.category(character) in _CONTROLS and character not in _JOINERS
        else character
        for character in text
    )


def result(text: str) -> None:
    """Write a line to standard output: what a command was asked for."""
    _write(_standard_output(), printable(text))


def result_json(content: Any) -> None:
    """Write JSON to standard output. It is exact: JSON has its own escapes for characters."""
    _write(_standard_output(), json.dumps(content, indent=2))


def note(text: str) -> None:
    """Write a line to standard error."""
    _write(_standard_error(), printable(text))


def error(message: str) -> None:
    """Write to standard error why the command cannot work."""
    with suppress(OutputError):  # the exit status still says it
        note(f"photodrop: {message}")


def ask(prompt: str) -> str:
    """Ask the person at the terminal. Returns nothing when there is no answer.

    The prompt goes to standard error: standard output may be read by a program.
    """
    _write(_standard_error(), printable(prompt), end="")
    return sys.stdin.readline().strip()


def ask_secret(prompt: str) -> str:
    """Ask for what nobody should read along. The prompt goes to the terminal itself."""
    with suppress(EOFError):
        return getpass.getpass(printable(prompt), stream=None)
    return ""


def discard_output() -> None:
    """Forget what could not be written, or Python would try once more at the exit and complain."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        except (AttributeError, ValueError):  # it was closed from the start, or is by now
            continue


def _standard_output() -> TextIO:
    return _prepared(sys.stdout)


def _standard_error() -> TextIO:
    return _prepared(sys.stderr)


def _prepared(stream: TextIO | None) -> TextIO:
    """Return the stream, which prints ? for what its encoding does not know."""
    if stream is None:  # the shell closed it, as with >&-
        return io.StringIO()
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")
    return stream


def _write(stream: TextIO, text: str, end: str = "\n") -> None:
    with _output_errors():
        print(text, end=end, file=stream, flush=True)


@contextmanager
def _output_errors() -> Iterator[None]:
    """Raise OutputError for what keeps the output from being written inside."""
    try:
        yield
    except OSError as problem:
        reason = (problem.strerror or type(problem).__name__).lower()
        raise OutputError(
            f"The output cannot be written: {reason}.",
            has_reader=not isinstance(problem, BrokenPipeError),
        ) from None


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Raise the BrokenPipeError, where rich would end the process."""
        raise  # noqa: PLE0704 - rich calls this while it handles the error


class Display:
    """The lines and bars of one run. Nothing but lines is printed where there is no terminal."""

    def __init__(self, *, to_stderr: bool = False, quiet: bool = False) -> None:
        """`to_stderr` leaves standard output to a machine; `quiet` prints only what went wrong."""
        stream = _standard_error() if to_stderr else _standard_output()
        self._console = _Console(file=stream, highlight=False, markup=False, soft_wrap=True)
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
            self._progress.update(self._total, doing=_waiting(seconds, why))

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
            said = (printable(text), "" if status == "failed" else "dim")
            self._print(Text.assemble((mark, colour), f" {printable(name)}  ", said))

    def say(self, text: str, *, important: bool = False) -> None:
        """Print a line of information."""
        if important or not self._quiet:
            self._print(Text(printable(text)))

    def _print(self, text: Text) -> None:
        with _output_errors():
            self._console.print(text)

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
        self._progress.reset(self._task, completed=kept_bytes, doing="uploading")

    def sent(self, size_bytes: int) -> None:
        """Count bytes as sent, or with a negative number as not sent after all."""
        self._sent += size_bytes
        self._progress.update(self._task, advance=size_bytes, doing="uploading")
        self._display.advance_total(size_bytes)

    def waiting(self, seconds: float, why: str) -> None:
        """Say why nothing moves."""
        self._progress.update(self._task, doing=_waiting(seconds, why))

    def close(self, *, is_sent: bool) -> None:
        """Take the bar away. What is not sent and never will be leaves the total as well."""
        if not is_sent:
            self.sending(self._size)
        self._progress.remove_task(self._task)


def _waiting(seconds: float, why: str) -> str:
    return f"{printable(why)} Trying again in {seconds:.0f} s"


def size(size_bytes: float) -> str:
    """Return a number of bytes as people read it, in powers of 1000."""
    return decimal(int(size_bytes))
