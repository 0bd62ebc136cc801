"""Decoding strangers' files in child processes without credentials.

Decoders are a million lines of C, and a stranger's file may exploit an error in them. So no
function decodes anything itself. It starts one process that has imported the decoders,
`sandbox_process`, which forks a child for each file. The child has limits of memory and processor
time, and can open neither files nor sockets. Whatever goes wrong in it ends with it.

::

    function              ── one socket: files of these types ─────►  sandbox_process
      │                   ◄── how its child ended ────────────────        │ fork
      └────── a socket for each file: the task, then messages ──────►  child

Each message begins with its length in four bytes, big-endian. A child is not trusted: its messages
are JSON or plain bytes, and are checked when they are read.
"""

import atexit
import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import IO, Any

from photodrop.config import decoder_environment
from photodrop.errors import ContentRejectedError
from photodrop.imaging import hardening
from photodrop.imaging.sandbox_protocol import EXIT_INTERNAL_ERROR, MAX_REQUEST_BYTES, STATUS

MAX_MESSAGE_BYTES = 32 * 1024 * 1024

# How long to wait until a child ends by itself, until a killed child ends, and until the process
# ends.
_GRACE_SECONDS = 1.0
_KILL_SECONDS = 10.0
_STOP_SECONDS = 5.0


class DecoderError(Exception):
    """The decoder failed for another reason than the file. It can be tried again."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What decoding one file may take.

    `wall_seconds` does not count the time in which the child waits for its parent, which may be
    waiting for S3. `memory_bytes` is address space, libraries included.
    """

    cpu_seconds: int
    wall_seconds: float
    memory_bytes: int = 1_500_000_000


class Sandbox:
    """Decodes one file after another with the module `decoder`, in children of its process.

    `noun` names the files in error messages: "image" or "video".
    """

    def __init__(self, decoder: str, noun: str) -> None:
        self._decoder, self.noun = decoder, noun
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the process if it does not run. Does not wait until it is ready."""
        if self._process is not None and self._process.poll() is None:
            return
        self.stop()
        hardening.forbid_reading_this_process()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - no argument comes from a user
                [sys.executable, "-S", "-m", "photodrop.imaging.sandbox_process", self._decoder],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=decoder_environment(),
                close_fds=True,
                start_new_session=True,  # so that Ctrl-C in a terminal reaches the parent only
            )
        atexit.register(self.stop)

    def stop(self) -> None:
        """Stop the process, and wait until it has ended."""
        atexit.unregister(self.stop)
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._kill()
        self._process = self._control = None

    @contextlib.contextmanager
    def decode(
        self,
        task: dict[str, Any],
        limits: Limits,
        original: IO[bytes] | None = None,
        content_types: Iterable[str] = (),
    ) -> Iterator["Child"]:
        """Start a child that works on a task within limits, and may read the file `original`.

        It can decode and encode `content_types`, as far as the decoder loads something for each
        type alone. When the block is left, the child has ended.
        """
        request = " ".join(content_types).encode() or b" "
        assert len(request) <= MAX_REQUEST_BYTES  # noqa: S101
        with self._lock:
            child = self._begin(request, task, limits, original)
            try:
                yield child
            finally:
                child.end()

    def _begin(
        self, request: bytes, task: dict[str, Any], limits: Limits, original: IO[bytes] | None
    ) -> "Child":
        self.start()
        assert self._control is not None  # noqa: S101
        mine, theirs = socket.socketpair()
        with theirs:
            files = [theirs.fileno()] + ([original.fileno()] if original else [])
            try:
                socket.send_fds(self._control, [request], files)
            except OSError as error:
                mine.close()
                self.stop()
                raise DecoderError("The decoder's process has ended") from error
        child = Child(self, mine, limits)
        child.send(json.dumps({"limits": asdict(limits), "task": task}).encode())
        return child

    def interrupt(self) -> None:
        """Tell the process to kill its child."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def status(self, wait_seconds: float) -> tuple[int, float, int] | None:
        """Return how the child ended (see STATUS), or None if it still runs."""
        assert self._control is not None  # noqa: S101
        self._control.settimeout(wait_seconds)
        try:
            reported = self._control.recv(STATUS.size, socket.MSG_WAITALL)
        except TimeoutError:
            return None
        if len(reported) < STATUS.size:
            self.stop()
            raise DecoderError("The decoder's process has ended")
        return STATUS.unpack(reported)

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Child:
    """The child that decodes one file, as its parent sees it."""

    def __init__(self, sandbox: Sandbox, channel: socket.socket, limits: Limits) -> None:
        self._sandbox, self._channel, self._limits = sandbox, channel, limits
        self._seconds_left = limits.wall_seconds
        self._status: tuple[int, float, int] | None = None

    def send(self, message: bytes) -> None:
        """Send the child a message. If it has ended, only `receive` raises an error."""
        with (
            contextlib.suppress(BrokenPipeError, ConnectionResetError, TimeoutError),
            self._clock(),
        ):
            self._channel.sendall(len(message).to_bytes(4, "big") + message)

    def receive(self) -> bytes:
        """Return the child's next message.

        If it ended without one or took too long, raises ContentRejectedError with the code
        `TooMuchTime`, `TooMuchMemory`, `CorruptImage` or `CorruptVideo`, or DecoderError if the
        file is not the reason.
        """
        try:
            length = int.from_bytes(self._read(4), "big")
            if length > MAX_MESSAGE_BYTES:
                raise self.corrupt()
            return self._read(length)
        except TimeoutError:
            raise self._too_much_time() from None
        except (EOFError, ConnectionResetError):
            raise self._explain() from None

    def receive_json(self) -> Any:
        """Return the child's next message, which is JSON.

        Raises ContentRejectedError if the child refuses the file, and the errors of `receive`.
        """
        try:
            message = json.loads(self.receive())
        except (ValueError, RecursionError):
            raise self.corrupt() from None
        match message:
            case {"rejected": {"code": str(code), "message": str(text)}}:
                raise ContentRejectedError(code, text)
            case {"fault": str(fault)}:
                raise DecoderError(fault)
        return message

    def corrupt(self) -> ContentRejectedError:
        """Return the error for a file on which the decoder crashes, or answers nonsense."""
        if self._sandbox.noun == "video":
            return ContentRejectedError(
                "CorruptVideo", "The video is damaged: the decoder cannot read it."
            )
        return ContentRejectedError(
            "CorruptImage", "The image is damaged: the decoder cannot read it."
        )

    def end(self) -> tuple[int, float, int]:
        """Wait until the child has ended, or kill it. Returns its status (see STATUS)."""
        self._channel.close()
        if self._status is None and self._seconds_left > 0:
            self._status = self._sandbox.status(_GRACE_SECONDS)
        if self._status is None:
            self._sandbox.interrupt()
            self._status = self._sandbox.status(_KILL_SECONDS)
        if self._status is None:
            self._sandbox.stop()
            raise DecoderError("The decoder's process does not answer")
        return self._status

    def _explain(self) -> Exception:
        """Return the error for a child that ended without an answer."""
        code, cpu_seconds, _ = self.end()
        if code == -signal.SIGXCPU or cpu_seconds >= self._limits.cpu_seconds:
            return self._too_much_time()
        if code == -signal.SIGKILL:  # the kernel killed it, because memory ran out
            return ContentRejectedError(
                "TooMuchMemory", f"Decoding the {self._sandbox.noun} needs too much memory."
            )
        if code == EXIT_INTERNAL_ERROR:
            return DecoderError("The decoder failed and could not say why")
        return self.corrupt()

    def _too_much_time(self) -> ContentRejectedError:
        return ContentRejectedError(
            "TooMuchTime", f"Decoding the {self._sandbox.noun} takes too long."
        )

    def _read(self, length: int) -> bytes:
        data = bytearray(length)
        view, filled = memoryview(data), 0
        while filled < length:
            with self._clock():
                count = self._channel.recv_into(view[filled:])
            if not count:
                raise EOFError
            filled += count
        return bytes(data)

    @contextlib.contextmanager
    def _clock(self) -> Iterator[None]:
        """Subtract the time of the block from the time left. Raises TimeoutError at its end."""
        if self._seconds_left <= 0:
            raise TimeoutError
        self._channel.settimeout(self._seconds_left)
        started = time.monotonic()
        try:
            yield
        except TimeoutError:
            self._seconds_left = 0
            raise
        finally:
            self._seconds_left -= time.monotonic() - started
