"""What bucket policies and functions' policies grant CloudFront, for this distribution.

The edge signs with the emulator's root key, which may do everything. So it looks here whether AWS
would let CloudFront do the same: a statement that is missing in the template shows on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from local.edge.configuration import Distribution, Origin
from local.edge.wildcards import matches

_SERVICE = "cloudfront.amazonaws.com"


class Grants:
    """The actions that each origin's policy allows."""

    def __init__(self, s3: Any, lambda_: Any, distribution: Distribution) -> None:
        self._arn = distribution.arn
        self._allowed: dict[str, frozenset[str]] = {}
        for behaviour in distribution.behaviours:
            for origin in behaviour.target.origins:
                if origin.is_signed and origin.name not in self._allowed:
                    policy = (_of_bucket if origin.is_bucket else _of_function)(
                        s3 if origin.is_bucket else lambda_, origin
                    )
                    self._allowed[origin.name] = frozenset(self._granted(policy))

    def may_read(self, origin: Origin) -> bool:
        """Whether CloudFront may fetch from the origin at all."""
        action = "s3:GetObject" if origin.is_bucket else "lambda:InvokeFunctionUrl"
        return self._allows(origin, action)

    def may_list(self, origin: Origin) -> bool:
        """Whether S3 tells CloudFront that an object does not exist (404): else it says 403."""
        return self._allows(origin, "s3:ListBucket")

    def _allows(self, origin: Origin, action: str) -> bool:
        patterns = self._allowed.get(origin.name, frozenset())
        return any(matches(pattern, action) for pattern in patterns)

    def _granted(self, policy: Mapping[str, Any]) -> Iterator[str]:
        for statement in policy.get("Statement", []):
            principal = statement.get("Principal")
            services = principal.get("Service") if isinstance(principal, dict) else None
            if statement["Effect"] == "Allow" and _SERVICE in _listed(services):
                sources = [
                    source
                    for condition in statement.get("Condition", {}).values()
                    for name, value in condition.items()
                    if name.lower() == "aws:sourcearn"
                    for source in _listed(value)
                ]
                if not sources or any(matches(source, self._arn) for source in sources):
                    yield from _listed(statement["Action"])


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def _of_bucket(s3: Any, origin: Origin) -> dict[str, Any]:
    with suppress(ClientError):
        bucket = origin.domain_name.partition(".s3.")[0]
        return dict(json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]))
    return {}


def _of_function(lambda_: Any, origin: Origin) -> dict[str, Any]:
    """Find the function by its URL, and read its policy."""
    for page in lambda_.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            name = function["FunctionName"]
            with suppress(ClientError):
                url = lambda_.get_function_url_config(FunctionName=name)["FunctionUrl"]
                if origin.domain_name in url:
                    return dict(json.loads(lambda_.get_policy(FunctionName=name)["Policy"]))
    return {}
