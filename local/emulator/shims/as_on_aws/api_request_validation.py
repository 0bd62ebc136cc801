"""Gap: validators, required parameters and models in an API body are ignored: all passes."""

from __future__ import annotations

import json
from typing import Any

from ministack.services import apigateway_v1 as gateway

from local.emulator import api_body

_VALIDATOR = "x-amazon-apigateway-request-validator"
_LOCATIONS = {"query": "querystring", "header": "header", "path": "path"}


def apply() -> None:
    """Add models, validators and parameters once the API is imported."""
    api_body.after_import(_add_validation)


def _add_validation(api_id: str, spec: api_body.Json) -> None:
    schemas = {
        **(spec.get("definitions") or {}),
        **((spec.get("components") or {}).get("schemas") or {}),
    }
    for name, schema in schemas.items():
        gateway._create_model(api_id, {"name": name, "schema": json.dumps(schema)})
    validators: dict[str, str] = {}
    for name, settings in (spec.get("x-amazon-apigateway-request-validators") or {}).items():
        _status, _headers, body = gateway._create_request_validator(
            api_id, {"name": name, **settings}
        )
        validators[name] = json.loads(body)["id"]
    for operation in api_body.operations(api_id, spec):
        wanted = operation.document.get(_VALIDATOR, spec.get(_VALIDATOR))
        operation.stored["requestValidatorId"] = validators.get(wanted) if wanted else None
        operation.stored["requestParameters"] = _required_parameters(spec, operation)
        operation.stored["requestModels"] = _body_models(spec, operation)


def _parameters(spec: api_body.Json, operation: api_body.Operation) -> list[api_body.Json]:
    declared = [
        *(operation.path_item.get("parameters") or []),
        *(operation.document.get("parameters") or []),
    ]
    return [_dereference(spec, parameter) for parameter in declared]


def _required_parameters(spec: api_body.Json, operation: api_body.Operation) -> dict[str, bool]:
    """`method.request.querystring.limit` and the like, to whether the request must carry it."""
    return {
        f"method.request.{_LOCATIONS[parameter['in']]}.{parameter['name']}": bool(
            parameter.get("required")
        )
        for parameter in _parameters(spec, operation)
        if parameter.get("in") in _LOCATIONS
    }


def _body_models(spec: api_body.Json, operation: api_body.Operation) -> dict[str, str]:
    """Content type to model name: Swagger 2.0's body parameter and OpenAPI 3's requestBody."""
    models: dict[str, str] = {}
    for parameter in _parameters(spec, operation):
        if parameter.get("in") == "body":
            models["application/json"] = _model_name(parameter.get("schema") or {})
    content = (operation.document.get("requestBody") or {}).get("content") or {}
    for content_type, media in content.items():
        models[content_type] = _model_name(media.get("schema") or {})
    return {content_type: name for content_type, name in models.items() if name}


def _model_name(schema: api_body.Json) -> str:
    return str(schema.get("$ref", "")).rsplit("/", 1)[-1]


def _dereference(spec: api_body.Json, parameter: Any) -> api_body.Json:
    """Return the parameter, or what its `$ref` points at in `spec` (empty when nowhere)."""
    if not isinstance(parameter, dict):
        return {}
    found: Any = parameter
    if "$ref" in parameter:
        found = spec
        for part in str(parameter["$ref"]).lstrip("#/").split("/"):
            found = found.get(part, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}
