"""The process that `sandbox` starts. It imports a decoder, and forks a child for each file.

A child can open nothing, and so it cannot import. What only some types of files need, this process
imports before it forks for the first of them.

It has one thread and reads no stranger's bytes itself. So forking is safe, and each child starts
from the same clean state, in about a millisecond.
"""

import gc
import importlib
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, BinaryIO, NoReturn, Protocol, cast

from photodrop.errors import ContentRejectedError
from photodrop.imaging import hardening, huge_pages
from photodrop.imaging.sandbox_protocol import EXIT_INTERNAL_ERROR, MAX_REQUEST_BYTES, STATUS

_CONTROL, _MAX_FILES, _HIGHEST_FILE = 0, 2, 256


class Decoder(Protocol):
    """A module that decodes files."""

    def prepare(self, content_types: Sequence[str]) -> None:
        """Import what files of these types need."""

    def run(self, parent: "Parent", task: Any, original: BinaryIO | None) -> None:
        """Decode the file of a task, and send the answer to the parent."""


class Parent:
    """The function, as a child sees it."""

    def __init__(self, channel: int) -> None:
        # Unbuffered reads and writes, because poll() fails with a limit of no open files.
        self._channel = open(channel, "r+b", buffering=0)  # noqa: SIM115 - open to the end

    def send(self, message: bytes) -> None:
        """Send a message."""
        rest = memoryview(len(message).to_bytes(4, "big") + message)
        while rest:
            rest = rest[self._channel.write(rest) :]

    def send_json(self, message: dict[str, Any]) -> None:
        """Send a message in JSON."""
        self.send(json.dumps(message).encode())

    def reject(self, code: str, message: str) -> None:
        """Send why the file is refused."""
        self.send_json({"rejected": {"code": code, "message": message}})

    def receive(self) -> bytes:
        """Return the next message. Ends this process if the parent has closed the socket."""
        return self._read(int.from_bytes(self._read(4), "big"))

    def _read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            part = self._channel.read(length - len(data))
            if not part:
                os._exit(0)
            data += part
        return data


class _Server:
    """Forks a child for each file that it receives, and reports how the child ended."""

    def __init__(self, control: socket.socket, decoder: Decoder) -> None:
        self._control, self._decoder = control, decoder
        self._child = 0
        self._null = os.open(os.devnull, os.O_RDWR)

    def serve(self) -> None:
        """Serve until the function closes the socket."""
        signal.signal(signal.SIGTERM, lambda *_: self._kill())
        while True:
            request, files, _, _ = socket.recv_fds(self._control, MAX_REQUEST_BYTES, _MAX_FILES)
            if not request:
                return
            self._decoder.prepare(request.decode().split())
            gc.freeze()  # otherwise the first garbage collection of each child copies every page
            # The handler of SIGTERM must not run between the fork and setting `_child`.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            self._child = os.fork()
            if not self._child:
                self._be_child(files)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            for file in files:
                os.close(file)
            _, status, usage = os.wait4(self._child, 0)
            self._child = 0
            code = os.waitstatus_to_exitcode(status)
            cpu_seconds = usage.ru_utime + usage.ru_stime
            self._control.sendall(STATUS.pack(code, cpu_seconds, usage.ru_maxrss))

    def _kill(self) -> None:
        if self._child:
            os.kill(self._child, signal.SIGKILL)

    def _be_child(self, files: list[int]) -> NoReturn:
        """Decode one file, then end."""
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            # Libraries write warnings here that quote the file. They must not get into a log.
            for standard in (0, 1, 2):
                os.dup2(self._null, standard)
            kept = [2, *sorted(files), _HIGHEST_FILE]
            for lower, upper in pairwise(kept):
                os.closerange(lower + 1, upper)
            parent = Parent(files[0])
            begin = json.loads(parent.receive())
            original = open(files[1], "rb") if files[1:] else None  # noqa: SIM115, PTH123
            hardening.limit(begin["limits"]["cpu_seconds"], begin["limits"]["memory_bytes"])
            code = _decode(self._decoder, parent, begin["task"], original)
        except BaseException:
            code = EXIT_INTERNAL_ERROR
        os._exit(code)


def _decode(decoder: Decoder, parent: Parent, task: Any, original: BinaryIO | None) -> int:
    """Run the decoder and return the exit code."""
    try:
        decoder.run(parent, task, original)
    except ContentRejectedError as refusal:
        parent.reject(refusal.code, refusal.message)
    except MemoryError:
        parent.reject("TooMuchMemory", "Decoding the file needs too much memory.")
    except BrokenPipeError:
        pass  # the parent needs no more
    except Exception as error:
        # Only where it happened: the text of the error may quote the file.
        where = "".join(traceback.format_tb(error.__traceback__)[-5:])
        parent.send_json({"fault": f"{type(error).__name__} in the decoder\n{where}"})
        return EXIT_INTERNAL_ERROR
    return 0


def main() -> None:
    """Serve the function at the other end of standard input. The argument names the decoder."""
    hardening.forbid_reading_this_process()
    hardening.forbid_privileges()
    decoder = cast(Decoder, importlib.import_module(sys.argv[1]))
    huge_pages.reserve()
    _Server(socket.socket(fileno=_CONTROL), decoder).serve()


if __name__ == "__main__":
    main()
