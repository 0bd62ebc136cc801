"""`make start`: the whole stack on this machine, in the foreground until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import boto3
import httpx
from botocore.exceptions import BotoCoreError, ClientError

from local import delivery, sam, users, web
from local.client import Client, ProcessingTimeoutError, SignInError, Stack
from local.edge.reading import ConfigurationError
from local.edge.server import DEFAULT_PORT as DEFAULT_EDGE_PORT
from local.edge.server import Server as EdgeServer
from local.emulator import settings
from local.emulator.process import Emulator, EmulatorError, port_is_free
from local.parent import stop_with_parent
from local.state import DEFAULT_STATE_DIR, ROOT, InUseError, Places, held, write_json
from local.terminal import bold, fail, say, step

DEFAULT_PORT = 4566
HIGHEST_PORT = 65535
USAGE = 2
DEFAULT_WEB_ORIGIN = f"http://localhost:{web.DEFAULT_PORT}"
SAMPLES = ROOT / "local" / "sample"


class Stopped(BaseException):
    """Ctrl-C or SIGTERM. Not an Exception: nothing on the way should take it for a failure."""


def main() -> int:
    """Run until stopped.

    Returns the exit code: 0 when stopped by a signal, 1 on a failure, 2 for settings that cannot
    work.
    """
    options = _parse()
    places = Places(options.state_dir.resolve())
    if problem := _unwritable(places.root):
        fail(
            f"The state folder {places.root} cannot be written: {problem}. "
            "Choose another one with --state-dir."
        )
        return USAGE
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    stop_with_parent()
    try:
        with held(places, f"http://127.0.0.1:{options.port}"):
            return _run(options, places)
    except InUseError as error:
        fail(f"{error}\nStop it with Ctrl-C in its terminal (or kill that process) first.")
        return 1
    except Stopped:
        return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say in one sentence what is wrong."""
        fail(f"make start: {message}.")
        raise SystemExit(USAGE)


def _parse() -> argparse.Namespace:
    parser = _Parser(prog="make start", description=__doc__)
    # argparse also reads a default that is text, so what is wrong in the environment is said alike.
    parser.add_argument(
        "--port",
        type=partial(_port, "PORT"),
        default=os.environ.get("PORT") or str(DEFAULT_PORT),
        metavar="PORT",
    )
    parser.add_argument("--state-dir", type=Path, default=DEFAULT_STATE_DIR)
    parser.add_argument(
        "--web-port",
        type=partial(_port, "WEB_PORT"),
        default=os.environ.get("WEB_PORT") or str(web.DEFAULT_PORT),
        metavar="PORT",
    )
    parser.add_argument(
        "--allowed-origin",
        default=os.environ.get("WEB_ORIGIN"),
        help="the origin of another web app that calls the API; ours is not served then",
    )
    parser.add_argument("--no-web", action="store_true", help="do not serve the web app")
    parser.add_argument(
        "--edge-port",
        type=partial(_port, "EDGE_PORT"),
        default=os.environ.get("EDGE_PORT") or str(DEFAULT_EDGE_PORT),
        metavar="PORT",
    )
    parser.add_argument(
        "--no-edge", action="store_true", help="deliver pictures by signed URLs of S3"
    )
    parser.add_argument(
        "--parameter",
        action="append",
        type=_parameter,
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of template.yaml; without it the template's default",
    )
    parser.add_argument(
        "--faults",
        default=os.environ.get("FAULTS"),
        metavar="SEED",
        help="have functions meet the faults of a bad day; the same seed, the same day",
    )
    parser.add_argument("--no-sample", action="store_true", help="upload no sample photo")
    options = parser.parse_args()
    if dict(options.parameter).get("Delivery") == "false":
        options.no_edge = True
    has_web = not (options.no_web or options.allowed_origin)
    ports = {
        "PORT": options.port,
        **({"WEB_PORT": options.web_port} if has_web else {}),
        **({} if options.no_edge else {"EDGE_PORT": options.edge_port}),
    }
    for one, other in combinations(ports, 2):
        if ports[one] == ports[other]:
            parser.error(f"{one} and {other} are both {ports[one]}; choose two different ports")
    return options


def _port(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= HIGHEST_PORT):
        raise argparse.ArgumentTypeError(
            f"{name} must be a number from 1 to {HIGHEST_PORT}, not {value!r}"
        )
    return int(value)


def _parameter(value: str) -> tuple[str, str]:
    name, equals, content = value.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{value!r} is not NAME=VALUE")
    return name, content


def _unwritable(folder: Path) -> str | None:
    """Return why nothing can be written in this folder, which is made; None if something can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return (error.strerror or type(error).__name__).lower()


def _stop(_number: int, _frame: FrameType | None) -> None:
    # Once only: a second Ctrl-C must not cut short the saving of the state.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def _run(options: argparse.Namespace, places: Places) -> int:
    if not port_is_free(options.port):
        fail(
            f"Port {options.port} is taken{_holder(options.port)}.\n"
            f"Stop that, or choose another: make start PORT={options.port + 1}"
        )
        return 1
    started = time.monotonic()
    emulator = Emulator(
        options.port, places.emulator_state, places.emulator_log, faults=options.faults
    )
    try:
        with (
            _web(options, places) as page,
            delivery.edge(None if options.no_edge else options.edge_port) as edge,
        ):
            origin = page.server.origin if page else options.allowed_origin or DEFAULT_WEB_ORIGIN
            emulator.allowed_origins = (origin,)
            with step("emulator"):
                emulator.start()
            parameters = {
                "Architecture": sam.architecture(),
                "AllowedOrigin": origin,
                **delivery.parameters(edge, partial(_client, emulator)),
                **dict(options.parameter),
            }
            stack = _deploy(places, emulator, page, edge, parameters)
            with _published(places, stack):
                _summary(stack, places, None if options.no_sample else _sample(stack), started)
                if options.faults:
                    say(f"  A bad day: functions meet the faults of seed {options.faults}.\n")
                code = emulator.wait()
                fail(f"The emulator stopped by itself (exit code {code}).\n{emulator.log_tail()}")
                return 1
    except (EmulatorError, sam.SamError, ConfigurationError) as error:
        fail(str(error))
        return 1
    except (BotoCoreError, ClientError) as error:
        fail(f"{error}\n{emulator.log_tail()}\nIf an earlier run's state is in the way: make reset")
        return 1
    except Stopped:
        say("\n  Stopping ...")
        return 0
    finally:
        _stop_emulator(emulator)


def _stop_emulator(emulator: Emulator) -> None:
    if emulator.is_running():
        with step("state saved"):
            emulator.stop()
    else:
        emulator.stop()


@contextmanager
def _web(options: argparse.Namespace, places: Places) -> Iterator[_Web | None]:
    """Take the web app's port, the next free one if it is in use, and begin to build the app.

    Inside, it is there to be served; None without a web app. Afterwards the port is free again.
    """
    if options.no_web or options.allowed_origin:
        yield None
        return
    if problem := web.node_problem():
        say(f"  No web app: {problem}. Everything else runs without.")
        yield None
        return
    server = web.Server(options.web_port)
    if server.port != options.web_port:
        say(f"  Port {options.web_port} is taken: the web app is on {server.port}.")
    build = web.Build(places.web_log)
    try:
        yield _Web(server, build)
    finally:
        build.stop()
        server.close()


@dataclass(frozen=True)
class _Web:
    server: web.Server
    build: web.Build


def _with_web(stack: Stack, page: _Web | None, parameters: dict[str, str]) -> Stack:
    """Serve the web app once it is built. A failure is reported and leaves the rest running."""
    if page is None:
        return stack
    try:
        with step("web app") as current:
            current.note = page.build.result()
    except (web.WebError, OSError) as error:
        fail(f"No web app: {error}")
        page.server.close()
        return stack
    page.server.serve(stack, parameters)
    return replace(stack, web_url=page.server.origin)


def _deploy(
    places: Places,
    emulator: Emulator,
    page: _Web | None,
    edge: EdgeServer | None,
    parameters: dict[str, str],
) -> Stack:
    """Build and deploy what changed, see to users, edge and web app; say how to reach it all."""
    client = partial(_client, emulator)
    with sam.build_folder():
        deployment = sam.Deployment(
            places, sam.environment(emulator.endpoint_url, emulator.root_key), parameters, client
        )
        with step("sam build") as current:
            current.note = deployment.build()
        with step("sam deploy") as current:
            current.note = deployment.deploy()
    outputs = deployment.outputs()
    with step("demo users"):
        users.create(client("cognito-idp"), outputs["UserPoolId"])
    if edge:
        with step("edge"):
            delivery.serve(edge, emulator, client, outputs)
    stack = Stack(
        api_url=f"{emulator.endpoint_url}/_aws/execute-api/{outputs['ApiId']}/{outputs['ApiStage']}",
        web_url=None,
        delivery_url=edge.url if edge else None,
        endpoint_url=emulator.endpoint_url,
        region=settings.REGION,
        user_pool_id=outputs["UserPoolId"],
        user_pool_client_id=outputs["UserPoolClientId"],
        uploads_bucket=outputs["UploadsBucket"],
        thumbnails_bucket=outputs["ThumbnailsBucket"],
        root_key=emulator.root_key,
        users=users.DEMO_USERS,
    )
    return _with_web(stack, page, deployment.all_parameters())


def _client(emulator: Emulator, service: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]  # the service's name is not a literal here
        service,
        endpoint_url=emulator.endpoint_url,
        region_name=settings.REGION,
        **emulator.root_key.client_options(),
    )


@contextmanager
def _published(places: Places, stack: Stack) -> Iterator[None]:
    """stack.json exists inside, and only there."""
    write_json(places.stack_file, stack.to_json())
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            places.stack_file.unlink()


def _sample(stack: Stack) -> Any:
    """Return the first user's newest photo; first upload the sample if there is none.

    It goes through the public API. A failure is reported and leaves the stack running, for whoever
    broke it to look at. Returns None then.
    """
    file = next(iter(sorted(SAMPLES.glob("*.jpg"))), None)
    if file is None:
        return None
    try:
        with step("sample photo") as current, Client(stack, stack.users[0]) as client:
            listed = (
                client.api.get("/photos", params={"limit": 1}).raise_for_status().json()["items"]
            )
            if listed:
                current.note = "there already"
                return listed[0]
            photo = client.wait(upload_sample(client, file))
            current.note = photo["status"]
            return photo
    except (httpx.HTTPError, SignInError, ProcessingTimeoutError, KeyError, ValueError) as error:
        answer = error.response.text if isinstance(error, httpx.HTTPStatusError) else ""
        fail(f"The sample photo could not be uploaded: {error}\n{answer}")
        return None


def upload_sample(client: Client, file: Path) -> str:
    """Upload the sample once, told by its SHA-256 as other clients tell it. Returns its id."""
    checksum = hashlib.sha256(file.read_bytes()).hexdigest()
    return client.upload(
        file,
        title=file.stem,
        idempotency_key=f"sample-{checksum[:32]}",
        checksumSha256=checksum,
    )


def _summary(stack: Stack, places: Places, photo: Any, started: float) -> None:
    """Print what a person needs next."""
    say(f"\n  {bold('Photodrop is running')}, ready in {time.monotonic() - started:.1f} s\n")
    if stack.web_url:
        say(f"  Web        {bold(stack.web_url)}")
    if stack.delivery_url:
        say(f"  Edge       {stack.delivery_url}")
    say(f"  API        {stack.api_url}")
    say(f"  Docs       {stack.api_url}/docs")
    for number, user in enumerate(stack.users):
        groups = f"   ({', '.join(user.groups)})" if user.groups else ""
        say(f"  {'Sign in' if number == 0 else '':<10} {user.email:<18} {user.password}{groups}")
    if photo:
        name = photo.get("title") or photo["photoId"]
        say(f"  Sample     {name}: {photo['status']}{_reason(photo)}")
        for thumbnail in (photo.get("thumbnails") or [])[1:2]:  # signed URLs are long: one will do
            say(f"  Thumbnail  {thumbnail['url']}")
    say(f"  Upload     {_where(places)}.venv/bin/photodrop upload FILES")
    say(f"  Try        {_curl(stack, places)}")
    say(f"  Logs       {_relative(places.emulator_log)}")
    say("\n  Ctrl-C stops it; what is in it is kept. `make reset` clears it.\n")


def _reason(photo: Any) -> str:
    failure = photo.get("failure")
    return f" ({failure['code']}: {failure['message']})" if failure else ""


def _curl(stack: Stack, places: Places) -> str:
    """Make a line that works as printed, run in the checkout."""
    token = f"{_where(places)}make -s token"
    return f'curl -sS -H "Authorization: $({token})" "{stack.api_url}/photos"'


def _where(places: Places) -> str:
    """Return what a command begins with to find this stack: nothing where it looks by itself."""
    return "" if places.root == DEFAULT_STATE_DIR else f"PHOTODROP_STACK={places.stack_file} "


def _relative(path: Path) -> Path:
    with suppress(ValueError):
        return path.relative_to(Path.cwd())
    return path


def _holder(port: int) -> str:
    """Say " by process 123 (python)" where lsof or ss can tell, else nothing."""
    for command in (
        ["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"],
        ["ss", "-Hltnp", f"sport = :{port}"],
    ):
        if not shutil.which(command[0]):
            continue
        found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        if command[0] == "lsof" and found:
            fields = {line[0]: line[1:] for line in reversed(found.splitlines()) if line}
            return f" by process {fields.get('p', '?')} ({fields.get('c', '?')})"
        if "users:((" in found:
            name, process = found.split('users:(("', 1)[1].split('",pid=', 1)
            return f" by process {process.split(',')[0]} ({name})"
    return ""


if __name__ == "__main__":
    sys.exit(main())
