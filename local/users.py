"""The demo users of a local stack."""

from __future__ import annotations

from typing import Any

from local.client import User

PASSWORD = "Photodrop-2026!"
"""The same for all, printed at start: it opens nothing but a stack on someone's own machine."""

DEMO_USERS = (
    User("ada@example.com", PASSWORD, ("organizers",)),
    User("grace@example.com", PASSWORD, ()),
    User("alan@example.com", PASSWORD, ()),
    User("staff@example.com", PASSWORD, ("staff",)),
)


def create(cognito: Any, user_pool_id: str) -> None:
    """Create the demo users; who exists stays as is."""
    for user in DEMO_USERS:
        add(cognito, user_pool_id, user)


def add(cognito: Any, user_pool_id: str, user: User) -> None:
    """Create a user, e-mail verified, password set for good; one that exists stays as is."""
    try:
        cognito.admin_create_user(
            UserPoolId=user_pool_id,
            Username=user.email,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": user.email},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
    except cognito.exceptions.UsernameExistsException:
        return
    cognito.admin_set_user_password(
        UserPoolId=user_pool_id, Username=user.email, Password=user.password, Permanent=True
    )
    for group in user.groups:
        cognito.admin_add_user_to_group(
            UserPoolId=user_pool_id, Username=user.email, GroupName=group
        )
