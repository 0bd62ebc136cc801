"""What a run of the tests did here, for tests/whole_run to check when it ends.

The environment variable PHOTODROP_RECORDING names a folder, in which each emulator writes a file of
its own, a JSON object in each line. Without the variable nothing is recorded.

- `use`: which statements of a function's role allowed what was asked of AWS, in its name or by a
  URL or form that it signed. `refused` instead: no statement did.
- `log`: a line that a function wrote to its log.
- `private`: what a request of the API said that no log may hold.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from ministack import app
from ministack.core import iam_evaluator, lambda_runtime

from local.emulator.settings import RECORDING

Message = dict[str, Any]
Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_API = "/_aws/execute-api/"
_PRIVATE_FIELDS = {
    "course",
    "description",
    "email",
    "fileName",
    "filename",
    "name",
    "reason",
    "tag",
    "tags",
    "title",
}
_PRIVATE_PATHS = re.compile(r"/(?:u|attendees)/([^/]+)")
"""An upload token, or an e-mail address."""

_by_resource: ContextVar[bool] = ContextVar("by_resource", default=False)
"""Whether the policy of a bucket or a queue is evaluated, which names no role here."""

_decisions: ContextVar[list[dict[str, Any]] | None] = ContextVar("decisions", default=None)
"""What was decided about the request under way."""


def apply() -> None:
    """Record into the folder that the environment names, if it names one."""
    # Functions inherit the environment, and have no use for it.
    folder = os.environ.pop(RECORDING, None)
    if folder is None:
        return
    port = os.environ["GATEWAY_PORT"]
    recording = Recording(Path(folder) / f"{port}-{os.getpid()}.jsonl", int(port))
    _record_decisions(recording)
    _record_logs(recording)
    app.app = _recorded(app.app, recording)


class Recording:
    """A file of JSON lines."""

    def __init__(self, path: Path, port: int) -> None:
        # Without a buffer of its own the file is whole in every process that saves the state.
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._port = port

    def write(self, kind: str, **content: Any) -> None:
        """Add one line, with the time and with the port that tells the stacks apart."""
        line = {"kind": kind, "time": time.time(), "port": self._port, **content}
        os.write(self._file, json.dumps(line).encode() + b"\n")


def _record_decisions(recording: Recording) -> None:
    """Record what roles allow and refuse.

    What a queue hands to a function is decided outside of any request.
    """
    evaluate = iam_evaluator.evaluate
    evaluate_resource_policy = iam_evaluator.evaluate_resource_policy

    def evaluate_and_record(context: Any, policies: Any, *limits: Any) -> Any:
        result = evaluate(context, policies, *limits)
        if ":assumed-role/" in context.principal_arn and not _by_resource.get():
            decision = {
                "role": context.principal_arn.split("/")[1],
                "action": context.action,
                "allowed_by": _allowed_by(context, policies),
            }
            if result.decision != "Allow":
                decision["resource"] = context.resource_arn
            decisions = _decisions.get()
            if decisions is None:
                _write_decisions(recording, [decision], 200, by_link=False)
            else:
                decisions.append(decision)
        return result

    def evaluate_resource_policy_alone(*arguments: Any, **options: Any) -> Any:
        token = _by_resource.set(True)
        try:
            return evaluate_resource_policy(*arguments, **options)
        finally:
            _by_resource.reset(token)

    iam_evaluator.evaluate = evaluate_and_record
    iam_evaluator.evaluate_resource_policy = evaluate_resource_policy_alone


def _allowed_by(context: Any, policies: Any) -> list[str]:
    """Return the resource of each statement that allows it, as the policy names it."""
    return [
        pattern
        for policy in policies
        for statement in policy
        if statement.effect == "Allow"
        and iam_evaluator._action_matches(context.action, statement.actions, statement.not_actions)
        for pattern in statement.resources
        if iam_evaluator.fnmatch_iam_cs(context.resource_arn, pattern)
    ]


def _write_decisions(
    recording: Recording, decisions: list[dict[str, Any]], status: int, *, by_link: bool
) -> None:
    """Write what was decided about one request, now that its answer is known.

    S3 checks a URL's signature after the policies: what was refused in spite of them used nothing.
    """
    refused = [decision for decision in decisions if "resource" in decision]
    for decision in refused:
        recording.write("refused", by_link=by_link, **decision)
    if not refused and status != 403:
        for decision in decisions:
            recording.write("use", by_link=by_link, **decision)


def _record_logs(recording: Recording) -> None:
    """Record each line when it leaves the function: some come after the answer, or before a kill.

    An error that a function raises is no line of its own here, but one of Lambda's log.
    """
    invoke = lambda_runtime.Worker.invoke

    def read(worker: Any) -> None:
        for line in worker._proc.stderr:
            recording.write("log", function=worker.func_name, line=line.rstrip("\n"))
            worker._stderr_queue.put(line.rstrip("\n"))

    def invoke_and_record(worker: Any, *arguments: Any, **options: Any) -> Any:
        response = invoke(worker, *arguments, **options)
        for name in ("error", "trace"):
            for line in str(response.get(name, "")).splitlines():
                recording.write("log", function=worker.func_name, line=line)
        return response

    lambda_runtime.Worker._read_stderr = read
    lambda_runtime.Worker.invoke = invoke_and_record


def _recorded(application: Any, recording: Recording) -> Any:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        decisions: list[dict[str, Any]] = []
        _decisions.set(decisions)
        by_link = not any(name.lower() == b"authorization" for name, _ in scope["headers"])
        body = bytearray()
        is_api = scope["path"].startswith(_API)

        async def receive_and_keep() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def send_and_record(message: Message) -> None:
            if message["type"] == "http.response.start" and decisions:
                _write_decisions(recording, decisions, message["status"], by_link=by_link)
                decisions.clear()
            await send(message)

        await application(scope, receive_and_keep if is_api else receive, send_and_record)
        if is_api and (texts := sorted(set(private_texts(scope, bytes(body))))):
            recording.write("private", texts=texts)

    return serve


def private_texts(scope: Scope, body: bytes) -> Iterator[str]:
    """Find what a request of the API says that no log may hold."""
    for found in _PRIVATE_PATHS.findall(scope["path"]):
        yield unquote(found)
    for name, value in parse_qsl(scope["query_string"].decode("latin-1")):
        if name.removeprefix("metadata[").removesuffix("]") in _PRIVATE_FIELDS:
            yield value
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return
    is_signing = scope["path"].endswith("/s3/sign") and isinstance(content, dict)
    if is_signing and "uploadId" not in content:  # it has not begun: the key is a file name
        yield str(content.get("key"))
    yield from _private_values(content)


def _private_values(content: Any, *, is_private: bool = False) -> Iterator[str]:
    match content:
        case dict():
            for name, value in content.items():
                yield from _private_values(value, is_private=is_private or name in _PRIVATE_FIELDS)
        case list():
            for value in content:
                yield from _private_values(value, is_private=is_private)
        case str() if is_private:
            yield content
