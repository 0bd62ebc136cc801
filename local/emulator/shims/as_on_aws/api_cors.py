"""Gap: of an integration in an API body only type, method and URI are kept.

SAM's CORS preflight is an OPTIONS method with a mock integration whose answer is all in
`responses`: without them the browser's preflight gets an empty 200 and every call is blocked.
"""

from __future__ import annotations

from ministack.services import apigateway_v1 as gateway

from local.emulator import api_body

_KEPT_AS_THEY_ARE = (
    "credentials",
    "requestParameters",
    "requestTemplates",
    "contentHandling",
    "timeoutInMillis",
)


def apply() -> None:
    """Complete every integration once it is imported."""
    api_body.after_import(_complete_integrations)


def _complete_integrations(api_id: str, spec: api_body.Json) -> None:
    for operation in api_body.operations(api_id, spec):
        declared = operation.document.get("x-amazon-apigateway-integration")
        stored = operation.stored.get("methodIntegration")
        if not declared or not stored:
            continue
        stored.update(
            {name: declared[name] for name in _KEPT_AS_THEY_ARE if declared.get(name) is not None}
        )
        if declared.get("passthroughBehavior"):
            stored["passthroughBehavior"] = str(declared["passthroughBehavior"]).upper()
        for code, response in (operation.document.get("responses") or {}).items():
            headers = {
                f"method.response.header.{name}": False
                for name in (response or {}).get("headers") or {}
            }
            gateway._put_method_response(
                api_id,
                operation.resource_id,
                operation.method,
                str(code),
                {"responseParameters": headers},
            )
        for pattern, response in (declared.get("responses") or {}).items():
            gateway._put_integration_response(
                api_id,
                operation.resource_id,
                operation.method,
                str(response.get("statusCode", "200")),
                {
                    "selectionPattern": "" if pattern == "default" else pattern,
                    "responseParameters": response.get("responseParameters") or {},
                    "responseTemplates": response.get("responseTemplates") or {},
                    "contentHandling": response.get("contentHandling"),
                },
            )
