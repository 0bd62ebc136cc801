"""Who is calling, by the claims of their ID token."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from photodrop.config import settings
from photodrop.domain.callers import Caller


def caller_of(event: Mapping[str, Any]) -> Caller | None:
    """Return the caller of an API Gateway proxy event, or None when it names none.

    On AWS the Cognito authorizer has verified the token and put its claims into the event. `sam
    local start-api` has no Cognito authorizer. Only there, the claims are read from the token
    without verifying it: nobody but the developer who runs that server can reach it.
    """
    authorizer = event.get("requestContext", {}).get("authorizer") or {}
    claims = authorizer.get("claims")
    if claims is None and settings().is_sam_local:
        claims = _unverified_claims(event)
    if not claims or not claims.get("sub"):
        return None
    verified = str(claims.get("email_verified", "")).lower() == "true"
    email = str(claims["email"]).lower() if verified and claims.get("email") else None
    return Caller(str(claims["sub"]), email, _groups(claims.get("cognito:groups")))


def _groups(claim: Any) -> frozenset[str]:
    """Parse `cognito:groups`: a list in a token, "a,b" from AWS's authorizer, "[a b]" locally."""
    if isinstance(claim, str):
        claim = claim.strip("[]").replace(",", " ").split()
    return frozenset(claim or ())


def _unverified_claims(event: Mapping[str, Any]) -> dict[str, Any] | None:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    token = headers.get("authorization", "").removeprefix("Bearer ").strip()
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, binascii.Error, ValueError):
        return None
    return claims if isinstance(claims, dict) else None
