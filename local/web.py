"""The browser app on this machine: built by Vite when its sources changed, served on loopback.

It needs Node.js, and nothing else here does; without it the rest of the stack runs all the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from local import loopback
from local.client import Stack
from local.state import ROOT, waiting_lock

WEB = ROOT / "web"
DIST = WEB / "dist"
DEFAULT_PORT = 5173
OLDEST_NODE = 18

_MODULES = WEB / "node_modules"
_BUILD_STAMP = WEB / "dist.stamp"
_LOCK = WEB / "build.lock"
_NOT_SOURCES = {"node_modules", "dist", _BUILD_STAMP.name, _LOCK.name}

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Sent with everything; on AWS too, where CloudFront adds Strict-Transport-Security."""

FOR_GOOD = "public, max-age=31536000, immutable"
"""Cache-Control of what has a hash of its content in its name."""


EMULATOR_CODES = {"signUp": "123456", "newPassword": "654321"}
"""What the emulator's Cognito takes for a confirmation code: it sends no e-mail."""


class WebError(Exception):
    """The app cannot be built; the message says why and what to do."""


def content_security_policy(api: str, sign_in: str, originals: str, thumbnails: str) -> str:
    """Allow the app's own files, and data from the four origins of the service. Nothing inline."""
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' blob: data: {originals} {thumbnails}",
        "media-src": f"blob: {originals}",
        "connect-src": f"'self' {api} {sign_in} {originals} {thumbnails}",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {' '.join(_once(value))}" for name, value in directives.items())


def _once(value: str) -> list[str]:
    return list(dict.fromkeys(value.split()))


def settings(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return what of the stack's parameters the app must know to offer what will work."""
    return {
        "selfSignUp": parameters["SelfSignUp"] == "true",
        "maxImageBytes": int(parameters["MaxImageBytes"]),
        "maxVideoBytes": int(parameters["MaxVideoBytes"]),
        "thumbnailResolutions": parameters["ThumbnailResolutions"].split(","),
    }


def local_configuration(stack: Stack, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the content of /config.json here; users and codes are for a local stack alone."""
    return {
        "apiUrl": stack.api_url,
        "region": stack.region,
        "userPoolId": stack.user_pool_id,
        "userPoolClientId": stack.user_pool_client_id,
        "cognitoEndpoint": stack.endpoint_url,
        **settings(parameters),
        "demoUsers": stack.to_json()["users"],
        "codes": EMULATOR_CODES,
    }


# -------------------------------------------------------------------------- building


def node_problem() -> str | None:
    """Say what is missing to build the app, None if nothing is."""
    wanted = f"Node.js {OLDEST_NODE} or newer with npm"
    if not shutil.which("node") or not shutil.which("npm"):
        return f"it needs {wanted}"
    answer = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.", answer.stdout)
    if not found or int(found[1]) < OLDEST_NODE:
        return f"it needs {wanted}; this is {answer.stdout.strip() or 'no working one'}"
    return None


class Build:
    """Builds into web/dist unless that is up to date, in the background from the moment it is made.

    All stacks of a checkout share one build: whoever comes second waits and finds it. `with_tools`
    installs what only `npm run check` needs too.
    """

    def __init__(self, log_file: Path, *, with_tools: bool = False) -> None:
        self._log_file = log_file
        self._with_tools = with_tools
        self._process: subprocess.Popen[bytes] | None = None
        self._is_stopped = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="web-build")
        self._future = self._pool.submit(self._run)
        self._pool.shutdown(wait=False)

    def result(self) -> str:
        """Wait for the end: "unchanged" or "". Raises WebError."""
        return self._future.result()

    def stop(self) -> None:
        """End what it is running, if anything."""
        self._is_stopped = True
        if (process := self._process) and process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()

    def _run(self) -> str:
        with waiting_lock(_LOCK):
            self._install()
            sources = _hash_of_sources()
            if _read(_BUILD_STAMP) == sources and (DIST / "index.html").is_file():
                return "unchanged"
            _BUILD_STAMP.unlink(missing_ok=True)
            self._npm("run", "build")
            _BUILD_STAMP.write_text(sources)
            return ""

    def _install(self) -> None:
        """`npm ci`, when node_modules lack something of the lock file."""
        if not _is_installed(with_tools=self._with_tools):
            self._npm("ci", *([] if self._with_tools else ["--omit=dev"]))

    def _npm(self, *arguments: str) -> None:
        """Run npm in web/, output into the log. Raises WebError."""
        if self._is_stopped:
            raise WebError("It was stopped.")
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        with self._log_file.open("ab") as log:
            self._process = subprocess.Popen(
                ["npm", *arguments],
                cwd=WEB,
                env={**os.environ, "NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            code = self._process.wait()
        if code:
            tail = "\n".join(self._log_file.read_text(errors="replace").splitlines()[-12:])
            command = f"npm {' '.join(arguments)}"
            raise WebError(f"`{command}` failed. The end of {self._log_file}:\n\n{tail}")


def _is_installed(*, with_tools: bool) -> bool:
    """Compare the lock file with npm's own record of what it has installed."""
    record = _MODULES / ".package-lock.json"
    if not record.is_file():
        return False
    found = json.loads(record.read_text())["packages"]
    wanted = json.loads((WEB / "package-lock.json").read_text())["packages"]
    return all(
        found.get(name, {}).get("version") == package["version"]
        for name, package in wanted.items()
        if name and not package.get("optional") and (with_tools or not package.get("dev"))
    )


def _hash_of_sources() -> str:
    digest = hashlib.sha256()
    for path in sorted(WEB.rglob("*")):
        name = path.relative_to(WEB)
        if name.parts[0] not in _NOT_SOURCES and path.is_file():
            digest.update(f"{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


# -------------------------------------------------------------------------- serving


class Server:
    """Serves web/dist on loopback, in threads that end with this process.

    The port is taken at once, because the API's allowed origin depends on it; what is served comes
    with `serve`.
    """

    def __init__(self, port: int) -> None:
        """Listen on `port`, or on the next free one. Raises OSError when there is none."""
        self._servers = loopback.listen(_Server, _Handler, port)
        self._is_serving = False
        self.port = self._servers[0].port

    @property
    def origin(self) -> str:
        """What browsers call the app by."""
        return f"http://localhost:{self.port}"

    def serve(self, stack: Stack, parameters: Mapping[str, str]) -> None:
        """Answer from now on, for this stack with these parameters."""
        stored = f"{stack.endpoint_url} {stack.delivery_url or ''}"
        policy = content_security_policy(stack.endpoint_url, stack.endpoint_url, stored, stored)
        configuration = local_configuration(stack, parameters)
        for server in self._servers:
            server.headers = {**HEADERS, "Content-Security-Policy": policy}
            server.configuration = json.dumps(configuration).encode()
            threading.Thread(target=server.serve_forever, name="web", daemon=True).start()
        self._is_serving = True

    def close(self) -> None:
        """Give the port back."""
        for server in self._servers:
            if self._is_serving:
                server.shutdown()
            server.server_close()


class _Server(loopback.Server):
    headers: dict[str, str]
    configuration: bytes


class _Handler(SimpleHTTPRequestHandler):
    """Files of web/dist; every other path without an ending is one of the app's pages."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "Photodrop"
    sys_version = ""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, directory=str(DIST), **named)

    def parse_request(self) -> bool:
        """Refuse names that are not this machine's: a page elsewhere could have one lead here."""
        if not super().parse_request():
            return False
        if self.server.is_called(self.headers.get("Host", "")):
            return True
        self.send_error(HTTPStatus.FORBIDDEN, f"The app is at http://localhost:{self.server.port}")
        return False

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/config.json":
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(self.server.configuration)))
            self.end_headers()
            self.wfile.write(self.server.configuration)
        else:
            super().do_GET()

    def send_head(self) -> Any:
        path = unquote(urlsplit(self.path).path)
        if "." not in path.rsplit("/", 1)[-1]:
            self.path = "/index.html"
        return super().send_head()

    def end_headers(self) -> None:
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        lasts = urlsplit(self.path).path.startswith("/assets/")
        self.send_header("Cache-Control", FOR_GOOD if lasts else "no-cache")
        super().end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # its name there
        """Stay silent: `make start` shows what a person needs."""
