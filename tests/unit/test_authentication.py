import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from photodrop.domain.callers import Caller
from photodrop.http.authentication import caller_of

CLAIMS = {"sub": "ada", "email": "Ada@Example.com", "email_verified": "true"}


def event(claims: Any) -> dict[str, Any]:
    return {"requestContext": {"authorizer": {"claims": claims}}}


def token(claims: Any) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.signature"


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        (None, set()),
        ("", set()),
        ("organizers", {"organizers"}),
        ("organizers,staff", {"organizers", "staff"}),
        ("[organizers staff]", {"organizers", "staff"}),
        (["organizers", "staff"], {"organizers", "staff"}),
    ],
)
def test_reads_groups_in_every_form_they_come_in(claim: Any, groups: set[str]) -> None:
    who = caller_of(event(CLAIMS | {"cognito:groups": claim}))
    assert who == Caller("ada", "ada@example.com", frozenset(groups))


@pytest.mark.parametrize("verified", [None, "false", False, ""])
def test_an_unverified_email_is_none(verified: Any) -> None:
    who = caller_of(event(CLAIMS | {"email_verified": verified}))
    assert who is not None
    assert who.email is None


@pytest.mark.parametrize(
    "nobody", [{}, {"requestContext": {}}, {"requestContext": {"authorizer": None}}, event({})]
)
def test_no_claims_are_nobody(nobody: dict[str, Any]) -> None:
    assert caller_of(nobody) is None


def test_a_token_that_no_authorizer_has_seen_counts_for_nothing_on_aws() -> None:
    forged = {"requestContext": {}, "headers": {"Authorization": token(CLAIMS)}}
    assert caller_of(forged) is None


@pytest.mark.parametrize("prefix", ["", "Bearer "])
def test_sam_local_has_no_authorizer_so_there_the_token_itself_is_read(
    settings: Callable[..., None], prefix: str
) -> None:
    settings(AWS_SAM_LOCAL="true")
    signed_in = {"requestContext": {}, "headers": {"authorization": prefix + token(CLAIMS)}}
    assert caller_of(signed_in) == Caller("ada", "ada@example.com", frozenset())


@pytest.mark.parametrize("header", ["", "Bearer", "a.b.c", "a.!!.c", token(["list"]), token({})])
def test_sam_local_takes_nonsense_for_nobody(settings: Callable[..., None], header: str) -> None:
    settings(AWS_SAM_LOCAL="true")
    assert caller_of({"requestContext": {}, "headers": {"Authorization": header}}) is None
