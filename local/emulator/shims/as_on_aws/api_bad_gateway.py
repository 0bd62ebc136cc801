"""Gap: whatever a function returns or raises is turned into some response.

API Gateway accepts only `{statusCode, headers, multiValueHeaders, body, isBase64Encoded}` with a
string body, within Lambda's 6 MB. For anything else, and for a function that raises, the caller
gets 502 by the DEFAULT_5XX gateway response. A handler that would fail on AWS must fail here, and
with the headers a browser needs to see the status.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import apigateway_v1 as gateway

RESPONSE_LIMIT_BYTES = 6 * 1024 * 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html (synchronous payload)."""

_FIELDS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
_MESSAGE = "Internal server error"


class _BadGateway(gateway._GatewayError):  # type: ignore[misc]  # ministack has no type hints
    """DEFAULT_5XX has no status of its own: this one's is 502 unless the template overrides it."""


class _NotAProxyResponseError(Exception):
    """The function's result is none that API Gateway accepts."""


def apply() -> None:
    """Read responses as strictly as API Gateway, and answer 502 to the others."""
    invoke, render = gateway._invoke_lambda_proxy_v1, gateway._gateway_error_response

    async def invoke_strictly(*args: Any, **options: Any) -> Any:
        try:
            return await invoke(*args, **options)
        except _NotAProxyResponseError:
            return _BadGateway("DEFAULT_5XX", _MESSAGE)

    def render_with_status(
        error: Any, request: dict[str, Any]
    ) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = render(error, request)
        if isinstance(error, _BadGateway) and status == 500:
            status = 502
        return status, headers, body

    gateway._lambda_proxy_response = _proxy_response
    gateway._invoke_lambda_proxy_v1 = invoke_strictly
    gateway._gateway_error_response = render_with_status


def _proxy_response(result: dict[str, Any]) -> tuple[dict[str, Any], None]:
    """Read the function's result as API Gateway does. Raises _NotAProxyResponseError."""
    body: Any = result.get("body")
    if result.get("error") or result.get("throttle") or not _is_proxy_response(body):
        raise _NotAProxyResponseError
    return {**body, "statusCode": int(body["statusCode"])}, None


def _is_proxy_response(body: Any) -> bool:
    if (
        not isinstance(body, dict)
        or not set(body) <= _FIELDS
        or len(json.dumps(body)) > RESPONSE_LIMIT_BYTES
    ):
        return False
    try:
        int(body["statusCode"])
    except (KeyError, TypeError, ValueError):
        return False
    return (
        isinstance(body.get("body") or "", str)
        and isinstance(body.get("isBase64Encoded") or False, bool)
        and all(isinstance(body.get(name) or {}, dict) for name in ("headers", "multiValueHeaders"))
        and all(
            isinstance(value, (str, int, float, bool))
            for value in (body.get("headers") or {}).values()
        )
        and all(isinstance(value, list) for value in (body.get("multiValueHeaders") or {}).values())
    )
