"""`make recover STACK_ID=arn:…`: take what a deleted stack has left into a new one of its name.

CloudFormation imports the buckets, tables, user pool and groups, with the parameters that the stack
had; `make deploy` then adds the rest. CloudFormation knows a deleted stack by its id for 90 days.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from local import aws_stack
from local.terminal import fail, say, step

CHANGE_SET = "photodrop-recover"
NAMED_BY = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Cognito::UserPool": "UserPoolId",
}
"""How CloudFormation identifies what it imports. A group is identified by its pool and its name."""

GROUP = "AWS::Cognito::UserPoolGroup"


def main() -> int:
    """Import what was left. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make recover", description=__doc__)
    aws_stack.add_arguments(parser)
    parser.add_argument("stack_id", help="the deleted stack's id, an ARN")
    options = parser.parse_args()
    try:
        cloudformation = aws_stack.session_of(options).client("cloudformation")
        old = cloudformation.describe_stacks(StackName=options.stack_id)["Stacks"][0]
        if old["StackStatus"] != "DELETE_COMPLETE":
            fail(f"{old['StackName']} is not deleted: it is {old['StackStatus']}.")
            return 1
        left = _left_behind(cloudformation, options.stack_id)
        if not left:
            fail(f"{old['StackName']} has left nothing behind.")
            return 1
        with step("import"):
            _import(cloudformation, old, left)
    except (BotoCoreError, ClientError, FileNotFoundError, WaiterError) as error:
        fail(str(error))
        return 1
    for name, resource in left.items():
        say(f"  {name}: {resource['PhysicalResourceId']}")
    say(f"\n  {old['StackName']} has them again. `make deploy` adds the rest, ENV= as before.")
    return 0


def _left_behind(cloudformation: Any, stack_id: str) -> dict[str, Any]:
    """Find what the deletion has skipped and an import takes, by logical id."""
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    last: dict[str, Any] = {}
    for page in pages:  # the newest event first
        for event in page["StackEvents"]:
            last.setdefault(event["LogicalResourceId"], event)
    return {
        name: event
        for name, event in last.items()
        if event["ResourceStatus"] == "DELETE_SKIPPED"
        and event["ResourceType"] in {*NAMED_BY, GROUP}
    }


def _import(cloudformation: Any, old: Mapping[str, Any], left: Mapping[str, Any]) -> None:
    """Make a stack of nothing but what was left. Raises WaiterError when it cannot be done."""
    name = old["StackName"]
    template = _template_of(cloudformation, old["StackId"], left)
    change_set = {"StackName": name, "ChangeSetName": CHANGE_SET}
    cloudformation.create_change_set(
        **change_set,
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps(template),
        Parameters=[
            {"ParameterKey": one["ParameterKey"], "ParameterValue": one["ParameterValue"]}
            for one in old["Parameters"]
        ],
        ResourcesToImport=[
            {
                "LogicalResourceId": logical_id,
                "ResourceType": resource["ResourceType"],
                "ResourceIdentifier": _identifier(logical_id, resource, template, left),
            }
            for logical_id, resource in left.items()
        ],
    )
    cloudformation.get_waiter("change_set_create_complete").wait(**change_set)
    cloudformation.execute_change_set(**change_set)
    cloudformation.get_waiter("stack_import_complete").wait(StackName=name)


def _template_of(cloudformation: Any, stack_id: str, left: Mapping[str, Any]) -> dict[str, Any]:
    """Return the deleted stack's template, cut down to what was left of it.

    An import may add nothing else, so the uploads bucket comes without its notifications to a
    queue: the next deployment adds them.
    """
    found = cloudformation.get_template(StackName=stack_id, TemplateStage="Processed")
    body = found["TemplateBody"]
    whole = json.loads(body) if isinstance(body, str) else body
    resources = {name: whole["Resources"][name] for name in left}
    for resource in resources.values():
        resource.pop("DependsOn", None)
        resource.get("Properties", {}).pop("NotificationConfiguration", None)
    kept = ("AWSTemplateFormatVersion", "Parameters", "Conditions")
    return {**{name: whole[name] for name in kept if name in whole}, "Resources": resources}


def _identifier(
    logical_id: str,
    resource: Mapping[str, Any],
    template: Mapping[str, Any],
    left: Mapping[str, Any],
) -> dict[str, str]:
    if resource["ResourceType"] != GROUP:
        return {NAMED_BY[resource["ResourceType"]]: resource["PhysicalResourceId"]}
    properties = template["Resources"][logical_id]["Properties"]
    pool = left[properties["UserPoolId"]["Ref"]]
    return {"UserPoolId": pool["PhysicalResourceId"], "GroupName": properties["GroupName"]}


if __name__ == "__main__":
    sys.exit(main())
