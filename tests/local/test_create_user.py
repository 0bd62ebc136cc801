"""`make user`: the first organizer and the first of the staff, whom nobody else can appoint."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from local import users
from local.client import Client, Stack, User
from local.state import ROOT

PASSWORD = "Photodrop-2027!"

MakeUser = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def make_user(stack: Stack, tmp_path: Path) -> MakeUser:
    stack_file = tmp_path / "stack.json"
    stack_file.write_text(json.dumps(stack.to_json()))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "local.create_user", "--environment", "local", *arguments],
            cwd=ROOT,
            env={**os.environ, "PHOTODROP_STACK": str(stack_file)},
            check=False,
            capture_output=True,
            text=True,
        )

    return run


def test_a_created_organizer_chooses_a_password_and_creates_an_event(
    stack: Stack, make_user: MakeUser
) -> None:
    email = f"{uuid4().hex[:8]}@example.com"

    made = make_user(email, "organizers")

    assert made.returncode == 0, made.stderr
    found = re.search(r"temporary password is (\S+)", made.stdout)
    assert found
    cognito = stack.aws("cognito-idp")
    challenge = cognito.initiate_auth(
        ClientId=stack.user_pool_client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": found[1]},
    )
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    cognito.respond_to_auth_challenge(
        ClientId=stack.user_pool_client_id,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": email, "NEW_PASSWORD": PASSWORD},
    )
    with Client(stack, User(email, PASSWORD, ())) as organizer:
        assert organizer.api.post("/events", json={"name": "First"}).status_code == 201


def test_somebody_who_signed_up_joins_the_staff(stack: Stack, make_user: MakeUser) -> None:
    user = User(f"{uuid4().hex[:8]}@example.com", PASSWORD, ())
    users.add(stack.aws("cognito-idp"), stack.user_pool_id, user)
    with Client(stack, user) as before:
        assert before.api.get("/v2/students").status_code == 403

    made = make_user(user.email, "staff")

    assert "already" in made.stdout
    assert "temporary" not in made.stdout
    with Client(stack, user) as after:
        assert after.api.get("/v2/students").status_code == 200


def test_a_group_that_does_not_exist_is_refused(make_user: MakeUser) -> None:
    refused = make_user("ada@example.com", "admins")

    assert refused.returncode == 2
    assert "organizers" in refused.stderr
