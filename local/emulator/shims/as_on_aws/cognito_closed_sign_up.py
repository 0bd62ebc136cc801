"""Gap: a pool in which only administrators create users lets anybody sign up all the same."""

from __future__ import annotations

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cognito


def apply() -> None:
    """Refuse a sign-up as Cognito does where AllowAdminCreateUserOnly is set."""
    sign_up = cognito._sign_up

    def sign_up_where_open(data: dict[str, Any]) -> Any:
        client = data.get("ClientId")
        for pool in cognito._user_pools.values():
            if client in pool["_clients"] and _is_closed(pool):
                return error_response_json(
                    "NotAuthorizedException", "SignUp is not permitted for this user pool", 400
                )
        return sign_up(data)

    cognito._sign_up = sign_up_where_open


def _is_closed(pool: dict[str, Any]) -> bool:
    settings = pool.get("AdminCreateUserConfig") or {}
    # From a template it may arrive as text.
    return str(settings.get("AllowAdminCreateUserOnly")).lower() == "true"
