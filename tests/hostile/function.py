"""The functions that process files, in a process of their own that measures what they take.

`run` starts it, and sends a line of JSON for each file. It plays AWS for itself, with moto. So a
function is charged with more memory and processor time here than on AWS, never with less.
"""

from __future__ import annotations

import base64
import json
import math
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import tests.unit.conftest  # noqa: F401 - the names of tables, buckets and queues
from tests.hostile.limits import LIMITS, settings

os.environ |= settings()

import boto3

import process_upload
import process_video
import resize_thumbnails
from photodrop.aws.tables import Photo, Usage
from photodrop.imaging import images, video
from photodrop.imaging.sandbox import Sandbox
from tests.support import events, fake_aws, landing

FUNCTIONS: dict[str, tuple[str, Callable[..., Any], Sandbox | None]] = {
    "process_upload": ("ProcessUploadFunction", process_upload.handler, None),
    "thumbnails": ("ResizeThumbnailsFunction", resize_thumbnails.handler, images._sandbox),
    "videos": ("ProcessVideoFunction", process_video.handler, video._sandbox),
}
"""By the queue that they read: the function, its entry point, and where it decodes."""


class Children:
    """How the children of the sandboxes ended."""

    def __init__(self) -> None:
        self.cpu_seconds = 0.0
        self.memory_bytes = 0
        ask = Sandbox.status

        def status(sandbox: Sandbox, wait_seconds: float) -> tuple[int, float, int] | None:
            ended = ask(sandbox, wait_seconds)
            if ended:
                self.cpu_seconds += ended[1]
                self.memory_bytes = max(self.memory_bytes, ended[2] * 1024)
            return ended

        Sandbox.status = status  # type: ignore[method-assign]


def peak_memory(pid: int) -> int:
    """Return the most memory that a process has held since `begin_to_measure`, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) * 1024


def begin_to_measure() -> int:
    """Begin to measure this process's peak anew. Returns what it holds now, in bytes."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_memory(os.getpid())


AT_START = begin_to_measure()


def limit_time(cpu_seconds: float) -> None:
    """Have the kernel end this process when it takes more, as Lambda does at the Timeout."""
    used = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used + cpu_seconds), resource.RLIM_INFINITY))


def process(content: bytes, content_type: str, children: Children) -> dict[str, Any]:
    """Take a file from its upload to its end. Returns the end, and what each function took."""
    taken: dict[str, Any] = {}
    again: list[str] = []

    def call(queue: str, event: dict[str, Any]) -> None:
        function, handler, sandbox = FUNCTIONS[queue]
        children.cpu_seconds, children.memory_bytes = 0.0, 0
        held = begin_to_measure()
        limit_time(LIMITS[function].cpu_seconds)
        began, cpu = time.monotonic(), time.process_time()
        answer = handler(event, events.CONTEXT)
        process_id = sandbox and sandbox._process and sandbox._process.pid
        # Pages that the three share count three times: the real figure is lower. What moto holds
        # since it has started is not the function's.
        memory = AT_START + peak_memory(os.getpid()) - held + children.memory_bytes
        memory += peak_memory(process_id) if process_id else 0
        taken[function] = {
            "memoryBytes": memory,
            "cpuSeconds": time.process_time() - cpu + children.cpu_seconds,
            "seconds": time.monotonic() - began,
        }
        again.extend(failed["itemIdentifier"] for failed in answer["batchItemFailures"])

    photo = landing.make_pending(content, content_type)
    call("process_upload", events.landed(landing.put(photo.key, content)))
    for queue in ("thumbnails", "videos"):
        for body in received(queue):
            event = events.load(
                {"thumbnails": "resize_thumbnails", "videos": "process_video"}[queue]
            )
            event["Records"][0]["body"] = body
            call(queue, event)
    return outcome(landing.reload(photo)) | {
        "taken": taken,
        "again": again,
        "leftInTmp": [left.name for left in Path(tempfile.gettempdir()).iterdir()],
    }


def received(queue: str) -> list[str]:
    """Take everything from a queue; return the bodies."""
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [message["Body"] for message in found]


def outcome(photo: Photo) -> dict[str, Any]:
    """Return what became of a photo, with its thumbnails."""
    s3 = boto3.client("s3")
    base = photo.key.rpartition(".")[0]
    stored = {
        int(made.size): s3.get_object(
            Bucket="photodrop-thumbnails", Key=f"{base}/{int(made.size)}.webp"
        )["Body"].read()
        for made in photo.thumbnails or ()
    }
    return {
        "status": str(photo.status),
        "code": photo.failure and photo.failure.code,
        "message": photo.failure and photo.failure.message,
        "missing": photo.thumbnails_missing and photo.thumbnails_missing.code,
        "shown": [photo.width and int(photo.width), photo.height and int(photo.height)],
        "hasOriginal": landing.is_there(photo.key),
        "heldBytes": int(Usage.get("ada").held_bytes),
        "thumbnails": {str(size): base64.b64encode(data).decode() for size, data in stored.items()},
    }


def main() -> None:
    """Process the files that standard input names, until it ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the functions' own logs
    # One file is in /tmp at a time, so its size is what /tmp has to hold.
    tmp_bytes = min(limits.tmp_bytes for limits in LIMITS.values())
    resource.setrlimit(resource.RLIMIT_FSIZE, (tmp_bytes, tmp_bytes))
    children = Children()
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        content = Path(task["path"]).read_bytes()
        with ExitStack() as stack:
            stack.enter_context(fake_aws.stack())
            answer = process(content, task["contentType"], children)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
