"""A deployed stack: in an AWS account by the usual credentials, or the one that runs locally.

An environment is a stack of its own: `ENV=staging` is photodrop-staging, without it photodrop.
`ENV=local` is the stack that `make start` runs.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from local.client import Stack
from local.sam import STACK_NAME
from local.state import DEFAULT_STATE_DIR, Places

LOCAL = "local"


@dataclass(frozen=True)
class AwsStack:
    """A stack that is there, with its parameters, outputs and the defaults it was deployed with."""

    name: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    defaults: Mapping[str, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which stack is meant."""
    parser.add_argument("--environment", default="", help="the stack photodrop-ENVIRONMENT")
    parser.add_argument("--stack-name", help="a stack of another name")
    parser.add_argument("--region", help="else that of your AWS configuration")
    parser.add_argument("--profile", help="else that of your AWS configuration")


def name_of(options: argparse.Namespace) -> str:
    """Return the name of the stack that is meant."""
    if options.stack_name:
        return str(options.stack_name)
    if options.environment in ("", LOCAL):
        return STACK_NAME
    return f"{STACK_NAME}-{options.environment}"


def session_of(options: argparse.Namespace) -> boto3.Session:
    """Make a session of the account that is meant. Raises FileNotFoundError without a local one."""
    if options.environment != LOCAL:
        return boto3.Session(region_name=options.region, profile_name=options.profile)
    stack_file = Path(os.environ.get("PHOTODROP_STACK", Places(DEFAULT_STATE_DIR).stack_file))
    if not stack_file.exists():
        raise FileNotFoundError(f"There is no {stack_file}: run `make start` first.")
    stack = Stack.read(stack_file)
    os.environ["AWS_ENDPOINT_URL"] = stack.endpoint_url
    return boto3.Session(
        region_name=stack.region,
        aws_access_key_id=stack.root_key.access_key_id,
        aws_secret_access_key=stack.root_key.secret_access_key,
    )


def read(cloudformation: Any, name: str) -> AwsStack | None:
    """Read a stack; None when there is none, or none that was ever deployed."""
    try:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    if stack["StackStatus"] == "REVIEW_IN_PROGRESS":
        return None
    summary = cloudformation.get_template_summary(StackName=name)
    return AwsStack(
        name=name,
        parameters=_pairs(stack.get("Parameters", []), "Parameter"),
        outputs=_pairs(stack.get("Outputs", []), "Output"),
        defaults={
            one["ParameterKey"]: one["DefaultValue"]
            for one in summary["Parameters"]
            if "DefaultValue" in one
        },
    )


def _pairs(items: Iterable[Mapping[str, Any]], kind: str) -> dict[str, str]:
    return {item[f"{kind}Key"]: item[f"{kind}Value"] for item in items}
