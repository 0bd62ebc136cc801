"""The edge's HTTP server on loopback."""

from __future__ import annotations

import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from local import loopback
from local.edge.edge import Edge
from local.edge.messages import RefusedError, Request, Response, parse_query

DEFAULT_PORT = 5174

IDLE_SECONDS = 300
"""How long a connection may neither send nor take anything. A paused video is fetched anew then."""

_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Server:
    """Listens at once, because the stack is deployed with the edge's address; `serve` answers."""

    def __init__(self, port: int) -> None:
        """Listen on `port`, or on the next free one. Raises OSError when there is none."""
        self._servers = loopback.listen(_Server, _Handler, port)
        self._edge: Edge | None = None
        self.port = self._servers[0].port

    @property
    def url(self) -> str:
        """What browsers and policies call the edge by."""
        return f"http://localhost:{self.port}"

    def serve(self, edge: Edge) -> None:
        """Answer from now on, in threads that end with this process."""
        self._edge = edge
        for server in self._servers:
            server.edge = edge
            threading.Thread(target=server.serve_forever, name="edge", daemon=True).start()

    def close(self) -> None:
        """Give the port back."""
        for server in self._servers:
            if self._edge:
                server.shutdown()
            server.server_close()
        if self._edge:
            self._edge.close()


class _Server(loopback.Server):
    edge: Edge


class _Handler(BaseHTTPRequestHandler):
    """Reads one request after another from a connection and sends what the edge answers."""

    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    # One segment for headers and body: without this, Nagle's algorithm waits 40 ms between them.
    wbufsize = -1
    disable_nagle_algorithm = True

    def _handle(self) -> None:
        try:
            self._refuse_what_is_not_served()
            response = self.server.edge.answer(self._request())
        except RefusedError as error:
            self.close_connection = True
            response = error.response()
        try:
            self._send(response)
        finally:
            response.close()

    do_GET = do_HEAD = do_OPTIONS = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815

    def _refuse_what_is_not_served(self) -> None:
        host = self.headers.get("Host", "")
        if not self.server.is_called(host):
            raise RefusedError(
                HTTPStatus.FORBIDDEN,
                "HostNotAllowed",
                f"This edge is at http://localhost:{self.server.port}.",
            )
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            raise RefusedError(
                HTTPStatus.FORBIDDEN, "BodyNotAllowed", "This distribution takes no bodies."
            )

    def _request(self) -> Request:
        split = urlsplit(self.path)
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        base_url = f"http://{self.headers['Host']}"
        viewer_ip = str(self.client_address[0])
        query = parse_query(split.query)
        return Request(self.command, split.path, query, headers, viewer_ip, base_url)

    def _send(self, response: Response) -> None:
        """Send the answer. Raises ConnectionError when the viewer, or the origin, goes away.

        That ends the connection, so an answer that broke off does not look whole.
        """
        body, headers = response.body, response.headers
        if isinstance(body, bytes) and self.command != "HEAD":
            if response.status not in _WITHOUT_BODY:
                headers["content-length"] = str(len(body))
            body = iter([body])
        has_body = self.command != "HEAD" and response.status not in _WITHOUT_BODY
        is_chunked = has_body and "content-length" not in headers
        if is_chunked:
            headers["transfer-encoding"] = "chunked"
        headers.setdefault("date", self.date_time_string())
        self.send_response_only(response.status)
        for name, value in headers.items():
            self.send_header(name.title(), value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if has_body:
            self._send_body(body, is_chunked=is_chunked)
        self.wfile.flush()

    def _send_body(self, body: Any, *, is_chunked: bool) -> None:
        for chunk in body:
            if is_chunked and chunk:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            else:
                self.wfile.write(chunk)
        if is_chunked:
            self.wfile.write(b"0\r\n\r\n")

    def finish(self) -> None:
        """Close the connection. Whoever has gone away does not miss what is left in the buffer."""
        with suppress(ConnectionError):
            super().finish()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # its name there
        """Stay silent: signatures must not be in a log."""
