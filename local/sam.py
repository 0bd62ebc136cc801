"""`sam build` and `sam deploy` of the unmodified template.yaml to the emulator, when needed."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from local.emulator import settings
from local.emulator.root_key import RootKey
from local.state import ROOT, SAM_DIR, Places, waiting_lock
from local.template import defaults

STACK_NAME = "photodrop"
"""As samconfig.toml's [local.deploy.parameters] has it."""

BUILD_DIR = SAM_DIR / "local"
"""Apart from .aws-sam/build, which is for AWS: another processor, so other layers."""

ARCHIVES = SAM_DIR / "local-archives"
"""What was built, zipped: each archive is named for what is in it."""

_BUILD_STAMP = SAM_DIR / "local.stamp"
_DEPLOYED_HASH = "/photodrop/local/deployed"
SAM = ROOT / ".venv" / "sam" / "bin" / "sam"
_SOURCES = ("template.yaml", "samconfig.toml", "functions", "layers")
_IGNORED = {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".DS_Store"}
_DEPLOYED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")

# uv's names of the platforms that a layer can be built for; AWS's own are the Makefile's defaults.
_LINUX = {"x86_64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}
_MACOS = {"x86_64": "x86_64-apple-darwin", "arm64": "aarch64-apple-darwin"}


ClientMaker = Callable[[str], Any]
"""Makes a boto3 client of the emulator, by the service's name."""


class SamError(Exception):
    """`sam` failed; the message ends with the tail of its output."""


def architecture() -> str:
    """Name the processor of this machine as Lambda does: functions run here, so layers must fit."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def layer_environment() -> dict[str, str]:
    """Tell layers/ and functions/ what to build for: what the emulator runs on."""
    platforms = _MACOS if sys.platform == "darwin" else _LINUX
    return {
        "LAYER_PYTHON_VERSION": f"{sys.version_info.major}.{sys.version_info.minor}",
        "LAYER_PLATFORM": platforms[architecture()],
        "LAYER_PYTHON": sys.executable,
        "UV": str(ROOT / ".venv" / "bin" / "uv"),
    }


def container_environment() -> dict[str, str]:
    """Tell layers/ and functions/ to build for Lambda's runtime in a container on this machine."""
    version = (ROOT / ".python-version").read_text().strip()
    ours = layer_environment()
    built_for = {"LAYER_PYTHON_VERSION": version, "LAYER_PLATFORM": _LINUX[architecture()]}
    if ours["LAYER_PYTHON_VERSION"] != version:
        del ours["LAYER_PYTHON"]  # the Makefiles find one of that version
    return {**ours, **built_for}


def environment(endpoint_url: str, key: RootKey) -> dict[str, str]:
    """Make sam's environment: ours, pointed at the emulator so that no profile can win."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **kept,
        **layer_environment(),
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        "AWS_DEFAULT_REGION": settings.REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1,localhost",
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",
    }


@contextmanager
def build_folder() -> Iterator[None]:
    """Have BUILD_DIR to oneself, from the build to the end of the deploy; waits for whoever has it.

    A test run and a developer's `make start` share it.
    """
    with waiting_lock(SAM_DIR / "local.lock"):
        yield


class Deployment:
    """One deployment of the checkout, as it is when this is made, to a running emulator."""

    def __init__(
        self,
        places: Places,
        environment: Mapping[str, str],
        parameters: Mapping[str, str],
        client: ClientMaker,
    ) -> None:
        """`environment` is sam's: it says where to deploy, and as whom."""
        self.places = places
        self.environment = environment
        self.parameters = parameters
        self.cloudformation = client("cloudformation")
        self.ssm = client("ssm")
        # Once: a file saved while we build must count as not built yet.
        self.sources = source_hash()

    def build(self) -> str:
        """Build unless BUILD_DIR is up to date. Returns "unchanged" or "". Raises SamError."""
        if _read(_BUILD_STAMP) == self.sources and (BUILD_DIR / "template.yaml").is_file():
            return "unchanged"
        _BUILD_STAMP.unlink(missing_ok=True)
        # sam's own cache does not know that the target can change: one cache per target.
        cache = SAM_DIR / f"local-cache-{_hash(*sorted(layer_environment().items()))[:8]}"
        self._run("build", "--build-dir", str(BUILD_DIR), "--cache-dir", str(cache), log_mode="wb")
        _archive_build()
        _BUILD_STAMP.write_text(self.sources)
        return ""

    def deploy(self) -> str:
        """Deploy unless the emulator holds just this. Returns "unchanged" or "".

        Raises SamError.
        """
        wanted = _hash(self.sources, *sorted(self.parameters.items()))
        status = self._status()
        if status in _DEPLOYED and self._deployed_hash() == wanted:
            return "unchanged"
        if status is not None and status not in _DEPLOYED:
            # What a failed first deploy leaves cannot be updated, only deleted; on AWS too.
            self.cloudformation.delete_stack(StackName=STACK_NAME)
            self.cloudformation.get_waiter("stack_delete_complete").wait(
                StackName=STACK_NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
            )
        template = str(BUILD_DIR / "template.yaml")
        # Every parameter is named: CloudFormation would keep the defaults of an earlier checkout.
        values = {**defaults(), **self.parameters}
        overrides = [f'{name}="{value}"' for name, value in sorted(values.items())]
        arguments = ("--template-file", template, "--no-progressbar", "--parameter-overrides")
        try:
            self._run("deploy", *arguments, *overrides, log_mode="ab")
        except SamError as error:
            reasons = self._failures()
            raise SamError(f"{error}\n\n{reasons}" if reasons else str(error)) from error
        self.ssm.put_parameter(Name=_DEPLOYED_HASH, Value=wanted, Type="String", Overwrite=True)
        return ""

    def outputs(self) -> dict[str, str]:
        """Read the deployed stack's outputs, by name."""
        stack = self.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def all_parameters(self) -> dict[str, str]:
        """Read the deployed stack's parameters, defaults included."""
        stack = self.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        return {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}

    def _deployed_hash(self) -> str:
        """Read the hash of what was deployed last, which is kept with the stack it describes.

        A file of ours could outlive a state that was lost: the emulator writes its own at SIGTERM.
        """
        try:
            return str(self.ssm.get_parameter(Name=_DEPLOYED_HASH)["Parameter"]["Value"])
        except self.ssm.exceptions.ParameterNotFound:
            return ""

    def _status(self) -> str | None:
        """Read the stack's status; None when the emulator holds no such stack."""
        stacks = self.cloudformation.describe_stacks()["Stacks"]
        return next((str(s["StackStatus"]) for s in stacks if s["StackName"] == STACK_NAME), None)

    def _failures(self) -> str:
        """Say why resources failed, a line each: sam's own table breaks the reasons up."""
        if self._status() is None:
            return ""
        events = self.cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
        return "\n".join(
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason') or 'failed'}"
            for event in reversed(events)
            if event["ResourceStatus"].endswith("_FAILED")
        )

    def _run(self, command: str, *arguments: str, log_mode: str) -> None:
        """Run `sam command`, output into the log. An interrupt ends what it started too."""
        log_file = self.places.sam_log
        settings_file = ["--config-file", str(ROOT / "samconfig.toml"), "--config-env", "local"]
        with log_file.open(log_mode) as log:
            process = subprocess.Popen(
                [str(SAM), command, *settings_file, *arguments],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code = process.wait()
            except BaseException:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                process.wait()
                raise
        if code:
            tail = "\n".join(log_file.read_text(errors="replace").splitlines()[-15:])
            raise SamError(f"`sam {command}` failed. The end of {log_file}:\n\n{tail}")


def _archive_build() -> None:
    """Zip what was built, each content once, and let the built template name the archives.

    `sam deploy` would zip each folder anew for each stack: the code that all functions share once
    for each of them, and the layers, which hardly ever change.
    """
    file = BUILD_DIR / "template.yaml"
    template = file.read_text()
    archives = set()
    for folder in BUILD_DIR.iterdir():
        if not folder.is_dir():
            continue
        archive = _archive(folder)
        archives.add(archive)
        path = os.path.relpath(archive, BUILD_DIR)
        place = rf"^( +(?:CodeUri|ContentUri): ){folder.name}$"
        template = re.sub(place, rf"\g<1>{path}", template, flags=re.MULTILINE)
    file.write_text(template)
    for old in set(ARCHIVES.iterdir()) - archives:
        old.unlink()


def _archive(folder: Path) -> Path:
    """Zip a folder, unless an archive of the same content is there. Returns the archive."""
    files = [
        (str(path.relative_to(folder)), path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    digest = hashlib.sha256()
    for name, content in files:
        digest.update(f"{name} {len(content)}\n".encode() + content)
    archive = ARCHIVES / f"{digest.hexdigest()}.zip"
    if not archive.exists():
        ARCHIVES.mkdir(exist_ok=True)
        unfinished = archive.with_suffix(".unfinished")
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
            for name, content in files:
                entry = zipfile.ZipInfo(name)  # of 1980: the same content makes the same archive
                entry.external_attr = 0o100755 << 16  # as sam has it
                target.writestr(entry, content, zipfile.ZIP_DEFLATED)
        unfinished.rename(archive)
    return archive


def _source_files() -> Iterator[Path]:
    for name in _SOURCES:
        path = ROOT / name
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        for each in found:
            if each.is_file() and not _IGNORED & set(each.parts) and each.suffix != ".pyc":
                yield each


def source_hash() -> str:
    """Hash all that a build depends on: our files, the interpreter and the target."""
    files = [
        (str(path.relative_to(ROOT)), path.stat().st_mode & 0o111, path.read_bytes())
        for path in _source_files()
    ]
    return _hash(sys.version, *sorted(layer_environment().items()), *files)


def _hash(*parts: object) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(repr(part).encode())
    return digest.hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
