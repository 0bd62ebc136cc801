"""HTTP servers that only this machine's programs and browsers reach."""

from __future__ import annotations

import errno
import socket
import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

NAMES = ("localhost", "127.0.0.1", "[::1]")
"""The names that browsers may call a server by."""

_TRIES = 50


class Server(ThreadingHTTPServer):
    """A thread for each connection; threads end with this process."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def is_called(self, host: str) -> bool:
        """Whether a Host header names this machine: a page elsewhere could have one lead here."""
        return host.lower() in [f"{name}:{self.port}" for name in NAMES]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about clients that go away in the middle of an answer."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


AnyServer = TypeVar("AnyServer", bound=Server)


def listen(
    server: type[AnyServer], handler: type[BaseHTTPRequestHandler], port: int
) -> list[AnyServer]:
    """Listen on `port`, or on the next free one. Raises OSError when there is none."""
    for candidate in range(port, port + _TRIES):
        with suppress(OSError):
            return _on_loopback(server, handler, candidate)
    raise OSError(f"No port from {port} to {port + _TRIES - 1} is free.")


def _on_loopback(
    server: type[AnyServer], handler: type[BaseHTTPRequestHandler], port: int
) -> list[AnyServer]:
    """Listen on 127.0.0.1 and, where there is IPv6, on ::1: browsers try either for localhost."""
    servers = [server(("127.0.0.1", port), handler)]
    if socket.has_ipv6:
        try:
            servers.append(server(("::1", servers[0].port), handler))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                servers[0].server_close()
                raise
    return servers
