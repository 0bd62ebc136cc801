"""What a killed emulator still knows, and what objects cost it.

Each test runs with the shims and without them: see tests/local/gaps.py.
"""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from ministack.core import persistence

from local.emulator.shims.for_one_machine import state_saved_often
from tests.local.gaps import shimmed, stack, stock
from tests.local.small_stack import SIGNATURE_V4, SmallStack, eventually, send, worked_off

__all__ = ["shimmed", "stack", "stock"]

MIB = 1024 * 1024
BLOCK = os.urandom(MIB)


def kill_and_start(stack: SmallStack) -> None:
    """End the emulator as nothing can prepare for, and start it again."""
    assert stack.emulator.pid is not None
    os.kill(stack.emulator.pid, signal.SIGKILL)
    stack.emulator.wait()
    stack.emulator.stop()
    stack.emulator.start()


def test_state_saved_often_outlives_a_kill(stack: SmallStack) -> None:
    table, file = stack.outputs["Table"], stack.emulator.state_dir / "dynamodb.json"
    for number in range(100):
        stack.client("dynamodb").put_item(
            TableName=table, Item={"id": {"S": f"killed-{number}"}, "body": {"S": f"row {number}"}}
        )
    eventually(lambda: file.exists() and "killed-99" in file.read_text(), stack.patience)

    kill_and_start(stack)

    assert {f"row {number}" for number in range(100)} <= set(worked_off(stack))
    assert stack.call("GET", "/public").status == 200  # functions, API and permissions, too


def test_state_saved_often_leaves_files_alone_that_would_stay_the_same(
    shimmed: SmallStack,
) -> None:
    folder, table = shimmed.emulator.state_dir, shimmed.outputs["Table"]
    tables, functions = folder / "dynamodb.json", folder / "lambda.json"

    def put(name: str) -> None:
        item = {"id": {"S": name}, "body": {"S": "{}"}}
        shimmed.client("dynamodb").put_item(TableName=table, Item=item)
        eventually(lambda: tables.exists() and name in tables.read_text())

    put("first")
    eventually(functions.exists)
    before = functions.stat().st_mtime_ns, tables.stat().st_mtime_ns
    put("second")

    assert functions.stat().st_mtime_ns == before[0]
    assert tables.stat().st_mtime_ns > before[1]


def test_a_save_that_is_cut_off_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persistence, "STATE_DIR", str(tmp_path))
    (tmp_path / "tmp").mkdir()
    states: dict[str, Callable[[], Any]] = {"dynamodb": lambda: 1, "sqs": lambda: 2}
    state_saved_often.write(states)
    before = {file.name: file.read_bytes() for file in tmp_path.glob("*.json")}
    assert set(before) == {"dynamodb.json", "sqs.json"}

    def cut_off() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        state_saved_often.write({"dynamodb": lambda: 3, "sqs": cut_off})

    assert {file.name: file.read_bytes() for file in tmp_path.glob("*.json")} == before


# ------------------------------------------------------------------ objects


def s3_of(stack: SmallStack) -> Any:
    return stack.client("s3", config=SIGNATURE_V4)


def memory(stack: SmallStack) -> int:
    """The emulator's resident memory, in MiB."""
    command = ["ps", "-o", "rss=", "-p", str(stack.emulator.pid)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) // 1024


def blocks(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield BLOCK


def put(url: str, mebibytes: int) -> str:
    """Send so many bytes, without holding them here either. Returns the ETag."""
    headers = {"Content-Length": str(mebibytes * MIB)}
    answer = httpx.put(url, content=blocks(mebibytes), headers=headers, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.headers["etag"]


def test_objects_on_disk_cost_no_memory(stack: SmallStack) -> None:
    s3, where = s3_of(stack), {"Bucket": stack.outputs["Bucket"], "Key": "uploads/large.bin"}
    before = memory(stack)

    # Three versions: by one request, in parts, and a copy of that one.
    put(s3.generate_presigned_url("put_object", where), 128)
    upload = {**where, "UploadId": s3.create_multipart_upload(**where)["UploadId"]}
    parts = []
    for number in range(1, 17):
        part = {**upload, "PartNumber": number}
        etag = put(s3.generate_presigned_url("upload_part", part), 16)
        parts.append({"PartNumber": number, "ETag": etag})
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    s3.copy_object(**where, CopySource=where)
    with httpx.stream("GET", s3.generate_presigned_url("get_object", where)) as answer:
        received = sum(len(chunk) for chunk in answer.iter_bytes())

    assert received == 256 * MIB
    assert memory(stack) - before < 60


def test_objects_are_what_was_sent(shimmed: SmallStack) -> None:
    s3, where = s3_of(shimmed), {"Bucket": shimmed.outputs["Bucket"], "Key": "uploads/same.bin"}
    body = os.urandom(3 * MIB + 7)
    sha256 = base64.b64encode(hashlib.sha256(body).digest()).decode()

    first = s3.put_object(**where, Body=body, ChecksumSHA256=sha256)
    s3.put_object(**where, Body=b"", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
    second = s3.put_object(**where, Body=b"second")
    s3.copy_object(**where, CopySource={**where, "VersionId": first["VersionId"]})
    s3.copy_object(**where, CopySource=where, StorageClass="STANDARD_IA")

    assert s3.get_object(**where)["Body"].read() == body
    assert s3.get_object(**where, VersionId=second["VersionId"])["Body"].read() == b"second"
    middle = s3.get_object(**where, VersionId=first["VersionId"], Range="bytes=1048570-1048585")
    assert middle["Body"].read() == body[1048570:1048586]
    assert first["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert s3.head_object(**where, ChecksumMode="ENABLED")["ChecksumSHA256"] == sha256
    s3.delete_object(**where, VersionId=s3.head_object(**where)["VersionId"])
    assert s3.get_object(**where)["Body"].read() == body
    for refused in ({"ChecksumSHA256": sha256}, {"ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}):
        with pytest.raises(s3.exceptions.ClientError, match="BadDigest"):
            s3.put_object(**where, Body=b"other", **refused)
    assert s3.get_object(**where)["Body"].read() == body


@pytest.mark.parametrize(
    "order",
    [
        [(1, 5), (2, 5), (3, 2)],
        [(3, 2), (1, 5), (2, 5)],
        [(2, 5), (1, 5), (2, 3), (1, 2), (3, 1)],
        [(4, 1), (9, 3)],
    ],
    ids=["in order", "last part first", "sent again, shorter", "with gaps"],
)
def test_parts_make_the_object_in_whatever_order_they_come(
    shimmed: SmallStack, order: list[tuple[int, int]]
) -> None:
    s3, where = s3_of(shimmed), {"Bucket": shimmed.outputs["Bucket"], "Key": "uploads/parts.bin"}
    upload = {
        **where,
        "UploadId": s3.create_multipart_upload(**where, ChecksumAlgorithm="SHA256")["UploadId"],
    }
    sent: dict[int, tuple[bytes, str]] = {}
    for number, kibibytes in order:
        body = os.urandom(kibibytes * 1024)
        answer = s3.upload_part(**upload, PartNumber=number, Body=body)
        assert answer["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(body).digest()).decode()
        sent[number] = body, answer["ETag"]
    parts = [{"PartNumber": number, "ETag": sent[number][1]} for number in sorted(sent)]
    completed = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    whole = b"".join(sent[number][0] for number in sorted(sent))
    digests = b"".join(hashlib.md5(sent[number][0]).digest() for number in sorted(sent))
    assert s3.get_object(**where)["Body"].read() == whole
    assert completed["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-{len(sent)}"'
    assert not (shimmed.emulator.state_dir / "parts" / upload["UploadId"]).exists()


def test_s3_uploads_persist_and_go_on_after_a_kill(stack: SmallStack) -> None:
    s3, where = s3_of(stack), {"Bucket": stack.outputs["Bucket"], "Key": "uploads/resumed.bin"}
    s3.put_object(**where, Body=b"before")
    upload = {**where, "UploadId": s3.create_multipart_upload(**where)["UploadId"]}
    first = s3.upload_part(**upload, PartNumber=1, Body=BLOCK)["ETag"]
    file = stack.emulator.state_dir / "s3.json"
    eventually(lambda: file.exists() and first.strip('"') in file.read_text(), seconds=15)

    kill_and_start(stack)

    assert s3.get_object(**where)["Body"].read() == b"before"
    listed = s3.list_parts(**upload)["Parts"]
    second = s3.upload_part(**upload, PartNumber=2, Body=b"end")["ETag"]
    parts = [{"PartNumber": 1, "ETag": listed[0]["ETag"]}, {"PartNumber": 2, "ETag": second}]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(**where)["Body"].read() == BLOCK + b"end"


def test_a_form_that_is_refused_leaves_nothing_behind(shimmed: SmallStack) -> None:
    bucket = f"{shimmed.emulator.endpoint_url}/{shimmed.outputs['Bucket']}"
    for answer in (
        httpx.post(bucket, files={"file": ("x", b"unsigned")}, data={"key": "uploads/x"}),
        httpx.post(bucket, content=b"no form", headers={"Content-Type": "multipart/form-data"}),
        httpx.put(f"{bucket}/uploads/unsigned", content=b"x"),
    ):
        assert answer.status_code in (400, 403)

    temporary = shimmed.emulator.state_dir / "tmp"
    eventually(lambda: not list(temporary.glob("upload-*")))
    assert send("GET", bucket).status == 403
