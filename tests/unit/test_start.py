"""What `make start` says about settings that cannot work, before it starts anything."""

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest

from local import start

RANGE = "must be a number from 1 to 65535, not"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, **variables: str) -> str | int | None:
    """Return the exit code of `make start` with these arguments, which must not get further."""

    def started(*_: object) -> NoReturn:
        raise AssertionError("it went on")

    for name in ("PORT", "WEB_PORT", "EDGE_PORT", "WEB_ORIGIN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["start", *arguments])
    monkeypatch.setattr(start, "held", started)
    monkeypatch.setattr(start.signal, "signal", started)
    try:
        return start.main()
    except SystemExit as ended:
        return ended.code


@pytest.mark.parametrize("name", ["PORT", "WEB_PORT", "EDGE_PORT"])
@pytest.mark.parametrize("value", ["abc", "0", "65536", "-1", "4566 ", "4,5", "1e3", "²", "0x50"])
@pytest.mark.parametrize("is_option", [True, False])
def test_a_port_that_is_none_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    name: str,
    value: str,
    is_option: bool,
) -> None:
    option = f"--{name.lower().replace('_', '-')}"
    arguments, variables = ([f"{option}={value}"], {}) if is_option else ([], {name: value})
    code = run(monkeypatch, *arguments, **variables)
    expected = f"make start: argument {option}: {name} {RANGE} {value!r}.\n"
    assert (code, *capsys.readouterr()) == (2, "", expected)


def test_ports_that_are_the_same_are_refused_where_both_are_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, PORT="5173") == 2
    expected = "make start: PORT and WEB_PORT are both 5173; choose two different ports.\n"
    assert capsys.readouterr().err == expected
    with pytest.raises(AssertionError, match="it went on"):
        run(monkeypatch, "--no-web", PORT="5173")


@pytest.mark.parametrize("arguments", [["--no-edge"], ["--parameter", "Delivery=false"]])
def test_the_edges_port_matters_where_there_is_an_edge(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run(monkeypatch, EDGE_PORT="5173") == 2
    expected = "make start: WEB_PORT and EDGE_PORT are both 5173; choose two different ports.\n"
    assert capsys.readouterr().err == expected
    with pytest.raises(AssertionError, match="it went on"):
        run(monkeypatch, *arguments, EDGE_PORT="5173")


def test_an_option_takes_precedence_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssertionError, match="it went on"):
        run(monkeypatch, "--port", "4710", PORT="abc")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--parameter", "Name"], "'Name' is not NAME=VALUE"),
        (["--parameter", "=value"], "'=value' is not NAME=VALUE"),
        (["--bogus"], "unrecognized arguments: --bogus"),
    ],
)
def test_other_arguments_that_make_no_sense_are_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    assert run(monkeypatch, *arguments) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_state_folder_that_cannot_be_written_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "state"
    assert run(monkeypatch, "--state-dir", str(folder)) == 2
    assert capsys.readouterr().err == (
        f"The state folder {folder} cannot be written: not a directory. "
        "Choose another one with --state-dir.\n"
    )

    def refuse(**_: object) -> NoReturn:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(start.tempfile, "TemporaryFile", refuse)
    assert run(monkeypatch, "--state-dir", str(tmp_path / "state")) == 2
    assert "read-only file system" in capsys.readouterr().err
