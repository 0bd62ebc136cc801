"""Decoders that do what strangers' files may bring real ones to do."""

import textwrap
from pathlib import Path

import pytest

from photodrop.imaging.sandbox import Sandbox

_HEAD = """
import ctypes, json, os, signal, socket, sys, time

def tell(message):
    parent.send_json(message)

def prepare(content_types):
    pass

def run(_parent, task, original):
    global parent
    parent = _parent
"""


class Decoders:
    """Makes decoders of a few lines of Python, which find `parent`, `task` and `original`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._made: list[Sandbox] = []
        monkeypatch.syspath_prepend(folder)

    def make(self, source: str, *, before: str = "", noun: str = "image") -> Sandbox:
        """Return a sandbox that runs `source` in each child, and `before` once, in its process."""
        name = f"decoder_{len(self._made)}"
        body = textwrap.indent(textwrap.dedent(source).strip() or "pass", "    ")
        text = f"{_HEAD}{body}\n\n{textwrap.dedent(before)}\n"
        (self._folder / f"{name}.py").write_text(text)
        self._made.append(Sandbox(name, noun))
        return self._made[-1]

    def stop(self) -> None:
        """End all their processes."""
        for sandbox in self._made:
            sandbox.stop()
