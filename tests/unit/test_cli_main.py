"""The `photodrop` command: where it sends to, as whom, what it says and how it exits."""

import asyncio
import errno
import gc
import io
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from photodrop_cli import accounts, files, main, transport, uploads
from photodrop_cli.errors import FileError
from tests.support.fake_service import API, FakePhoto, FakeService, error, is_to_cognito
from tests.unit.test_cli_display import HOSTILE, is_safe

AWS = ["--api-url", API, "--client-id", "client"]
ADA = {"PHOTODROP_EMAIL": "ada@example.com", "PHOTODROP_PASSWORD": "right"}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeService]:
    fake = FakeService()
    for name in [name for name in os.environ if name.startswith("PHOTODROP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(main, "client", lambda _url, connections: fake.client())
    monkeypatch.setattr(accounts, "saved_file", lambda: tmp_path / "config" / "sign-in.json")
    monkeypatch.setattr(uploads, "FIRST_LOOK_SECONDS", 0)
    monkeypatch.setattr(transport, "FIRST_WAIT_SECONDS", 0)
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGTERM)
    yield fake
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def photo(tmp_path: Path) -> str:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff photo")
    return "a.jpg"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Photodrop = Callable[..., Ran]


@pytest.fixture
def photodrop(
    fake: FakeService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Photodrop:
    """Run the command with these arguments, and variables in the environment."""

    def run(*arguments: str, **variables: str) -> Ran:
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            code = main.main(list(arguments))
        return Ran(code, *capsys.readouterr())

    return run


def answers(monkeypatch: pytest.MonkeyPatch, *given: str) -> list[str]:
    """Have a person at the terminal who answers like this. Returns the prompts they see."""
    left, prompts = list(given), []

    def ask(prompt: str, stream: object = None) -> str:
        prompts.append(prompt)
        return left.pop(0)

    monkeypatch.setattr("getpass.getpass", ask)
    monkeypatch.setattr("sys.stdin.readline", lambda: f"{left.pop(0)}\n")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    return prompts


def write_stack(folder: Path, **changes: Any) -> Path:
    file = folder / ".local" / "stack.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "apiUrl": "http://127.0.0.1:4566/dev",
        "endpointUrl": "http://127.0.0.1:4566",
        "region": "us-east-1",
        "userPoolClientId": "client",
        "users": [{"email": "ada@example.com", "password": "right", "groups": []}],
    }
    file.write_text(json.dumps(content | changes))
    return file


def test_everything_uploaded_or_skipped_is_0(photodrop: Photodrop, photo: str) -> None:
    first = photodrop("upload", photo, *AWS, **ADA)
    assert first.code == 0
    assert "✓ a.jpg" in first.out
    second = photodrop("upload", photo, *AWS, **ADA)
    assert second.code == 0
    assert "= a.jpg  already uploaded\n1 already uploaded;" in second.out


@pytest.mark.parametrize("name", ["missing.jpg", ".", "empty.jpg"])
def test_one_file_that_cannot_be_sent_is_1_and_the_others_are_sent(
    photodrop: Photodrop, photo: str, name: str
) -> None:
    Path("empty.jpg").touch()
    done = photodrop("upload", photo, name, *AWS, **ADA)
    assert done.code == 1
    assert "1 uploaded, 1 failed" in done.out


def test_json_on_standard_output_and_nothing_else(
    fake: FakeService, photodrop: Photodrop, photo: str
) -> None:
    done = photodrop("upload", photo, "missing.jpg", "--json", *AWS, **ADA)
    told = json.loads(done.out)
    assert done.code == 1
    assert (told["uploaded"], told["skipped"], told["failed"]) == (1, 0, 1)
    missing, sent = told["files"]
    assert (sent["path"], sent["status"], sent["sentBytes"]) == ("a.jpg", "uploaded", 9)
    assert sent["photoId"] in fake.photos
    assert missing["failure"]["code"] == "Unreadable"


def test_quiet_says_only_what_failed(photodrop: Photodrop, photo: str) -> None:
    done = photodrop("upload", photo, "missing.jpg", "-q", *AWS, **ADA)
    assert done.out == "✗ missing.jpg  It cannot be read: no such file or directory.\n"


def test_what_a_name_would_do_to_a_terminal_is_not_printed(photodrop: Photodrop) -> None:
    name = "\x1b[2J[red]\u202e\n.jpg"
    Path(name).write_bytes(b"\xff\xd8\xff")
    done = photodrop("upload", name, "--json", *AWS, **ADA)
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert "\u202e" not in done.out + done.err
    assert "[red]" in done.err


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_a_folder_without_photos_is_2_and_is_named(
    fake: FakeService, photodrop: Photodrop, json_too: list[str]
) -> None:
    for folder in ("none", "others"):
        Path(folder).mkdir()
    Path("others/notes.txt").write_text("notes")
    done = photodrop("upload", "-r", "none", "others", *json_too, *AWS, **ADA)
    expected = "photodrop: There are no photos or videos in none, others.\n"
    assert (done.code, done.out, done.err) == (2, "", expected)
    assert not fake.requests


def test_a_folder_without_photos_beside_others_is_said(photodrop: Photodrop, photo: str) -> None:
    Path("none").mkdir()
    done = photodrop("upload", "-r", "none", photo, "-q", *AWS, **ADA)
    assert (done.code, done.out) == (0, "There are no photos or videos in none.\n")


def test_what_is_no_photo_and_cannot_be_read_in_a_folder_is_left_out_with_a_warning(
    photodrop: Photodrop, photo: str
) -> None:
    Path("empty.txt").touch()
    Path("gone").symlink_to("nowhere")
    done = photodrop("upload", "-r", ".", *AWS, **ADA)
    assert done.code == 0
    assert "Left out: empty.txt  It is empty.\n" in done.out
    assert "Left out: gone  It cannot be read: no such file or directory.\n" in done.out
    assert "1 uploaded, 2 left out" in done.out
    told = json.loads(photodrop("upload", "-r", ".", "--json", *AWS, **ADA).out)
    assert (told["failed"], told["leftOut"]) == (0, ["empty.txt", "gone"])

    named = photodrop("upload", "empty.txt", *AWS, **ADA)
    assert named.code == 1
    Path("empty.jpg").touch()  # what its name calls a photo is missed
    assert photodrop("upload", "-r", ".", *AWS, **ADA).code == 1


def test_prompts_do_not_go_into_json(
    photodrop: Photodrop, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = answers(monkeypatch, "ada@example.com", "right")
    done = photodrop("upload", photo, "--json", *AWS)
    assert json.loads(done.out)["uploaded"] == 1
    assert done.err.startswith("E-mail: ")
    assert prompts == ["Password of ada@example.com: "]


def test_names_of_hosts_are_looked_up_while_every_job_hashes(
    fake: FakeService, photodrop: Photodrop, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b.jpg", "c.jpg"):
        Path(name).write_bytes(b"\xff\xd8\xff" + name.encode())
    hash_file, answer, looked_up = files._digests, fake.answer, threading.Event()

    def slow(file: files.LocalFile, *arguments: Any) -> files.Digests:
        if file.path.name != photo and not looked_up.wait(20):
            raise FileError("NotLookedUp", "No name could be looked up while files were hashed.")
        return hash_file(file, *arguments)

    async def looking_up(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":  # the first file is sent, and both jobs hash another
            await asyncio.get_running_loop().run_in_executor(None, looked_up.set)
        return await answer(request)

    monkeypatch.setattr(files, "_digests", slow)
    monkeypatch.setattr(fake, "answer", looking_up)
    done = photodrop("upload", photo, "b.jpg", "c.jpg", "--jobs", "2", *AWS, **ADA)
    assert done.code == 0, done.out


@pytest.mark.parametrize(
    "changes",
    [
        {"apiUrl": 5},
        {"apiUrl": "http://["},
        {"endpointUrl": "http://127.0.0.1:port"},
        {"userPoolClientId": None},
        {"users": [{"email": "a", "password": 5}]},
        {"users": {"email": "a"}},
        {"users": None},
    ],
)
def test_a_damaged_description_of_a_stack_is_2(
    photodrop: Photodrop, photo: str, tmp_path: Path, changes: dict[str, Any]
) -> None:
    file = write_stack(tmp_path, **changes)
    done = photodrop("upload", photo)
    assert (done.code, done.out) == (2, "")
    assert f"{file} does not describe a running stack. Start the stack again" in done.err


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ALL_PROXY", "socks5://user:secret@127.0.0.1:1080", "`pip install socksio`"),
        ("HTTPS_PROXY", "ftp://user:secret@127.0.0.1:1080", "HTTPS_PROXY is not a URL"),
        ("https_proxy", "http://secret:port", "https_proxy is not a URL"),
        ("SSL_CERT_FILE", "/nowhere/secret.pem", "SSL_CERT_FILE cannot be read"),
    ],
)
def test_settings_of_the_network_that_cannot_be_used_are_named(
    photodrop: Photodrop,
    photo: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    variable: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setattr(main, "client", transport.client)
    for name in ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    done = photodrop("upload", photo, *AWS, **ADA, **{variable: value})
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1
    assert "secret" not in done.err


def hostile(request: httpx.Request) -> httpx.Response | None:
    """Answer with the code and the words of a server that would command the terminal."""
    return error(400, HOSTILE, message=HOSTILE)


def test_what_a_server_says_to_the_terminal_is_not_printed(
    fake: FakeService, photodrop: Photodrop, photo: str, tmp_path: Path
) -> None:
    def refused(request: httpx.Request) -> httpx.Response | None:
        return hostile(request) if "initiate" in request.url.path else None

    def failed(request: httpx.Request) -> httpx.Response | None:
        for found in fake.photos.values():
            found.status, found.failure = "failed", {"code": "x", "message": HOSTILE}
        return None

    def unauthorized(request: httpx.Request) -> httpx.Response | None:
        return None if is_to_cognito(request) else error(401, "x", message=HOSTILE)

    def by_cognito(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(400, json={"__type": HOSTILE, "message": HOSTILE})

    def challenge(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, json={"ChallengeName": HOSTILE, "Session": "s"})

    Path("twin.jpg").write_bytes(Path(photo).read_bytes())
    fake.events["loud"] = HOSTILE
    runs = [
        (["upload", photo, "twin.jpg", "--event", "loud"], lambda _request: None),
        (["upload", photo, "--event", f"no {HOSTILE[:9]}"], hostile),
        (["upload", photo], refused),
        (["upload", photo], failed),
        (["upload", photo], unauthorized),
        (["upload", photo], by_cognito),
        (["upload", photo], challenge),
        (["sign-in"], challenge),
    ]
    for arguments, fault in runs:
        fake.fault = fault
        done = photodrop(*arguments, *AWS, **ADA)
        assert is_safe(done.out + done.err), (arguments, done)
        assert "]0;title" in done.out + done.err, arguments


def test_an_argument_that_commands_the_terminal_is_not_printed(
    photodrop: Photodrop, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        photodrop("upload", "a.jpg", "--\x1b]0;title\x07\u202e")
    told = capsys.readouterr().err
    assert is_safe(told)
    assert "]0;title" in told


@pytest.mark.parametrize("way", [[], ["--json"]])
def test_a_name_that_is_not_in_the_encoding_of_names_is_uploaded_and_shown(
    fake: FakeService, photodrop: Photodrop, way: list[str]
) -> None:
    Path(os.fsdecode(b"\xff.jpg")).write_bytes(b"\xff\xd8\xff")
    done = photodrop("upload", "-r", ".", *way, *AWS, **ADA)
    assert done.code == 0
    assert "✓ \ufffd.jpg" in done.out + done.err
    if way:
        assert json.loads(done.out)["files"][0]["path"] == "\ufffd.jpg"


class Unwritable(io.StringIO):
    """Standard output that fails once it holds so many lines."""

    def __init__(self, lines: int, problem: OSError) -> None:
        super().__init__()
        self.lines = lines
        self.problem = problem

    def write(self, text: str) -> int:
        if self.getvalue().count("\n") >= self.lines:
            raise self.problem
        return super().write(text)


@pytest.mark.parametrize("lines", [0, 1, 2])
@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)), ""),
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
            "photodrop: The output cannot be written: no space left on device. "
            "Run the same command again to continue.\n",
        ),
    ],
)
def test_output_that_cannot_be_written_any_more_is_1(
    photodrop: Photodrop,
    photo: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    lines: int,
    problem: OSError,
    said: str,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", Unwritable(lines, problem))
        done = photodrop("upload", photo, *AWS, **ADA)
    assert (done.code, done.err) == (1, said)
    assert photodrop("upload", photo, *AWS, **ADA).code == 0


@pytest.mark.parametrize("count", ["abc", "0", "33", "-1", "²"])
def test_a_count_that_is_none_is_said_in_a_sentence(
    photodrop: Photodrop, capsys: pytest.CaptureFixture[str], count: str
) -> None:
    with pytest.raises(SystemExit) as raised:
        photodrop("upload", "a.jpg", f"--jobs={count}")
    assert raised.value.code == 2
    assert f"--jobs: {count} is not a number from 1 to 32" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["upload"],
        ["upload", "a.jpg", "--jobs", "0"],
        ["upload", "a.jpg", "--parts", "33"],
        ["upload", "a.jpg", "--password", "x"],
        [],
    ],
)
def test_a_command_that_makes_no_sense_is_2(photodrop: Photodrop, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        photodrop(*arguments)
    assert raised.value.code == 2


def test_a_wrong_password_is_2_with_cognitos_words(photodrop: Photodrop, photo: str) -> None:
    done = photodrop("upload", photo, *AWS, **ADA | {"PHOTODROP_PASSWORD": "secret"})
    assert (done.code, done.err) == (2, "photodrop: Incorrect username or password.\n")
    assert "secret" not in done.out


def test_a_service_that_is_not_there_is_2(
    fake: FakeService, photodrop: Photodrop, photo: str
) -> None:
    def fault(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    fake.fault = fault
    done = photodrop("upload", photo, *AWS, **ADA)
    assert done.code == 2
    assert "cannot be reached: no connection" in done.err
    assert len(fake.requests) == accounts.FIRST_ATTEMPTS


def test_an_event_that_is_not_there_is_2_before_anything_is_sent(
    fake: FakeService, photodrop: Photodrop, photo: str
) -> None:
    wrong = photodrop("upload", photo, "--event", "nowhere", *AWS, **ADA)
    assert wrong.code == 2
    assert "--event nowhere: This is EventNotFound." in wrong.err
    assert not fake.photos
    right = photodrop("upload", photo, "--event", "garden", *AWS, **ADA)
    assert right.code == 0
    assert "event Garden party" in right.out


def test_a_sign_in_that_ends_on_the_way_is_2(
    fake: FakeService, photodrop: Photodrop, photo: str
) -> None:
    def fault(request: httpx.Request) -> httpx.Response | None:
        return None if is_to_cognito(request) else error(401, "Unauthorized")

    fake.fault = fault
    done = photodrop("upload", photo, "--json", *AWS, **ADA)
    assert done.code == 2
    assert "photodrop: This is Unauthorized.\n" in done.err
    assert json.loads(done.out)["interrupted"] == 1


@pytest.fixture
def handle_interrupt() -> Iterator[Callable[[Any], None]]:
    """Set what SIGINT does, which a shell ignores for its background jobs, for one test."""
    before = signal.getsignal(signal.SIGINT)
    yield lambda handler: signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("number", "interrupt"),
    [
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGTERM, signal.default_int_handler),
        (signal.SIGTERM, signal.SIG_IGN),
    ],
    ids=["interrupted", "ended", "ended in the background"],
)
def test_stopped_it_says_how_to_go_on_and_is_130(
    fake: FakeService,
    photodrop: Photodrop,
    photo: str,
    handle_interrupt: Callable[[Any], None],
    caplog: pytest.LogCaptureFixture,
    *,
    number: signal.Signals,
    interrupt: Any,
) -> None:
    handle_interrupt(interrupt)
    tries = 0

    def fault(request: httpx.Request) -> httpx.Response | None:
        nonlocal tries
        if "initiate" not in request.url.path:
            return None
        tries += 1
        if tries == 1:
            signal.raise_signal(number)
        return httpx.Response(503)  # it could not end in any other way

    fake.fault = fault
    done = photodrop("upload", photo, "--json", *AWS, **ADA)
    assert done.code == 130
    assert "Run the same command again to continue." in done.err
    assert json.loads(done.out)["interrupted"] == 1
    gc.collect()  # a task whose exception nobody has seen is reported when it is collected
    assert not caplog.messages


# --- where to


def test_nowhere_to_send_to_is_2_and_says_how(photodrop: Photodrop, photo: str) -> None:
    done = photodrop("upload", photo)
    assert done.code == 2
    assert "make start" in done.err


def test_a_stack_that_runs_above_is_found_with_its_first_user(
    fake: FakeService, photodrop: Photodrop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.api_url = "http://127.0.0.1:4566/dev"
    write_stack(tmp_path)
    (tmp_path / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "down")
    Path("a.jpg").write_bytes(b"\xff\xd8\xff")
    done = photodrop("upload", "a.jpg")
    assert done.code == 0
    assert "the local stack on port 4566 as ada@example.com" in done.out


def test_somebody_elses_stack_is_passed_by(
    fake: FakeService,
    photodrop: Photodrop,
    photo: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_stack(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert photodrop("upload", photo).code == 2
    assert not fake.requests


@pytest.mark.parametrize(
    "changes", [{"apiUrl": "https://evil.example"}, {"endpointUrl": "http://evil.example"}]
)
def test_a_stack_elsewhere_is_refused(
    fake: FakeService, photodrop: Photodrop, photo: str, tmp_path: Path, changes: dict[str, str]
) -> None:
    file = write_stack(tmp_path, **changes)
    assert photodrop("upload", photo).code == 2
    assert photodrop("upload", photo, "--stack", str(file)).code == 2
    assert not fake.requests


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--api-url", API], "--client-id"),
        (["--client-id", "x"], "--api-url"),
        (["--stack", "s", "--api-url", API], "either"),
        (["--api-url", "http://photos.example.com", "--client-id", "x"], "https://"),
        (["--api-url", "https://photos.example.com", "--client-id", "x"], "--region"),
        (["--api-url", API, "--client-id", "x", "--region", "a/b"], "not an AWS region"),
        (["--api-url", "https://[", "--client-id", "x"], "not a URL"),
        (["--api-url", "https://host:port/dev", "--client-id", "x"], "not a URL"),
        (["--api-url", "https:///dev", "--client-id", "x"], "not a URL"),
        (["--stack", "missing.json"], "missing.json"),
        (["--stack", "a.jpg"], "does not describe"),
    ],
)
def test_where_to_is_said_whole_and_safely(
    fake: FakeService, photodrop: Photodrop, photo: str, arguments: list[str], said: str
) -> None:
    done = photodrop("upload", photo, *arguments)
    assert done.code == 2
    assert said in done.err
    assert not fake.requests


def test_the_environment_says_where_to(photodrop: Photodrop, photo: str) -> None:
    where = {"PHOTODROP_API_URL": API, "PHOTODROP_CLIENT_ID": "client"}
    assert photodrop("upload", photo, **where, **ADA).code == 0


# --- as whom


def test_sign_in_keeps_no_password_and_is_for_its_owner_alone(
    fake: FakeService, photodrop: Photodrop, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = answers(monkeypatch, "ada@example.com", "right")
    done = photodrop("sign-in", *AWS)
    assert (done.code, done.err) == (0, "E-mail: ")
    assert prompts == ["Password of ada@example.com: "]
    file = accounts.saved_file()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "right" not in file.read_text()
    assert list(file.parent.iterdir()) == [file]

    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    done = photodrop("upload", photo)
    assert done.code == 0
    assert "abc.execute-api.eu-west-1.amazonaws.com as ada@example.com" in done.out
    for secret in fake.refresh_tokens | fake.tokens:
        assert secret not in done.out + done.err

    assert photodrop("sign-out").code == 0
    assert not file.exists()
    assert not fake.refresh_tokens
    assert photodrop("upload", photo).code == 2
    assert photodrop("sign-out").code == 0


def test_an_invited_photographer_chooses_a_password_at_sign_in(
    fake: FakeService, photodrop: Photodrop, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.invited.add("ada@example.com")
    refused = photodrop("upload", photo, *AWS, **ADA)
    assert refused.code == 2
    assert "`photodrop sign-in`" in refused.err
    answers(monkeypatch, "one", "other")
    assert photodrop("sign-in", *AWS, **ADA).code == 2
    answers(monkeypatch, "my own", "my own")
    assert photodrop("sign-in", *AWS, **ADA).code == 0
    assert fake.users == {"ada@example.com": "my own"}
    assert photodrop("upload", photo).code == 0


def test_a_sign_in_that_is_over_says_so(
    fake: FakeService, photodrop: Photodrop, photo: str
) -> None:
    assert photodrop("sign-in", *AWS, **ADA).code == 0
    fake.refresh_tokens.clear()
    done = photodrop("upload", photo)
    assert done.code == 2
    assert "photodrop sign-in" in done.err


SAVED = {
    "api_url": API,
    "client_id": "client",
    "cognito_url": "https://cognito-idp.eu-west-1.amazonaws.com/",
    "email": "ada@example.com",
    "refresh_token": "r",
}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps(SAVED)[:50].encode(),
        json.dumps(SAVED | {"api_url": 5}).encode(),
        json.dumps(SAVED | {"api_url": "https://["}).encode(),
        json.dumps(SAVED | {"cognito_url": "nowhere"}).encode(),
        json.dumps(SAVED | {"email": None}).encode(),
    ],
)
def test_a_damaged_sign_in_says_how_to_mend_it_and_that_mends_it(
    photodrop: Photodrop, photo: str, content: bytes
) -> None:
    assert photodrop("sign-in", *AWS, **ADA).code == 0
    file = accounts.saved_file()
    file.write_bytes(content)
    done = photodrop("upload", photo)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"photodrop: The saved sign-in in {file} is damaged. "
        "Run `photodrop sign-out` to remove it, and sign in again.\n"
    )
    assert photodrop("sign-out").code == 0
    assert not file.exists()
    assert photodrop("sign-in", *AWS, **ADA).code == 0
    assert photodrop("upload", photo).code == 0


def test_a_folder_that_cannot_keep_the_sign_in_is_named(
    photodrop: Photodrop, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")
    done = photodrop("sign-in", *AWS, **ADA)
    assert done.code == 2
    assert f"The sign-in cannot be saved in {accounts.saved_file()}: " in done.err
    removed = photodrop("sign-out")
    assert removed.code == 2
    assert "not a directory" in removed.err


def test_a_renewed_sign_in_that_cannot_be_saved_does_not_stop_the_uploads(
    fake: FakeService, photodrop: Photodrop, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert photodrop("sign-in", *AWS, **ADA).code == 0

    def rotating(request: httpx.Request) -> httpx.Response | None:
        return fake._signed_in() if is_to_cognito(request) else None

    def full(_file: Path, *_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    fake.fault = rotating
    monkeypatch.setattr("photodrop_cli.accounts.os.open", full)
    done = photodrop("upload", photo)
    assert done.code == 0
    assert "no space left on device. You will have to sign in again.\n" in done.out


def test_a_script_without_a_password_is_told_what_to_set(
    photodrop: Photodrop, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    done = photodrop("upload", photo, *AWS, "--email", "ada@example.com")
    assert done.code == 2
    assert done.err == (
        "photodrop: Nobody is signed in. Set PHOTODROP_PASSWORD, or run `photodrop sign-in`.\n"
    )


def test_a_password_in_the_environment_goes_before_a_sign_in_that_is_kept(
    fake: FakeService, photodrop: Photodrop, photo: str
) -> None:
    assert photodrop("sign-in", *AWS, **ADA).code == 0
    fake.users["grace@example.com"] = "hers"
    grace = {"PHOTODROP_EMAIL": "grace@example.com", "PHOTODROP_PASSWORD": "hers"}
    assert "as grace@example.com" in photodrop("upload", photo, **grace).out


def fail(fake: FakeService, name: str) -> str:
    failure = {"code": "ProcessingFailed", "message": "It could not be processed."}
    fake.photos[name] = FakePhoto(name, {}, None, status="failed", failure=failure)
    return name


def test_staff_have_photos_tried_again(fake: FakeService, photodrop: Photodrop) -> None:
    names = [fail(fake, name) for name in ("one", "two")]
    done = photodrop("retry", *names, "other", *AWS, **ADA)
    assert (done.code, done.out.splitlines()[:2]) == (1, ["one  uploaded", "two  uploaded"])
    assert done.out.splitlines()[2].startswith("other  ")
    assert photodrop("retry", fail(fake, "three"), *AWS, **ADA).code == 0


def test_what_the_service_says_to_a_retry_is_not_printed_to_the_terminal(
    fake: FakeService, photodrop: Photodrop
) -> None:
    fake.fault = lambda request: None if is_to_cognito(request) else hostile(request)
    done = photodrop("retry", HOSTILE, *AWS, **ADA)
    assert done.code == 1
    assert is_safe(done.out + done.err)
    assert done.out.count("]0;title") == 2


def test_staff_have_all_tried_again(fake: FakeService, photodrop: Photodrop) -> None:
    names = [fail(fake, f"photo-{number}") for number in range(5)]
    done = photodrop("retry", "--all", *AWS, **ADA)
    assert done.code == 0
    assert done.out.splitlines() == [f"{name}  uploaded" for name in names]
    assert {photo.status for photo in fake.photos.values()} == {"uploaded"}


@pytest.mark.parametrize("arguments", [["retry"], ["retry", "one", "--all"]])
def test_what_to_try_again_is_said_in_one_way(photodrop: Photodrop, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        photodrop(*arguments, *AWS, **ADA)
    assert ended.value.code == 2
