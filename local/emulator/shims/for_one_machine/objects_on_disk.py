"""Gap: objects go through memory, and every version of them stays there; parts and forms, too.

1.4 GB of uploads took 1.8 GB of memory. Here the body of a PUT, of a part and of a form is written
to a file while it comes in, becomes the object by another name for that file, and is read from it
in pieces. An upload in parts is put together in one file as its parts come.
"""

from __future__ import annotations

import base64
import inspect
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.services import s3

from local.emulator import checksums, uploads
from local.emulator.stored_bytes import StoredBytes, joined

Answer = tuple[int, dict[str, Any], Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_JOINING = {
    'hashlib.md5(stored["body"]).digest()': 'bytes.fromhex(md5_hash(stored["body"]))',
    'b"".join(combined_parts)': "_joined_parts(upload_id, combined_parts)",
}
"""The two expressions of ministack's CompleteMultipartUpload that need all bytes in memory."""


def apply() -> None:
    """Read requests into files, keep objects there, and answer from there."""
    _receive_into_files()
    _keep_no_copies()
    _digest_files()
    _store_files()
    _keep_parts_in_files()
    _answer_from_files()


def _receive_into_files() -> None:
    serve, read_body, parse_form = app.app, app._read_request_body, s3._parse_multipart_form

    async def serve_and_clean(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        upload = uploads.expected(scope) if scope["type"] == "http" else None
        uploads.current.set(upload)
        try:
            await serve(scope, receive, send)
        finally:
            if upload and upload.file:
                # What became of an object or a part has a name of its own by now.
                upload.file.unlink(missing_ok=True)

    async def read(receive: Any, method: str, headers: dict[str, str]) -> Any:
        upload = uploads.current.get()
        if upload is None:
            return await read_body(receive, method, headers)
        # S3 signs a hash that the header names, so ministack does not need the bytes to check it.
        iam_evaluator.pin_signed_body(b"")
        return await uploads.received(upload, receive, headers)

    def parse(content_type: str, body: Any) -> Any:
        return body.parts if isinstance(body, uploads.Form) else parse_form(content_type, body)

    app.app = serve_and_clean
    app._read_request_body = read
    s3._parse_multipart_form = parse


def _keep_no_copies() -> None:
    """Leave a version's bytes in the object's file or, once it is replaced, in one of its own."""
    entry_from_record = s3._version_entry_from_record

    def entry(obj: dict[str, Any], version_id: str, _data: Any) -> Any:
        return entry_from_record(obj, version_id, None)

    s3._version_entry_from_record = entry


def _digest_files() -> None:
    md5_hash, compute, validate_md5 = (
        s3.md5_hash,
        s3._compute_s3_checksum,
        s3._validate_content_md5,
    )

    def md5(body: Any) -> str:
        return body.md5() if isinstance(body, StoredBytes) else str(md5_hash(body))

    def checksum(algorithm: str, body: Any) -> Any:
        if not isinstance(body, StoredBytes) or compute(algorithm, b"") is None:
            return compute(algorithm, body)
        name = algorithm.upper().replace("_", "")
        return body.digest(name, lambda stored: str(checksums.of(name, stored.chunks())))

    def validate(headers: dict[str, str], body: Any) -> Any:
        if isinstance(body, StoredBytes):
            given = base64.b64encode(bytes.fromhex(body.md5())).decode()
            if headers.get("content-md5", given) == given:
                return None
            body = b"any other bytes: what was sent has another MD5"
        return validate_md5(headers, body)

    s3.md5_hash = md5
    s3._compute_s3_checksum = checksum
    s3._validate_content_md5 = validate


def _store_files() -> None:
    write, object_data = s3._atomic_write, s3._get_object_data

    def atomic_write(path: str, data: Any, *, text: bool = False) -> None:
        if isinstance(data, StoredBytes):
            data.place(Path(path))
        else:
            write(path, data, text=text)

    def read_object(bucket: str, key: str, obj: dict[str, Any]) -> Any:
        body = obj.get("body")
        if body is not None:
            return body
        stored = _file(s3._object_disk_path(bucket, key))
        return b"" if stored is None else stored

    def read_version(bucket: dict[str, Any], name: str, key: str, version: dict[str, Any]) -> Any:
        stored = _file(s3._version_disk_path(name, key, version["version_id"]))
        if stored is not None:
            return stored
        current = bucket["objects"].get(key)
        if current is None or (current.get("version_id") or "null") != version["version_id"]:
            return None
        return read_object(name, key, current)

    def data(bucket: str, key: str, version_id: str | None = None) -> bytes | None:
        # Other services take code and templates from here, and want bytes.
        found = object_data(bucket, key, version_id)
        return None if found is None else bytes(found)

    s3._atomic_write = atomic_write
    s3._read_body = read_object
    s3._version_body = read_version
    s3._get_object_data = data


def _file(path: str | None) -> StoredBytes | None:
    try:
        return StoredBytes.opened(Path(path)) if path else None
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _answer_from_files() -> None:
    send_response = app._send_response

    async def send_file(
        send: Send, status: int, headers: dict[str, Any], body: Any, *, head: bool = False
    ) -> None:
        if not isinstance(body, StoredBytes):
            await send_response(send, status, headers, body, head=head)
            return
        headers.setdefault("Content-Length", str(len(body)))
        raw = app._asgi_header_list(headers)
        await send({"type": "http.response.start", "status": status, "headers": raw})
        for chunk in body.chunks():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    app._send_response = send_file


# ------------------------------------------------------------------ uploads in parts


def parts_folder() -> Path:
    """Return where the parts are of uploads under way, in a folder for each."""
    return Path(os.environ["STATE_DIR"]) / "parts"


def _keep_parts_in_files() -> None:
    folder = parts_folder()
    complete, abort = _joining_in_files(folder), s3._abort_multipart_upload
    upload_part, upload_part_copy = s3._upload_part, s3._upload_part_copy

    def part(bucket: str, key: str, body: Any, query: Any, headers: Any) -> Answer:
        answer: Answer = upload_part(bucket, key, body, query, headers)
        _keep_part(folder, answer, query)
        return answer

    def part_copy(bucket: str, key: str, query: Any, headers: Any) -> Answer:
        answer: Answer = upload_part_copy(bucket, key, query, headers)
        _keep_part(folder, answer, query)
        return answer

    def cleaning(end: Callable[..., Answer]) -> Callable[..., Answer]:
        def end_and_clean(bucket: str, key: str, *rest: Any) -> Answer:
            answer = end(bucket, key, *rest)
            upload_id = s3._qp(next(each for each in rest if isinstance(each, dict)), "uploadId")
            if answer[0] < 300 and upload_id not in s3._multipart_uploads:
                shutil.rmtree(folder / upload_id, ignore_errors=True)
            return answer

        return end_and_clean

    s3._upload_part, s3._upload_part_copy = part, part_copy
    s3._complete_multipart_upload, s3._abort_multipart_upload = cleaning(complete), cleaning(abort)


def _joining_in_files(folder: Path) -> Callable[..., Answer]:
    """Return CompleteMultipartUpload with the two expressions replaced that cannot be wrapped."""
    source = inspect.getsource(s3._complete_multipart_upload)
    for theirs, ours in _JOINING.items():
        if source.count(theirs) != 1:
            raise ValueError(f"ministack's CompleteMultipartUpload does not hold {theirs} once.")
        source = source.replace(theirs, ours)

    def joined_parts(upload_id: str, parts: list[StoredBytes]) -> StoredBytes:
        return joined(parts, folder / upload_id / "joined")

    s3._joined_parts = joined_parts
    exec(compile(source, s3.__file__, "exec"), s3.__dict__)
    complete: Callable[..., Answer] = s3._complete_multipart_upload
    return complete


def _keep_part(folder: Path, answer: Answer, query: Any) -> None:
    """Put a part where it belongs in the object, which all clients' parts of one size allow.

    The place is that of equal parts, by the size of the one that came first. A larger one (the
    first to come was the last, which may be short) gets a file of its own, and joining copies it.
    """
    if answer[0] != 200:
        return
    upload_id, number = s3._qp(query, "uploadId"), int(s3._qp(query, "partNumber"))
    upload = s3._multipart_uploads[upload_id]
    part = upload["parts"][number]
    own_file = folder / upload_id / str(number)
    own_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    body = part["body"]
    if not isinstance(body, StoredBytes):  # it came in chunks with signatures of their own
        own_file.write_bytes(body)
        body = StoredBytes(own_file)
    part_size = upload.setdefault("first_part_size", len(body))
    if len(body) <= part_size:
        whole, start = own_file.with_name("whole"), (number - 1) * part_size
        body.copy_to(whole, start)
        kept = StoredBytes(whole, start, len(body), digests={"MD5": body.md5()})
        own_file.unlink(missing_ok=True)
    else:
        body.place(own_file)
        kept = StoredBytes(own_file, digests={"MD5": body.md5()})
    part["body"] = kept
