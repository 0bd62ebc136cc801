"""Holds real requests and answers to the API's description."""

import json
import re
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from local.openapi import DESCRIPTION

_DOCUMENT = json.loads(DESCRIPTION.read_text())
_ROUTES = [
    (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), item)
    for path, item in sorted(_DOCUMENT["paths"].items(), key=lambda route: "{" in route[0])
]


def check(answer: httpx.Response) -> None:
    """Raise AssertionError unless the description knows this answer, and the body that it took."""
    path = re.sub(r".*/_aws/execute-api/[^/]+/[^/]+", "", answer.request.url.path)
    operation = _operation(path, answer.request.method.lower())
    if operation is None:
        return
    what = f"{answer.request.method} {path} answered {answer.status_code}"
    described = operation["responses"].get(str(answer.status_code))
    assert described is not None, f"{what}, which is not described"
    answer.read()
    if answer.is_success and "requestBody" in operation:
        taken = _wrong(operation["requestBody"], json.loads(answer.request.content))
        assert not taken, f"{what} to a body that is not described: {taken}"
    if "application/json" in described.get("content", {}):
        wrong = _wrong(described, answer.json())
        assert not wrong, f"{what}: {wrong}"


def _wrong(described: Any, body: Any) -> list[str]:
    schema = described["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**schema, "components": _DOCUMENT["components"]})
    return [error.message for error in validator.iter_errors(body)]


def _operation(path: str, method: str) -> Any:
    for route, item in _ROUTES:
        if route.fullmatch(path):
            return item.get(method)
    return None
