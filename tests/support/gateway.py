"""API Gateway in process: finds the function of a route, and calls it as a proxy event."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from tests.support import events, template


@dataclass(frozen=True)
class Answer:
    """What a function answered, as a client gets it."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text) if self.text else None


@cache
def routes() -> dict[tuple[str, str], str]:
    """Return the module that answers each route of the template: by method and path."""
    return {
        (event["Properties"]["Method"], event["Properties"]["Path"]): function["Handler"].partition(
            "."
        )[0]
        for function in template.resources("AWS::Serverless::Function").values()
        for event in function.get("Events", {}).values()
        if event["Type"] == "Api" and event["Properties"]["Method"] != "any"
    }


def call(
    method: str,
    path: str,
    *,
    parameters: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
    claims: Mapping[str, str] | None = None,
) -> Answer:
    """Send a request to the route `path` ("/photos/{photoId}") with these path `parameters`.

    `claims` None: nobody is signed in.
    """
    parameters, query, headers = dict(parameters or {}), dict(query or {}), dict(headers or {})
    filled = path
    for name, value in parameters.items():
        filled = filled.replace(f"{{{name}}}", value)
    event = events.load("list_photos") | {
        "resource": path,
        "path": filled,
        "httpMethod": method.upper(),
        "pathParameters": parameters or None,
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
        "headers": headers or None,
        "multiValueHeaders": {name: [value] for name, value in headers.items()} or None,
        "body": body,
    }
    event["requestContext"]["authorizer"] = {"claims": dict(claims)} if claims else None
    handler = import_module(routes()[method.lower(), path]).handler
    answer = handler(event, events.CONTEXT)
    # What Lambda does with it: an answer that is not UTF-8 is an error of ours.
    answer = json.loads(json.dumps(answer, ensure_ascii=False).encode())
    return Answer(
        answer["statusCode"],
        {name.lower(): values[-1] for name, values in answer["multiValueHeaders"].items()},
        answer["body"],
    )
