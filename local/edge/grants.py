"""What bucket policies and functions' policies grant CloudFront, for this distribution.

The edge signs with the emulator's root key, which may do everything. So it looks here whether AWS
would let CloudFront do the same: a statement that is missing in the template shows on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local.edge.configuration import Distribution, Origin
from local.edge.wildcards import matches

_SERVICE = "cloudfront.amazonaws.com"
_INVOKE = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
"""AWS asks for both since October 2025."""


@dataclass(frozen=True)
class _Grant:
    """The actions and resources, as patterns, of one statement that admits us."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def admits(self, action: str, resource: str | None) -> bool:
        """Whether the statement is about this action on this resource, if one is given."""
        return any(matches(pattern, action) for pattern in self.actions) and (
            resource is None or any(matches(pattern, resource) for pattern in self.resources)
        )


class Grants:
    """What each origin's policy allows."""

    def __init__(self, s3: Any, lambda_: Any, distribution: Distribution) -> None:
        self._grants: dict[str, list[_Grant]] = {}
        for behaviour in distribution.behaviours:
            for origin in behaviour.target.origins:
                if origin.is_signed and origin.name not in self._grants:
                    of_bucket = origin.is_bucket
                    policy = _of_bucket(s3, origin) if of_bucket else _of_function(lambda_, origin)
                    self._grants[origin.name] = list(_granted(policy, distribution.arn))

    def may_invoke(self, origin: Origin) -> bool:
        """Whether CloudFront may ask the function's URL."""
        return all(self._admits(origin, action, None) for action in _INVOKE)

    def may_read(self, origin: Origin, key: str, *, of_version: bool) -> bool:
        """Whether CloudFront may fetch the object, or a named version of it."""
        action = "s3:GetObjectVersion" if of_version else "s3:GetObject"
        return self._admits(origin, action, f"arn:aws:s3:::{origin.bucket}/{key}")

    def may_list(self, origin: Origin) -> bool:
        """Whether S3 tells CloudFront that an object does not exist (404): else it says 403."""
        return self._admits(origin, "s3:ListBucket", f"arn:aws:s3:::{origin.bucket}")

    def _admits(self, origin: Origin, action: str, resource: str | None) -> bool:
        return any(one.admits(action, resource) for one in self._grants.get(origin.name, ()))


def _granted(policy: Mapping[str, Any], arn: str) -> Iterator[_Grant]:
    """Find the statements that allow CloudFront something for the distribution of this ARN."""
    for statement in policy.get("Statement", []):
        principal = statement.get("Principal")
        services = principal.get("Service") if isinstance(principal, dict) else None
        if statement["Effect"] != "Allow" or _SERVICE not in _listed(services):
            continue
        sources = [
            source
            for condition in statement.get("Condition", {}).values()
            for name, value in condition.items()
            if name.lower() == "aws:sourcearn"
            for source in _listed(value)
        ]
        if not sources or any(matches(source, arn) for source in sources):
            resources = tuple(_listed(statement.get("Resource")))
            yield _Grant(tuple(_listed(statement["Action"])), resources)


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def _of_bucket(s3: Any, origin: Origin) -> dict[str, Any]:
    with suppress(ClientError):
        return dict(json.loads(s3.get_bucket_policy(Bucket=origin.bucket)["Policy"]))
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
