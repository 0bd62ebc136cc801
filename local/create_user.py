"""`make user EMAIL=ada@example.com GROUP=organizers`: create a user, or add one to a group.

Cognito sends a new user an e-mail with a temporary password, which is replaced at the first sign-in
and holds for seven days. With `ENV=local` no e-mail is sent: the password is printed.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local import aws_stack
from local.terminal import fail, say

GROUPS = ("organizers", "staff")


def main() -> int:
    """Create or promote the user. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make user", description=__doc__)
    aws_stack.add_arguments(parser)
    parser.add_argument("email")
    parser.add_argument("group", nargs="?", choices=GROUPS, help="without it, an ordinary user")
    options = parser.parse_args()
    try:
        session = aws_stack.session_of(options)
        name = aws_stack.name_of(options)
        stack = aws_stack.read(session.client("cloudformation"), name)
        if stack is None:
            fail(f"There is no stack {name} in this account and region.")
            return 1
        cognito, pool = session.client("cognito-idp"), stack.outputs["UserPoolId"]
        is_local = options.environment == aws_stack.LOCAL
        say(f"  {create(cognito, pool, options.email, is_local=is_local)}")
        if options.group:
            add_to_group(cognito, pool, options.email, options.group)
            say(f"  {options.email} is in the group {options.group}, from the next sign-in on.")
    except (BotoCoreError, ClientError, FileNotFoundError) as error:
        fail(str(error))
        return 1
    return 0


def create(cognito: Any, pool: str, email: str, *, is_local: bool) -> str:
    """Create the user unless there is one, and say what came of it."""
    password = f"{secrets.token_urlsafe(12)}-Aa1"
    delivery: dict[str, Any] = (
        {"MessageAction": "SUPPRESS", "TemporaryPassword": password}
        if is_local
        else {"DesiredDeliveryMediums": ["EMAIL"]}
    )
    try:
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=email,
            UserAttributes=[
                {"Name": "email", "Value": email},
                {"Name": "email_verified", "Value": "true"},
            ],
            **delivery,
        )
    except cognito.exceptions.UsernameExistsException:
        return f"There is a user {email} already."
    if is_local:
        return f"Created {email}. The temporary password is {password}"
    return f"Created {email}. Cognito has sent an e-mail with a temporary password."


def add_to_group(cognito: Any, pool: str, email: str, group: str) -> None:
    """Add the user to the group; who is in it stays."""
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=group)


if __name__ == "__main__":
    sys.exit(main())
