"""What the command-line client writes, by every way there is: nothing that commands a terminal."""

import ast
import inspect
import io
import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import photodrop_cli
from photodrop_cli import display
from photodrop_cli.display import Display, printable

C0_AND_C1 = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
HOSTILE = f"\x1b]0;title\x07\x1b[2J\x9b31m\x1bP$q\x1b\\{C0_AND_C1}{BIDI}\u2028\u2029\ufeff"
WITH_SURROGATE = f"{HOSTILE}\udc80"


def is_safe(text: str) -> bool:
    """Tell whether this holds nothing that acts on a terminal but the ends of lines."""
    return not any(
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in BIDI
        for character in text.replace("\n", "")
    )


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown_by(show: Callable[[Display], object]) -> None:
    shown = Display()
    with shown.running(files=1, size_bytes=1):
        show(shown)


WAYS: dict[str, Callable[[], object]] = {
    "result": lambda: display.result(WITH_SURROGATE),
    "note": lambda: display.note(WITH_SURROGATE),
    "error": lambda: display.error(WITH_SURROGATE),
    "ask": lambda: display.ask(WITH_SURROGATE),
    "ask_secret": lambda: display.ask_secret(WITH_SURROGATE),
    "Display.say": lambda: shown_by(lambda shown: shown.say(WITH_SURROGATE)),
    "Display.ended": lambda: shown_by(
        lambda shown: shown.ended("failed", WITH_SURROGATE, WITH_SURROGATE)
    ),
    "Display.waiting": lambda: shown_by(lambda shown: shown.waiting(1, WITH_SURROGATE)),
    "Display.bar": lambda: shown_by(lambda shown: shown.bar(WITH_SURROGATE, 1)),
    "Bar.waiting": lambda: shown_by(lambda shown: shown.bar("a", 1).waiting(1, WITH_SURROGATE)),
}


def ways_out() -> set[str]:
    """Return what in the module takes text that is to be shown."""
    found = dict(inspect.getmembers(display, inspect.isfunction))
    for owner in (display.Display, display.Bar):
        members = inspect.getmembers(owner, inspect.isfunction)
        found |= {f"{owner.__name__}.{name}": member for name, member in members}
    return {
        name
        for name, member in found.items()
        if member.__module__ == display.__name__
        and not name.rpartition(".")[2].startswith("_")
        and "str" in [parameter.annotation for parameter in signature_of(member)]
    } - {"printable"}


def signature_of(function: Callable[..., object]) -> list[inspect.Parameter]:
    return list(inspect.signature(function).parameters.values())


def test_every_way_out_is_tried() -> None:
    assert set(WAYS) == ways_out()


def test_no_other_module_writes() -> None:
    for file in Path(photodrop_cli.__file__).parent.glob("*.py"):
        if file.name == "display.py":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
            assert name not in {"print", "input", "getpass", "stdout", "stderr", "Console"}, file


@pytest.mark.parametrize("way", WAYS)
def test_nothing_that_commands_a_terminal_gets_out(
    way: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts: list[str] = []
    monkeypatch.setattr("getpass.getpass", lambda prompt, **_: prompts.append(prompt) or "x")
    monkeypatch.setattr("sys.stdin", io.StringIO("answer\n"))
    WAYS[way]()
    written = "".join((*capsys.readouterr(), *prompts))
    assert is_safe(written)
    on_a_line = way in {"Display.bar", "Display.waiting", "Bar.waiting"}
    assert on_a_line or "]0;title\ufffd\ufffd[2J" in written


@pytest.mark.parametrize("way", [way for way in WAYS if "." in way])
def test_a_bar_holds_only_the_commands_of_the_bar(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "2000")
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    WAYS[way]()
    written = terminal.getvalue()
    assert "[2J" in written
    assert "\x1b]" not in written
    assert "\x1b[2J" not in written
    allowed = {"\x1b", "\n", "\r"}
    assert is_safe("".join(character for character in written if character not in allowed))


@given(st.text())
@example("Screenshot 3.04.05\u202fPM.png")
@example("photo\u3000\u00a0\U0001f468\u200d\U0001f469.jpg")
def test_only_what_acts_on_other_text_is_replaced(text: str) -> None:
    shown = printable(text)
    assert is_safe(shown)
    assert "\n" not in shown
    for before, after in zip(text, shown, strict=True):
        is_command = unicodedata.category(before) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        assert after == ("\ufffd" if is_command and before not in "\u200c\u200d" else before)


def test_json_is_exact(capsys: pytest.CaptureFixture[str]) -> None:
    display.result_json({"path": WITH_SURROGATE})
    written = capsys.readouterr().out
    assert is_safe(written)
    assert json.loads(written) == {"path": WITH_SURROGATE}


def test_a_terminal_that_is_no_utf_8_shows_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="ascii"))
    display.result("Été")
    shown = Display()
    shown.ended("uploaded", "日本.jpg", "1 MB")
    shown.say("Été")
    assert written.getvalue() == b"?t?\n? ??.jpg  1 MB\n?t?\n"


# --- output that cannot be written, as real processes meet it


SIGN_OUT = [sys.executable, "-m", "photodrop_cli", "sign-out"]
"""The one command that needs no service."""


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_a_full_disk_is_1_and_said_in_a_sentence(variables: dict[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            SIGN_OUT, env=variables, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == (
        "photodrop: The output cannot be written: no space left on device. "
        "Run the same command again to continue.\n"
    )


def test_a_reader_that_has_enough_is_1_and_no_traceback(variables: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            SIGN_OUT, env=variables, stdout=writer, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("redirection", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_output_that_is_closed_is_done_without(variables: dict[str, str], redirection: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", *SIGN_OUT],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
