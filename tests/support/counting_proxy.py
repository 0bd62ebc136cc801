"""A proxy before a running stack that counts the parts sent to S3, and can hold some up."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from local.client import Stack
from tests.support.patience import PATIENCE_SECONDS

NOT_PASSED_ON = {"connection", "content-encoding", "content-length", "date", "server"}


class CountingProxy:
    """`begun` counts the PUTs of each part by number, whole or not; `answered` those S3 has.

    After `hold_after` of them, further ones are held up until `release`: every other one reaches
    S3, and its answer goes astray.
    """

    def __init__(self, stack: Stack) -> None:
        self._upstream = stack.endpoint_url
        self._http = httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False)
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.stack = replace(
            stack,
            endpoint_url=self.url,
            api_url=stack.api_url.replace(stack.endpoint_url, self.url),
        )
        self.begun: Counter[int] = Counter()
        self.answered: set[int] = set()
        self.held: set[int] = set()
        self.hold_after: int | None = None

    def release(self) -> None:
        self.hold_after = None
        self._released.set()

    @contextmanager
    def running(self) -> Iterator[CountingProxy]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self.release()
            self._server.shutdown()
            thread.join()
            self._server.server_close()
            self._http.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:  # the client was killed
                    self.close_connection = True

            def log_message(self, *_anything: Any) -> None:
                pass

        def pass_on(asked: Handler) -> None:
            proxy._pass_on(asked)

        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", pass_on)
        return Handler

    def _pass_on(self, asked: BaseHTTPRequestHandler) -> None:
        query = parse_qs(urlsplit(asked.path).query)
        is_part = asked.command == "PUT" and "partNumber" in query
        number = int(query["partNumber"][0]) if is_part else 0
        is_held = is_part and self._count(number)
        content = asked.rfile.read(int(asked.headers.get("content-length", 0)))
        if is_held and number % 2:
            self._hold(number)
        # Signatures are for the stack's own address.
        headers = {**asked.headers, "Host": urlsplit(self._upstream).netloc}
        answer = self._http.request(
            asked.command, self._upstream + asked.path, content=content, headers=headers
        )
        if is_held:
            self._hold(number)
        if is_part and answer.is_success:
            self.answered.add(number)
        body = answer.content.replace(self._upstream.encode(), self.url.encode())
        asked.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in NOT_PASSED_ON | {"transfer-encoding"}:
                asked.send_header(name, value)
        asked.send_header("Content-Length", str(len(body)))
        asked.end_headers()
        asked.wfile.write(body)

    def _count(self, number: int) -> bool:
        """Count a part; return whether it is to be held up."""
        with self._lock:
            self.begun[number] += 1
            return self.hold_after is not None and sum(self.begun.values()) > self.hold_after

    def _hold(self, number: int) -> None:
        """Leave the client without an answer for good."""
        self.held.add(number)
        self._released.wait()
        raise ConnectionAbortedError(f"part {number} was held up")
