"""Hooks for the shims that need the OpenAPI body a REST API comes from: SAM writes all into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ministack.services import apigateway_v1 as gateway

Json = dict[str, Any]
Hook = Callable[[str, Json], None]
"""Called with the API's id and its document, once ministack has imported what it understands."""

ANY_METHOD = "x-amazon-apigateway-any-method"

_hooks: list[Hook] = []


@dataclass(frozen=True)
class Operation:
    """One method of one path: the document's part and the ministack resource it became."""

    path_item: Json
    document: Json
    method: str
    """As API Gateway spells it: GET ... or ANY."""
    resource_id: str
    stored: Json
    """ministack's method object; changing it changes the API."""


def after_import(hook: Hook) -> None:
    """Run `hook` after every import of an API body."""
    if not _hooks:
        original = gateway._import_rest_api

        def import_and_complete(spec: Json, base_data: Json | None = None) -> str:
            api_id: str = original(spec, base_data)
            for each in _hooks:
                each(api_id, spec)
            return api_id

        gateway._import_rest_api = import_and_complete
    _hooks.append(hook)


def resource_id(api_id: str, path: str) -> str:
    """Find the resource at `path`, by its id. Raises KeyError when the import made none."""
    for key, resource in gateway._resources.get(api_id, {}).items():
        if resource.get("path") == path:
            return str(key)
    raise KeyError(path)


def paths(spec: Json) -> Iterator[tuple[str, Json]]:
    """Every path and its item, the path spelt as ministack stores it (no trailing slash)."""
    for path, item in (spec.get("paths") or {}).items():
        yield "/" + path.strip("/"), item or {}


def operations(api_id: str, spec: Json) -> Iterator[Operation]:
    """Every operation of `spec` that ministack holds a method for."""
    for path, item in paths(spec):
        resource = resource_id(api_id, path)
        methods = gateway._resources[api_id][resource]["resourceMethods"]
        for name, document in item.items():
            method = "ANY" if name == ANY_METHOD else name.upper()
            if method in methods:
                yield Operation(item, document or {}, method, resource, methods[method])
