"""Gap: whoever names the key `test`, an account id, or no key at all acts as root, unverified.

A request with the header `Authorization: anything` read every table. Here the root key is the state
folder's own, and each key's signature must be right, root's included. Who names no key may do what
AWS answers without one: Cognito's sign-in, API Gateway's methods, and what a bucket lets everybody
do.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import get_account_id
from ministack.services import s3, sts

from local.emulator import root_key

_OPEN_ACTIONS = ("execute-api:Invoke", "lambda:InvokeFunctionUrl")
"""Their own authorizers decide."""


def apply() -> None:
    """Make one key root, and check every request before its policies are."""
    key = root_key.of(Path(os.environ["STATE_DIR"]))
    # To ministack a key of its session store has a signature to check; a "root key" has none.
    sts.register_session(
        key.access_key_id,
        {
            "Arn": f"arn:aws:iam::{get_account_id()}:root",
            "UserId": get_account_id(),
            "PrincipalType": "Root",
            "SecretAccessKey": key.secret_access_key,
        },
    )
    evaluator.is_root_access_key = lambda _access_key_id: False
    enforce, check_credentials = evaluator.enforce, evaluator.check_credentials

    def enforce_for_verified(
        access_key_id: str, action: str, service: str, *rest: Any, **named: Any
    ) -> Any:
        if _is_unsigned(access_key_id):
            return _anonymous_failure(service, action, named.get("resource_arn", "*"))
        # S3 checks the signatures of its URLs and forms itself.
        if service != "s3" and (failure := _unverified(access_key_id)):
            return failure
        return enforce(access_key_id, action, service, *rest, **named)

    def check_verified(access_key_id: str, service: str | None = None) -> Any:
        return _unverified(access_key_id) or check_credentials(access_key_id, service)

    evaluator.enforce = enforce_for_verified
    evaluator.check_credentials = check_verified


def _is_unsigned(access_key_id: str) -> bool:
    """Whether the request names no key; a signature that is broken is another matter."""
    return not access_key_id and evaluator._signed_request.get() is None


def _unverified(access_key_id: str) -> Any:
    """Refuse a key that is named beside another kind of authorization, where nothing checks it."""
    is_checked = evaluator._verified_key.get() == access_key_id and access_key_id
    if is_checked or evaluator._signed_request.get() is not None:
        return None
    return evaluator.AuthError(
        "MissingAuthenticationToken", "The request holds no signature that can be verified."
    )


def _anonymous_failure(service: str, action: str, resource_arn: str) -> Any:
    """Return why a request without a key is refused; None leaves the decision to the service."""
    if action in _OPEN_ACTIONS or evaluator._served_unsigned(service, action):
        return None
    if service == "s3":
        bucket = resource_arn.rpartition(":")[2].partition("/")[0]
        if s3._bucket_owner_account(bucket) is not None:
            return None
        return evaluator.AuthError("AccessDenied", "Access Denied")
    return evaluator.AuthError(
        "MissingAuthenticationToken", "Request is missing Authentication Token"
    )
