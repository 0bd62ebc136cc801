"""Gap: a function gets a queue's messages whatever its role allows.

Lambda reads a queue in the name of the function's role: without these permissions no message comes.
"""

from __future__ import annotations

import logging
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import lambda_svc

_ACTIONS = ("sqs:ReceiveMessage", "sqs:GetQueueAttributes", "sqs:DeleteMessage")

_log = logging.getLogger("photodrop.shims")


def apply() -> None:
    """Hand out a batch only if the role may receive and delete it."""
    run_batch = lambda_svc._run_sqs_batch

    def run_allowed_batch(esm: dict[str, Any], function: dict[str, Any], *rest: Any) -> None:
        if missing := _missing(esm["EventSourceArn"], function["config"]):
            _log.warning("%s may not %s", esm["FunctionName"], " or ".join(missing))
            return  # the messages come again, as long as they live
        run_batch(esm, function, *rest)

    lambda_svc._run_sqs_batch = run_allowed_batch


def _missing(queue_arn: str, function: dict[str, Any]) -> list[str]:
    """Return the actions that the function's role may not do with the queue."""
    account = function["Role"].split(":")[4]
    role = function["Role"].rpartition("/")[2]
    policies = iam_evaluator._gather_role_policies(role, account)

    def is_allowed(action: str) -> bool:
        context = iam_evaluator.EvalContext(
            principal_arn=f"arn:aws:sts::{account}:assumed-role/{role}/{function['FunctionName']}",
            principal_type="AssumedRole",
            principal_account=account,
            action=action,
            resource_arn=queue_arn,
            region=queue_arn.split(":")[3],
        )
        return bool(iam_evaluator.evaluate(context, policies).decision == "Allow")

    return [action for action in _ACTIONS if not is_allowed(action)]
