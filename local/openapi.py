"""`make openapi`: describes the API from the code that validates its requests.

Writes functions/openapi.json, which `api_docs.py` serves. A test fails when it is not up to date.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from local.state import ROOT

FUNCTIONS = ROOT / "functions"
DESCRIPTION = FUNCTIONS / "openapi.json"
VERSION = "1.0.0"
IDS = ("photoId", "eventId", "studentId")
"""Parameters of paths that are UUIDs."""
INTRODUCTION = """\
Photo uploads straight to S3: ask for a grant, send the file to the URL that it names, look at the
photo until it is `completed` or `failed`. Errors have a `code` for programs, which never changes,
and a `message` for people. What you may not see does not exist: 404."""

# Said by API Gateway before any function runs; template.yaml has their texts.
SIGN_IN_CODES = {401: ["TokenExpired", "Unauthorized"]}
GATEWAY_CODES = {429: ["Throttled"], 504: ["Timeout"]}
UNEXPECTED = {500: ["InternalError"]}
# Answered wherever two requests may change the same record.
CONTENTION = {503: ["Busy"]}
NAMES_OF_STATUS = {
    400: "A field is wrong",
    401: "Nobody is signed in",
    403: "Not allowed",
    404: "There is no such thing, or it is not yours to see",
    409: "Not in this state",
    413: "Too large",
    415: "Not JSON",
    429: "Too much at once: see Retry-After",
    500: "Our mistake",
    503: "Not at the moment: see Retry-After",
    504: "It took too long",
}


def main() -> None:
    """Write the description."""
    sys.path.insert(0, str(FUNCTIONS))
    _make_environment()
    DESCRIPTION.write_text(render())


def render() -> str:
    """Return the description as it is kept."""
    return json.dumps(describe(), indent=1, ensure_ascii=False) + "\n"


def describe() -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of every route of every function."""
    from photodrop.http.schemas.base import ErrorBody  # noqa: PLC0415 - once its folder is on the path

    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    schemas: dict[str, Any] = {"ErrorBody": ErrorBody.model_json_schema(by_alias=True)}
    for module in sorted(path.stem for path in FUNCTIONS.glob("*.py")):
        app = getattr(importlib.import_module(module), "app", None)
        if app is None:
            continue
        found = json.loads(app.get_openapi_json_schema(title="Photodrop", version=VERSION))
        schemas |= found.get("components", {}).get("schemas", {})
        functions = {
            (route.openapi_path, method.lower()): route.func
            for route in app._static_routes + app._dynamic_routes
            for method in ([route.method] if isinstance(route.method, str) else route.method)
        }
        for path, operations in found["paths"].items():
            for method, operation in operations.items():
                described = _operation(path, operation, functions[path, method])
                paths[_camel(path)][method] = described
                if getattr(app, "takes_upload_tokens", False):
                    paths[f"/u/{{token}}{_camel(path)}"][method] = _by_token(described)
    for unused in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        schemas.pop(unused, None)
    for schema in schemas.values():
        _drop_titles(schema)
    schemas["FailureReason"]["properties"]["code"]["enum"] = failure_codes()
    missing_codes = _codes_raised("_NoPosterError", "Reason")
    schemas["ThumbnailsMissing"]["properties"]["code"]["enum"] = missing_codes
    bodies = json.dumps([_requests(item) for item in paths.values()])
    for name in set(schemas) - set(re.findall(r"schemas/(\w+)", bodies)):
        schemas[name].pop("additionalProperties", None)  # answers may grow
    return {
        "openapi": "3.1.0",
        "info": {"title": "Photodrop", "version": VERSION, "description": INTRODUCTION},
        "servers": [{"url": "."}],  # this document lies at the API's root
        "security": [{"idToken": []}],
        "tags": [{"name": name} for name in ("Photos", "Uploads", "Events", "Students", "Docs")],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {
                "idToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A Cognito ID token",
                }
            },
            "schemas": dict(sorted(schemas.items())),
        },
    }


def failure_codes() -> list[str]:
    """Return every code that a photo can fail with, from the places that raise it."""
    return _codes_raised("ContentRejectedError", "Reason")


def _codes_raised(*makers: str) -> list[str]:
    """Return the codes that are the first argument of these, anywhere in the domain."""
    sources = "".join(path.read_text() for path in (FUNCTIONS / "photodrop").rglob("*.py"))
    pattern = rf'\b(?:{"|".join(makers)})\(\s*"([A-Z]\w+)"'
    return sorted(set(re.findall(pattern, sources)))


def _operation(path: str, operation: dict[str, Any], function: Any) -> dict[str, Any]:
    summary, _, rest = (function.__doc__ or "").strip().partition("\n\n")
    is_public = getattr(function, "is_public", False)
    responses = _good_answers(operation, function) | _errors(path, operation, function)
    described: dict[str, Any] = {
        "operationId": _camel(function.__name__),
        "summary": " ".join(summary.split()).rstrip("."),
        "tags": [_tag(path)],
    }
    if rest:
        described["description"] = " ".join(rest.split())
    if is_public:
        described["security"] = []
    if parameters := operation.get("parameters", []):
        described["parameters"] = [_parameter(parameter) for parameter in parameters]
    if "requestBody" in operation:
        described["requestBody"] = operation["requestBody"]
    return described | {"responses": dict(sorted(responses.items()))}


def _good_answers(operation: dict[str, Any], function: Any) -> dict[str, Any]:
    """Return what the route answers where all goes well, by status."""
    responses = {code: answer for code, answer in operation["responses"].items() if code != "422"}
    for answer in responses.values():
        _drop_titles(answer)
        if answer.get("content", {}).get("application/json", {}).get("schema") == {"type": "null"}:
            del answer["content"]
        answer["description"] = "Done"
    for status, shape in getattr(function, "answers", {}).items():
        schema = {"$ref": f"#/components/schemas/{shape.__name__}"}
        content = {"application/json": {"schema": schema}}
        responses[str(status)] = {"description": "Done", "content": content}
    if text_types := getattr(function, "text_types", ()):
        responses["200"]["content"] = {
            text_type: {
                "schema": {"type": "object" if text_type == "application/json" else "string"}
            }
            for text_type in text_types
        }
    if getattr(function, "is_public", False):  # caches may keep it
        responses["304"] = {"description": "Not changed since the answer that had this ETag"}
    return responses


def _errors(path: str, operation: dict[str, Any], function: Any) -> dict[str, Any]:
    """Return what the route, or the gateway before it, answers otherwise, by status."""
    is_public = getattr(function, "is_public", False)
    takes_input = operation.get("parameters") or operation.get("requestBody")
    codes = _codes(function, takes_input=bool(takes_input), is_public=is_public)
    if "requestBody" in operation:
        codes[415] = ["UnsupportedMediaType"]
        codes[413] = ["RequestTooLarge", *codes.get(413, [])]  # the gateway's word
    if "{" in path or is_public:
        # Some characters are in no id, and the deployment may have switched the docs off.
        codes[404] = ["RouteNotFound", *codes.get(404, [])]
    answers = {}
    for status, names in sorted(codes.items()):
        listed = ", ".join(f"`{name}`" for name in sorted(names))
        body = {"$ref": "#/components/schemas/ErrorBody"}
        answers[str(status)] = {
            "description": f"{NAMES_OF_STATUS[status]}: {listed}",
            "content": {
                "application/json": {
                    "schema": {"allOf": [body, {"properties": {"code": {"enum": sorted(names)}}}]}
                }
            },
        }
    return answers


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    _drop_titles(parameter)
    if parameter["in"] == "header":
        parameter["name"] = parameter["name"].title()
    if parameter["in"] == "path":
        parameter["name"] = _camel(parameter["name"])
        if parameter["name"] in IDS:
            parameter["schema"]["format"] = "uuid"
    return parameter


def _by_token(operation: dict[str, Any]) -> dict[str, Any]:
    """Describe an operation as it is with an upload token in the path instead of an ID token."""
    token = {
        "name": "token",
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "description": "An upload token: see POST /upload-tokens",
    }
    return operation | {
        "operationId": f"{operation['operationId']}ByToken",
        "summary": f"{operation['summary']}, by upload token",
        "security": [],
        "parameters": [token, *operation.get("parameters", [])],
    }


def _codes(function: Any, *, takes_input: bool, is_public: bool) -> dict[int, list[str]]:
    codes: dict[int, list[str]] = defaultdict(list)
    said = [GATEWAY_CODES, UNEXPECTED]
    said += [] if is_public else [SIGN_IN_CODES, CONTENTION]
    for group in said:
        for status, names in group.items():
            codes[status] += names
    if takes_input:
        codes[400].append("InvalidRequest")
    for error in getattr(function, "errors", ()):
        if error.code not in codes[error.status]:
            codes[error.status].append(error.code)
    return codes


def _requests(item: dict[str, Any]) -> list[Any]:
    return [operation.get("requestBody") for operation in item.values()]


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def _tag(path: str) -> str:
    if "students" in path:
        return "Students"
    if path.startswith(("/s3", "/upload")):
        return "Uploads"
    if path.startswith("/events"):
        return "Events"
    return "Photos" if path.startswith("/photos") else "Docs"


def _drop_titles(node: Any) -> None:
    """Remove the titles that pydantic makes of names: they say nothing more."""
    if isinstance(node, dict):
        if isinstance(node.get("title"), str):
            del node["title"]
        for value in node.values():
            _drop_titles(value)
    elif isinstance(node, list):
        for value in node:
            _drop_titles(value)


def _make_environment() -> None:
    """Give the functions' modules what they read while they are imported."""
    source = Path(FUNCTIONS / "photodrop" / "config.py").read_text()
    for number, name in enumerate(re.findall(r'env\["(\w+)"\]', source), 1):
        os.environ[name] = str(number)
    os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = "us-east-1"


if __name__ == "__main__":
    main()
