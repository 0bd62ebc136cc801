"""Faults of the functions' calls of AWS."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import sts

from local.emulator.faults.plan import CALL, WRITE, Fault, Plan

Message = dict[str, Any]
Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/")
_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}
_TRANSACTION = "TransactWriteItems"

_log = logging.getLogger("photodrop.faults")


@dataclass(frozen=True)
class Call:
    """A call of AWS by a function: `operation` is its name, for S3 the method."""

    function: str
    service: str
    operation: str

    def __str__(self) -> str:
        return f"{self.function} {self.service} {self.operation}"


@dataclass(frozen=True)
class Answer:
    """An error as the service itself would answer it."""

    status: int
    content_type: str
    body: bytes


def apply(plan: Plan) -> None:
    """Put the faults before the whole application."""
    app.app = faulty(app.app, plan)


def faulty(application: Application, plan: Plan) -> Application:
    """Return `application` with faults in the calls that functions make."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        call = call_of(scope)
        if call is None:
            await application(scope, receive, send)
            return
        rates = WRITE if call.service == "dynamodb" and call.operation in _WRITES else CALL
        fault, wait = plan.next(str(call), rates)
        if fault is not None:
            _log.info("%s: %s", call, fault)
        match fault:
            case None:
                await application(scope, receive, send)
            case Fault.SLOW:
                await asyncio.sleep(wait)
                await application(scope, receive, send)
            case Fault.ANSWER_LOST:
                await application(scope, receive, _nowhere)
                await _send(send, error_of(call, Fault.UNAVAILABLE, b""))
            case Fault.CUT_BEFORE:
                await _cut(send)
            case Fault.CUT_AFTER:
                await application(scope, receive, _nowhere)
                await _cut(send)
            case Fault.SILENT_BEFORE:
                await _wait_for_the_end(receive)
            case Fault.SILENT_AFTER:
                await application(scope, receive, _nowhere)
                await _wait_for_the_end(receive)
            case Fault.KILLED_BEFORE:
                await asyncio.to_thread(_kill, call.function)
            case Fault.KILLED_AFTER:
                await application(scope, receive, _nowhere)
                await asyncio.to_thread(_kill, call.function)
            case _:
                await _send(send, error_of(call, fault, await _body(receive)))

    return answer


def call_of(scope: Scope) -> Call | None:
    """Return what a function asks of AWS; None for what others ask.

    A URL that a function has signed names its key in the query: whoever uses it is no function.
    """
    if scope["type"] != "http":
        return None
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    found = _CREDENTIAL.search(headers.get(b"authorization", ""))
    if not found:
        return None
    role = sts._sessions.get(found[1], {}).get("Arn", "")
    if ":assumed-role/" not in role:
        return None
    target = headers.get(b"x-amz-target", "").rpartition(".")[2]
    return Call(role.rpartition("/")[2], found[2], target or scope["method"])


def error_of(call: Call, fault: Fault, body: bytes) -> Answer:
    """Return how the service of `call` says this fault. `body` is what the function has sent."""
    if call.service == "s3":
        status, code = (503, "SlowDown") if fault is Fault.THROTTLED else (500, "InternalError")
        text = f"<Error><Code>{code}</Code><Message>A fault on demand.</Message></Error>"
        return Answer(status, "application/xml", text.encode())
    content: dict[str, Any] = {"message": "A fault on demand."}
    status = 400
    if fault is Fault.UNAVAILABLE:
        status, code = 500, "InternalServerError"
    elif fault is Fault.CONFLICT and call.operation == _TRANSACTION:
        code = "TransactionCanceledException"
        reasons = [{"Code": "None"} for _ in json.loads(body)["TransactItems"]]
        reasons[0] = {"Code": "TransactionConflict", "Message": "A fault on demand."}
        content["CancellationReasons"] = reasons
        content["message"] = f"[{', '.join(reason['Code'] for reason in reasons)}]"
    elif fault is Fault.CONFLICT:
        code = "TransactionConflictException"
    elif call.service == "dynamodb":
        code = "ProvisionedThroughputExceededException"
    elif call.service == "sqs":
        code = "RequestThrottled"
    else:
        status, code = 429, "TooManyRequestsException"
    content["__type"] = f"com.amazonaws.{call.service}#{code}"
    return Answer(status, "application/x-amz-json-1.0", json.dumps(content).encode())


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _nowhere(_message: Message) -> None:
    """Drop an answer."""


async def _cut(send: Send) -> None:
    """Begin an answer and break off: the server closes the connection."""
    headers = [(b"content-type", b"application/x-amz-json-1.0"), (b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})


async def _wait_for_the_end(receive: Receive) -> None:
    """Say nothing until the other side has closed the connection, or its process has ended."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, answer: Answer) -> None:
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _kill(function: str) -> None:
    """End the function's processes that are at work, as when the machine below them breaks."""
    with lambda_runtime._lock:
        workers = [
            worker
            for key, some in lambda_runtime._workers.items()
            for worker in some
            if function in key.split(":") and worker.in_use
        ]
    for worker in workers:
        if process := worker._proc:
            process.kill()
