"""Gap: `x-amazon-apigateway-gateway-responses` in an API body is ignored.

Without it the gateway's own errors (401, 403, 404, 429, 5xx) come without our body and without CORS
headers, and a browser shows every one of them as a CORS failure.
"""

from __future__ import annotations

from ministack.services import apigateway_v1 as gateway

from local.emulator import api_body


def apply() -> None:
    """Store them once the API is imported."""
    api_body.after_import(_put_gateway_responses)


def _put_gateway_responses(api_id: str, spec: api_body.Json) -> None:
    for response_type, response in (
        spec.get("x-amazon-apigateway-gateway-responses") or {}
    ).items():
        status, _headers, body = gateway._put_gateway_response(api_id, response_type, response)
        if status >= 400:  # AWS refuses the API, so the deploy must fail here too
            raise ValueError(f"Gateway response {response_type} refused: {body!r}")
