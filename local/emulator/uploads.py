"""Request bodies that become objects, or parts of them: they go to a file while they come in."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core.router import detect_service
from ministack.services import s3
from werkzeug.http import parse_options_header
from werkzeug.sansio import multipart

from local.emulator import checksums
from local.emulator.stored_bytes import StoredBytes

Receive = Callable[[], Awaitable[Mapping[str, Any]]]

_OBJECT_PARAMETERS = {"x-id", "partnumber", "uploadid"}
"""Parameters of a PUT whose body is an object or a part; with others it is a document about one."""


@dataclass
class Upload:
    """A request whose body goes to a file, which is removed when the request has ended."""

    query: Mapping[str, list[str]]
    is_form: bool
    file: Path | None = None


@dataclass
class Form:
    """A form's fields in their order; the one named "file" is a StoredBytes."""

    parts: list[tuple[str, str | None, dict[str, str], Any]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.parts)


current: ContextVar[Upload | None] = ContextVar("upload", default=None)
"""Of the request that is being served, None when its body is no object's."""


def expected(scope: Mapping[str, Any]) -> Upload | None:
    """Tell from a request's head whether its body is an object, a part or a form with one."""
    method, path = scope["method"], scope["path"]
    if method not in ("PUT", "POST"):
        return None
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    target = app._s3_cors_target(headers.get("host", ""), path)
    is_virtual = app._extract_s3_vhost_bucket(headers.get("host", "")) is not None
    if target is None or not (is_virtual or detect_service(method, path, headers, query) == "s3"):
        return None
    if method == "POST":
        is_form = headers.get("content-type", "").startswith("multipart/form-data")
        return Upload(query, is_form=True) if is_form and not target[1] and not query else None
    names = {name.lower() for name in query}
    is_object = all(name.startswith("x-amz-") or name in _OBJECT_PARAMETERS for name in names)
    # Chunks with signatures of their own are few clients' way, and ministack reads them in memory.
    is_chunked = (
        headers.get("x-amz-content-sha256", "").startswith("STREAMING-")
        or "aws-chunked" in headers.get("content-encoding", "")
        or "x-amz-decoded-content-length" in headers
    )
    return Upload(query, is_form=False) if target[1] and is_object and not is_chunked else None


async def received(upload: Upload, receive: Receive, headers: Mapping[str, str]) -> Any:
    """Read the body: StoredBytes, or a Form. Raises what ministack raises for a broken one."""
    handle, name = tempfile.mkstemp(prefix="upload-")
    upload.file = Path(name)
    with os.fdopen(handle, "wb") as file:
        sink = (
            _FormSink(file, headers)
            if upload.is_form
            else _FileSink(file, _wanted(upload, headers))
        )
        size = 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise app._RequestBodyDisconnected
            chunk = message.get("body", b"")
            size += len(chunk)
            sink.write(chunk)
            if not message.get("more_body", False):
                break
    length = headers.get("content-length", "").strip()
    if length and (not length.isdigit() or int(length) != size):
        raise app._IncompleteRequestBody("Content-Length does not match request body")
    return sink.finish(upload.file)


def _wanted(upload: Upload, headers: Mapping[str, str]) -> set[str]:
    """Return the checksums that the request, or the upload that it is a part of, asks for."""
    names = {name for name in s3._S3_CHECKSUM_HEADERS if f"x-amz-checksum-{name}" in headers}
    names.add(headers.get("x-amz-sdk-checksum-algorithm", ""))
    for upload_id in upload.query.get("uploadId", []):
        begun = s3._multipart_uploads.get(upload_id) or {}
        names.add(begun.get("checksum_algorithm") or "")
    return {name.upper().replace("_", "") for name in names if name}


class _FileSink:
    """Writes bytes to a file and takes their digests on the way."""

    def __init__(self, file: Any, algorithms: set[str]) -> None:
        self._file = file
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._checksums = {
            name: checksum for name in algorithms if (checksum := checksums.start(name)) is not None
        }

    def write(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._md5.update(chunk)
        for checksum in self._checksums.values():
            checksum.update(chunk)

    def finish(self, path: Path) -> StoredBytes:
        known = {name: checksums.spelled(each) for name, each in self._checksums.items()}
        return StoredBytes(path, digests={"MD5": self._md5.hexdigest(), **known})


class _FormSink:
    """Reads a form; only its file goes to the file."""

    def __init__(self, file: Any, headers: Mapping[str, str]) -> None:
        _type, options = parse_options_header(headers.get("content-type"))
        self._decoder = multipart.MultipartDecoder(options.get("boundary", "").encode())
        self._form = Form()
        self._file = _FileSink(file, set())
        self._value = bytearray()
        self._in_file = False
        self._has_failed = False

    def write(self, chunk: bytes) -> None:
        # An empty chunk would do nothing, and None ends the form.
        if chunk and not self._has_failed:
            self._read(chunk)

    def finish(self, path: Path) -> Form:
        if not self._has_failed:
            self._read(None)
        if self._has_failed:
            return Form()  # which ministack answers as S3 answers what is no form
        stored = self._file.finish(path)
        self._form.parts = [
            (name, filename, headers, stored if name == "file" else value)
            for name, filename, headers, value in self._form.parts
        ]
        return self._form

    def _read(self, chunk: bytes | None) -> None:
        try:
            self._decoder.receive_data(chunk)
            while not isinstance(
                event := self._decoder.next_event(), (multipart.NeedData, multipart.Epilogue)
            ):
                self._take(event)
        except ValueError:
            self._has_failed = True

    def _take(self, event: multipart.Event) -> None:
        if isinstance(event, (multipart.Field, multipart.File)):
            self._in_file = event.name == "file"
            headers = {name.lower(): value for name, value in event.headers.items()}
            filename = event.filename if isinstance(event, multipart.File) else None
            self._form.parts.append((event.name or "", filename, headers, b""))
        elif isinstance(event, multipart.Data) and self._in_file:
            self._file.write(event.data)
        elif isinstance(event, multipart.Data):
            self._value += event.data
            if not event.more_data:
                name, filename, headers, _empty = self._form.parts[-1]
                self._form.parts[-1] = (name, filename, headers, bytes(self._value))
                self._value.clear()
