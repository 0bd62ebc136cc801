"""Gap: the Cognito authorizer takes access tokens on methods that ask for no scope.

API Gateway takes what it gets there for an ID token, and answers 401 to an access token, which has
no e-mail address among its claims: a client that sends the wrong one must notice here.
"""

from __future__ import annotations

from typing import Any

from ministack.services import apigateway_v1 as gateway


def apply() -> None:
    """Refuse them after the token itself has been verified."""
    validate = gateway._validate_cognito_authorizer

    async def validate_kind(authorizer: Any, method: dict[str, Any], *request: Any) -> Any:
        claims, error = await validate(authorizer, method, *request)
        if (
            error is None
            and not method.get("authorizationScopes")
            and claims.get("token_use") != "id"
        ):
            return None, gateway._gw_error("UNAUTHORIZED", "Unauthorized")
        return claims, error

    gateway._validate_cognito_authorizer = validate_kind
