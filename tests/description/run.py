"""Running schemathesis against a stack, as somebody who may do everything."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import tools, users
from local.client import Client, Stack, User
from local.openapi import DESCRIPTION
from tests.support import pictures

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "ignored_auth",
)

KNOWN = 0.8
"""The share of requests that are about things that exist."""


@dataclass(frozen=True)
class Result:
    """How a run ended: what schemathesis printed, and how often each status was answered."""

    exit_code: int
    output: str
    statuses: Counter[int]


def run(stack: Stack, folder: Path, *, examples: int, phases: str, seed: int) -> Result:
    """Send what the description allows and what it does not, and check the answers."""
    configuration, report = folder / "schemathesis.toml", folder / "requests.ndjson"
    configuration.write_text(_configuration(stack))
    done = subprocess.run(
        [
            *(tools.program("schemathesis"), "--config-file", configuration, "run", DESCRIPTION),
            *("--url", stack.api_url, "--checks", ",".join(CHECKS), "--phases", phases),
            *("--max-examples", str(examples), "--seed", str(seed), "--request-timeout", "120"),
            *("--suppress-health-check", "all", "--no-color", "--continue-on-failure"),
            *("--report", "ndjson", "--report-ndjson-path", report),
        ],
        cwd=folder,
        env={**os.environ, "NO_PROXY": "*"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    with report.open() as lines:
        statuses = Counter(itertools.chain.from_iterable(_statuses(json.loads(x)) for x in lines))
    return Result(done.returncode, done.stdout + done.stderr, statuses)


def _statuses(event: Any) -> Iterator[int]:
    """Yield the status of every answer that an event of schemathesis tells of."""
    match event:
        case {"status_code": int(status)}:
            yield status
        case dict() | list():
            for part in event.values() if isinstance(event, dict) else event:
                yield from _statuses(part)


def _configuration(stack: Stack) -> str:
    """Return what schemathesis is told besides: a token, and ids of what there is."""
    user = User(f"fuzz-{uuid.uuid4()}@example.com", users.PASSWORD, ("organizers", "staff"))
    users.add(stack.aws("cognito-idp"), stack.user_pool_id, user)
    with Client(stack, user) as client:
        token = client.api.headers["Authorization"]
        kept, erased = _make_things(client), _make_things(client)
    lines = [f"headers = {{ Authorization = {json.dumps(token)} }}"]
    for name in kept:
        lines += [f"[dictionaries.{name}]", f"values = [{json.dumps(kept[name])}]"]
        lines += [f"[dictionaries.{name}Erased]", f"values = [{json.dumps(erased[name])}]"]
    lines += ["[parameters]", *_parameters(kept, "")]
    # What a request erases, no other one is about.
    lines += ["[[operations]]", 'include-method = "DELETE"', "[operations.parameters]"]
    return "\n".join([*lines, *_parameters(kept, "Erased"), ""])


def _parameters(names: Iterable[str], kind: str) -> Iterator[str]:
    places = [f"path.{name}" for name in names if name != "key"]
    for place in (*places, "query.key", "body.key", "body.uploadId"):
        dictionary = place.partition(".")[2] + kind
        yield f'"{place}" = {{ dictionary = "{dictionary}", probability = {KNOWN} }}'


def _make_things(client: Client) -> dict[str, str]:
    """Make one of each thing that requests are about. Returns their ids, by parameter."""

    def make(path: str, body: Any) -> Any:
        answer = client.api.post(path, json=body)
        answer.raise_for_status()
        return answer.json()

    content = pictures.jpeg()
    grant = client.initiate(fileName="a.jpg", contentType="image/jpeg", sizeBytes=len(content))
    client.send(grant["upload"], content).raise_for_status()
    client.wait(grant["photoId"])
    upload = make("/s3/multipart", {"filename": "a.jpg", "type": "image/jpeg", "metadata": {}})
    student = {"name": "Grace", "email": f"{uuid.uuid4()}@example.com", "course": "Compilers"}
    return {
        "photoId": grant["photoId"],
        "eventId": make("/events", {"name": "Party"})["eventId"],
        "studentId": make("/v2/students", student)["studentId"],
        "uploadId": upload["uploadId"],
        "key": upload["key"],
        "token": make("/upload-tokens", {})["token"],
    }
