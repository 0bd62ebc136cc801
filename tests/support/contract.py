"""Holds real answers to the API's description."""

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
    """Raise AssertionError unless this answer of the API is one that the description knows."""
    path = re.sub(r".*/_aws/execute-api/[^/]+/[^/]+", "", answer.request.url.path)
    operation = _operation(path, answer.request.method.lower())
    if operation is None:
        return
    what = f"{answer.request.method} {path} answered {answer.status_code}"
    described = operation["responses"].get(str(answer.status_code))
    assert described is not None, f"{what}, which is not described"
    answer.read()
    content = described.get("content", {}).get("application/json")
    if content is None:
        return
    schema = {**content["schema"], "components": _DOCUMENT["components"]}
    wrong = [error.message for error in Draft202012Validator(schema).iter_errors(answer.json())]
    assert not wrong, f"{what}: {wrong}"


def _operation(path: str, method: str) -> Any:
    for route, item in _ROUTES:
        if route.fullmatch(path):
            return item.get(method)
    return None
