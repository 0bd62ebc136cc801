"""Gap: `x-amazon-apigateway-any-method` in an API body is ignored, so no ANY route exists."""

from __future__ import annotations

import json

from ministack.services import apigateway_v1 as gateway

from local.emulator import api_body


def apply() -> None:
    """Add the ANY methods once the rest is imported."""
    api_body.after_import(_add_any_methods)


def _add_any_methods(api_id: str, spec: api_body.Json) -> None:
    schemes = _security_schemes(api_id)
    for path, item in api_body.paths(spec):
        if api_body.ANY_METHOD in item:
            gateway._import_operation(
                api_id,
                api_body.resource_id(api_id, path),
                "ANY",
                item[api_body.ANY_METHOD],
                schemes,
                spec.get("security"),
            )


def _security_schemes(api_id: str) -> api_body.Json:
    """Scheme name to method authorization, from the authorizers the import has already made.

    Asking ministack's importer again would make each authorizer twice.
    """
    kinds = {"COGNITO_USER_POOLS": "COGNITO_USER_POOLS", "TOKEN": "CUSTOM", "REQUEST": "CUSTOM"}
    _status, _headers, body = gateway._get_authorizers(api_id, {})
    return {
        authorizer["name"]: {
            "authorizationType": kinds[authorizer["type"]],
            "authorizerId": authorizer["id"],
        }
        for authorizer in json.loads(body)["item"]
    }
