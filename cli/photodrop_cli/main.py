"""The command line: `photodrop upload`, `retry`, `sign-in`, `sign-out`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TypeVar

from photodrop_cli import accounts, display
from photodrop_cli.accounts import Challenge, Cognito, DamagedSignInError, SavedSignIn
from photodrop_cli.api import Api, Details, Storage
from photodrop_cli.credentials import (
    Password,
    begin_session,
    credentials_of,
    password_of,
    target_of,
    unanswered,
)
from photodrop_cli.display import Display, printable, size
from photodrop_cli.errors import FileError, OutputError, RefusedError, SignInError, UsageError
from photodrop_cli.files import LocalFile, decoded, find
from photodrop_cli.targets import Target
from photodrop_cli.transport import client
from photodrop_cli.uploads import LOOKS_AT_ONCE, Options, Outcome, Uploader

Answer = TypeVar("Answer")

FAILED, USAGE, INTERRUPTED = 1, 2, 130
MOST_AT_ONCE = 32

EPILOG = """\
The service is the local stack that runs in this folder or above, or else that of `photodrop
sign-in`. Options take precedence over PHOTODROP_STACK, PHOTODROP_API_URL, PHOTODROP_CLIENT_ID,
PHOTODROP_REGION and PHOTODROP_EMAIL. The password is read from PHOTODROP_PASSWORD, or asked for.

Exit status: 0 every file is uploaded, 1 a file failed or the output could not be written,
2 nothing can be uploaded like this (arguments, sign-in, no photos or videos found), 130 stopped.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line. Returns the exit status."""
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (UsageError, FileError) as error:
        display.error(str(error))
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except OutputError as error:
        display.discard_output()
        if error.has_reader:
            display.error(f"{error} Run the same command again to continue.")
        return FAILED


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run `work` to its end. Raises KeyboardInterrupt when it was cancelled by Ctrl-C or SIGTERM.

    Cancelled, it closes its connections. asyncio cancels for Ctrl-C only, and not even for that in
    a shell's background job, where Ctrl-C is ignored.
    """

    async def cancellable() -> Answer:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task  # noqa: S101 - a coroutine that asyncio.run runs is a task
        before = signal.signal(
            signal.SIGTERM, lambda _number, _frame: loop.call_soon_threadsafe(task.cancel)
        )
        try:
            return await work
        finally:
            signal.signal(signal.SIGTERM, before)

    try:
        return asyncio.run(cancellable())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments, among which may be any file's name."""
        super().error(printable(message))


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    where = _Parser(add_help=False)
    group = where.add_argument_group("service and account")
    group.add_argument("--stack", type=Path, metavar="FILE", help="stack.json of a local stack")
    group.add_argument("--api-url", metavar="URL", help="ApiUrl of a deployment")
    group.add_argument("--client-id", metavar="ID", help="UserPoolClientId of the deployment")
    group.add_argument("--region", help="its AWS region, if the URL does not name it")
    group.add_argument("--email", help="the account (on a local stack: its first demo user)")

    parser = _Parser(
        prog="photodrop",
        description="Upload photos and videos to Photodrop.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version("photodrop"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    upload = commands.add_parser(
        "upload",
        parents=[where],
        help="upload files; those already uploaded are skipped, interrupted ones are continued",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    upload.set_defaults(run=_upload)
    upload.add_argument("files", nargs="+", type=Path, metavar="FILES")
    upload.add_argument("--event", metavar="ID", type=decoded, help="upload to this event")
    upload.add_argument("--tag", action="append", default=[], type=decoded, help="may be repeated")
    upload.add_argument("--title", type=decoded)
    upload.add_argument("--description", type=decoded)
    upload.add_argument(
        "-r", "--recursive", action="store_true", help="upload the photos and videos in folders"
    )
    upload.add_argument(
        "--jobs", type=_count, default=4, metavar="N", help="files at once (default 4)"
    )
    upload.add_argument(
        "--parts", type=_count, default=4, metavar="N", help="parts of a file at once (default 4)"
    )
    upload.add_argument(
        "--no-wait", action="store_true", help="do not wait until the photos are processed"
    )
    upload.add_argument(
        "--json", action="store_true", help="write the results to standard output as JSON"
    )
    upload.add_argument("-q", "--quiet", action="store_true", help="print only what failed")

    retry = commands.add_parser(
        "retry",
        parents=[where],
        help="for staff: have photos processed again that failed as ProcessingFailed",
    )
    retry.set_defaults(run=_retry)
    which = retry.add_mutually_exclusive_group(required=True)
    which.add_argument("photos", nargs="*", default=[], metavar="PHOTO_ID", type=decoded)
    which.add_argument("--all", action="store_true", help="every photo that failed like this")

    sign_in = commands.add_parser(
        "sign-in", parents=[where], help="sign in once, for later uploads; no password is kept"
    )
    sign_in.set_defaults(run=_sign_in)
    sign_out = commands.add_parser("sign-out", help="end that sign-in, here and at the service")
    sign_out.set_defaults(run=_sign_out)
    return parser.parse_args(arguments)


def _count(argument: str) -> int:
    if not (argument.isascii() and argument.isdigit() and 1 <= int(argument) <= MOST_AT_ONCE):
        raise argparse.ArgumentTypeError(f"{argument} is not a number from 1 to {MOST_AT_ONCE}")
    return int(argument)


# --- photodrop upload


def _upload(options: argparse.Namespace) -> int:
    target = target_of(options)
    found = find(options.files, recursive=options.recursive)
    if not (found.files or found.problems):
        folders = ", ".join(str(folder) for folder in found.empty)
        raise UsageError(f"There are no photos or videos in {folders}.")
    who = credentials_of(options, target)
    shown = Display(to_stderr=options.json, quiet=options.quiet)
    files = [(file, Outcome(str(file.path), file.size_bytes)) for file in found.files]
    refused = [Outcome(str(path), status="failed", failure=e) for path, e in found.problems]
    started, code = time.monotonic(), 0
    for folder in found.empty:
        shown.say(f"There are no photos or videos in {folder}.", important=True)
    for path, warning in found.warnings:
        shown.say(f"Left out: {path}  {warning}")
    for outcome in refused:
        shown.ended("failed", outcome.path, str(outcome.failure))
    try:
        _run(_send(options, target, who, shown, files))
    except KeyboardInterrupt:
        code = INTERRUPTED
        shown.say("Stopped. Run the same command again to continue.", important=True)
    except (UsageError, FileError) as error:
        code = USAGE
        display.error(str(error))
    summary = Summary(
        [*refused, *(outcome for _, outcome in files)],
        [str(path) for path in found.left_out],
        time.monotonic() - started,
    )
    if code != USAGE or any(outcome.status for _, outcome in files):
        shown.say(str(summary))
    if options.json:
        display.result_json(summary.to_json())
    return code or (FAILED if summary.count("failed") else 0)


async def _send(
    options: argparse.Namespace,
    target: Target,
    who: Password | SavedSignIn,
    shown: Display,
    files: list[tuple[LocalFile, Outcome]],
) -> None:
    how = Options(
        event_id=options.event,
        details=Details(options.title, options.description, tuple(options.tag)),
        jobs=options.jobs,
        parts=options.parts,
        waits=not options.no_wait,
    )
    connections = how.jobs * how.parts
    async with (
        client(target.cognito_url, connections=1) as to_cognito,
        client(target.api_url, connections=connections + LOOKS_AT_ONCE) as to_api,
        client(target.api_url, connections=connections) as to_storage,
    ):
        warn = partial(shown.say, important=True)
        session = await begin_session(Cognito(to_cognito, target, shown.waiting), who, warn)
        api = Api(to_api, target.api_url, session, shown.waiting)
        event = f", event {await _event_name(api, how.event_id)}" if how.event_id else ""
        shown.say(f"Uploading to {target.name} as {who.email}{event}")
        sizes = [file.size_bytes for file, _ in files]
        with shown.running(files=len(files), size_bytes=sum(sizes)):
            await Uploader(api, Storage(to_storage), shown, how).run(files)


async def _event_name(api: Api, event_id: str) -> str:
    try:
        return await api.event_name(event_id)
    except RefusedError as error:
        raise UsageError(f"--event {event_id}: {error.message}") from None


@dataclass(frozen=True)
class Summary:
    """What a run came to."""

    outcomes: list[Outcome]
    left_out: list[str]
    seconds: float

    def count(self, status: str | None) -> int:
        """Return how many files ended like this; None: not at all."""
        return sum(outcome.status == status for outcome in self.outcomes)

    def sent_bytes(self) -> int:
        """Return what was sent, repetitions included."""
        return sum(outcome.sent_bytes for outcome in self.outcomes)

    def __str__(self) -> str:
        said = [
            f"{count} {word}"
            for word, count in (
                ("uploaded", self.count("uploaded")),
                ("already uploaded", self.count("skipped")),
                ("failed", self.count("failed")),
                ("not finished", self.count(None)),
                ("left out (no photos or videos)", len(self.left_out)),
            )
            if count
        ]
        sent = self.sent_bytes()
        rate = f" ({size(sent / self.seconds)}/s)" if sent and self.seconds else ""
        return f"{', '.join(said) or 'no files'}; {size(sent)} sent in {self.seconds:.1f} s{rate}"

    def to_json(self) -> dict[str, Any]:
        """Return it as `--json` prints it."""
        return {
            "uploaded": self.count("uploaded"),
            "skipped": self.count("skipped"),
            "failed": self.count("failed"),
            "interrupted": self.count(None),
            "sentBytes": self.sent_bytes(),
            "seconds": round(self.seconds, 3),
            "files": [outcome.to_json() for outcome in self.outcomes],
            "leftOut": [decoded(path) for path in self.left_out],
        }


# --- photodrop retry


def _retry(options: argparse.Namespace) -> int:
    target = target_of(options)
    return _run(_have_retried(options, target, credentials_of(options, target)))


async def _have_retried(
    options: argparse.Namespace, target: Target, who: Password | SavedSignIn
) -> int:
    """Have photos processed again, and print each with its status. Returns the exit status."""
    refused = 0
    async with (
        client(target.cognito_url, connections=1) as to_cognito,
        client(target.api_url, connections=1) as to_api,
    ):
        session = await begin_session(Cognito(to_cognito, target, _silently), who, display.note)
        api = Api(to_api, target.api_url, session, _silently)
        if options.all:
            async for photo_id, status in api.retry_all():
                display.result(f"{photo_id}  {status}")
        for photo_id in options.photos:
            try:
                display.result(f"{photo_id}  {await api.retry_photo(photo_id)}")
            except RefusedError as error:
                display.result(f"{photo_id}  {error.message}")
                refused += 1
    return FAILED if refused else 0


# --- photodrop sign-in, sign-out


def _sign_in(options: argparse.Namespace) -> int:
    target = target_of(options)
    who = password_of(options, target)
    email = who.email
    answer = _with_cognito(target, lambda cognito: cognito.by_password(email, who.password))
    if isinstance(answer, Challenge):
        if answer.name != "NEW_PASSWORD_REQUIRED":
            raise SignInError(unanswered(answer))
        challenge, chosen = answer, _choose_password()
        answer = _with_cognito(
            target, lambda cognito: cognito.new_password(email, chosen, challenge)
        )
    if not answer.refresh_token:
        raise SignInError("The user pool gives no refresh tokens, so the sign-in cannot be saved.")
    accounts.save(
        SavedSignIn(
            target.api_url, target.client_id, target.cognito_url, email, answer.refresh_token
        )
    )
    display.result(f"Signed in to {target.name} as {email}.")
    return 0


def _choose_password() -> str:
    if not (sys.stdin is not None and sys.stdin.isatty()):
        raise SignInError(
            "This account has a temporary password. "
            "Run `photodrop sign-in` in a terminal to choose a new one."
        )
    display.note("This account has a temporary password. Choose a new one.")
    chosen = display.ask_secret("New password: ")
    if not chosen:
        raise SignInError("No new password was given.")
    if chosen != display.ask_secret("Repeat the new password: "):
        raise SignInError("The two passwords are not the same.")
    return chosen


def _sign_out(_options: argparse.Namespace) -> int:
    try:
        kept = accounts.saved()
    except DamagedSignInError:
        accounts.forget()
        display.result("The saved sign-in was damaged. It is removed.")
        return 0
    if kept is None:
        display.result("Nobody is signed in.")
        return 0
    token = kept.refresh_token
    try:
        _with_cognito(kept.target(), lambda cognito: cognito.revoke(token))
    finally:
        accounts.forget()
    display.result(f"Signed out {kept.email}.")
    return 0


def _silently(_seconds: float, _why: str) -> None:
    pass


def _with_cognito(target: Target, call: Callable[[Cognito], Awaitable[Answer]]) -> Answer:
    """Make one call. Apart from prompts: Ctrl-C must reach them, not an event loop."""

    async def run() -> Answer:
        async with client(target.cognito_url, connections=1) as http:
            return await call(Cognito(http, target, _silently))

    return _run(run())
