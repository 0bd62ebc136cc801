"""`make deploy`: deploy what `make build` has built to an AWS account, by the usual credentials.

The stack is the one place of its parameters. CloudFormation keeps the value of each parameter that
a deployment does not name, so repeating a deployment changes none of them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import aws_stack, deploy_web, template
from local.aws_stack import AwsStack
from local.sam import SAM
from local.state import ROOT
from local.terminal import fail, say

SAMCONFIG = ROOT / "samconfig.toml"

GUIDED = """sam's --guided offers the template's defaults, not what the stack has, and writes the
answers into samconfig.toml, from where a later deployment would send them again.
Name what you want to change, and the stack keeps the rest:
  make deploy PARAMETERS="AllowedOrigin=https://photos.example.com WebApp=true" """

PINNED = """samconfig.toml has parameter_overrides, which every deployment would send again,
whatever the stack has by then. Remove that line: the stack keeps its parameters.
Name what you want to change:
  make deploy PARAMETERS="AllowedOrigin=https://photos.example.com" """


class RefusedError(Exception):
    """Nothing was deployed; the message says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Deploy, and bring the web app's configuration up to date. Returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="make deploy",
        description=__doc__,
        allow_abbrev=False,
        epilog="All other arguments are those of `sam deploy`.",
    )
    aws_stack.add_arguments(parser)
    parser.add_argument("--parameter-overrides", nargs="+", default=[], metavar="NAME=VALUE")
    parser.add_argument("--show", action="store_true", help="print the stack's parameters instead")
    options, for_sam = parser.parse_known_args(arguments)
    try:
        check_arguments(options, for_sam)
        session = aws_stack.session_of(options)
        name = aws_stack.name_of(options)
        stack = aws_stack.read(session.client("cloudformation"), name)
        if options.show:
            return _show(stack, name)
        asked = _asked(options.parameter_overrides)
        check_buckets(session, name, stack, asked)
        say_what_changes(stack, asked)
        code = _sam_deploy(name, options, asked, for_sam)
        if code == 0:
            deploy_web.refresh_configuration(session, name)
    except (BotoCoreError, ClientError, RefusedError, FileNotFoundError) as error:
        fail(str(error))
        return 1
    return code


def _asked(overrides: Sequence[str]) -> dict[str, str]:
    """Return the parameters given, by name. Raises RefusedError: sam ignores unknown names."""
    asked = dict(one.partition("=")[::2] for one in overrides)
    if unknown := sorted(set(asked) - set(template.defaults())):
        raise RefusedError(f"template.yaml has no parameter {', '.join(unknown)}.")
    if incomplete := [one for one in overrides if "=" not in one]:
        raise RefusedError(f"Give parameters as Name=Value: {', '.join(incomplete)}.")
    return asked


def check_arguments(options: argparse.Namespace, for_sam: Sequence[str]) -> None:
    """Refuse what would send parameters that nobody asked for. Raises RefusedError."""
    if options.environment == aws_stack.LOCAL and not options.show:
        raise RefusedError("The local stack is deployed by `make start`.")
    if {"--guided", "-g"} & set(for_sam):
        raise RefusedError(GUIDED)
    settings = tomllib.loads(SAMCONFIG.read_text())
    if "parameter_overrides" in settings["default"]["deploy"]["parameters"]:
        raise RefusedError(PINNED)


def check_buckets(
    session: boto3.Session, name: str, stack: AwsStack | None, asked: Mapping[str, str]
) -> None:
    """Refuse names that are taken, and new names for buckets in use. Raises RefusedError."""
    present = stack.parameters.get("BucketSuffix", "") if stack else ""
    suffix = asked.get("BucketSuffix", present)
    if stack and suffix != present:
        raise RefusedError(
            "BucketSuffix cannot change in a stack that exists: its photos would stay in the"
            " old bucket, and be missing in the new one."
        )
    if stack and _has_web_bucket(session.client("cloudformation"), name):
        return
    account = session.client("sts").get_caller_identity()["Account"]
    s3 = session.client("s3")
    new = ("web",) if stack else ("uploads", "thumbnails", "web")
    names = [f"{name}-{kind}-{account}-{session.region_name}{suffix}" for kind in new]
    taken = ", ".join(bucket for bucket in names if _exists(s3, bucket))
    if taken and stack:
        raise RefusedError(
            f"{taken} is there from when this stack had a web app. It holds nothing but a build:\n"
            f"remove it with  aws s3 rb --force s3://{taken}"
        )
    if taken:
        raise RefusedError(
            f"Buckets of an earlier stack of this name are still there: {taken}.\n"
            'Leave them and deploy beside them:  make deploy PARAMETERS="BucketSuffix=-2"\n'
            "Or take the earlier stack's photos into the new one: docs/operations.md says how."
        )


def _has_web_bucket(cloudformation: Any, name: str) -> bool:
    try:
        cloudformation.describe_stack_resource(StackName=name, LogicalResourceId="WebBucket")
    except ClientError as error:
        if "does not exist" in str(error):
            return False
        raise
    return True


def _exists(s3: Any, bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"] != 404  # 403: somebody else's
    return True


def say_what_changes(stack: AwsStack | None, asked: Mapping[str, str]) -> None:
    """Say which parameters change, and which new defaults the stack will not get by itself."""
    if not stack:
        say("  A new stack: every parameter that is not given has the template's default.")
        return
    for name, value in asked.items():
        current = stack.parameters.get(name, template.defaults()[name])
        say(f"  {name}: {current or '(empty)'} → {value or '(empty)'}")
    if not asked:
        say("  All parameters stay as the stack has them.")
    for name, default in template.defaults().items():
        before = stack.defaults.get(name)
        if before not in (None, default) and stack.parameters.get(name) == before != asked.get(
            name
        ):
            say(
                f"  The default of {name} is now {default}; this stack keeps {before}."
                f" To take it: PARAMETERS={name}={default}"
            )


def _sam_deploy(
    name: str, options: argparse.Namespace, asked: Mapping[str, str], for_sam: Sequence[str]
) -> int:
    command = [str(SAM), "deploy", "--config-file", str(SAMCONFIG), "--stack-name", name]
    for option in ("region", "profile"):
        if value := getattr(options, option):
            command += [f"--{option}", value]
    command += for_sam
    if asked:
        command += ["--parameter-overrides", *(f"{key}={value}" for key, value in asked.items())]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _show(stack: AwsStack | None, name: str) -> int:
    if not stack:
        fail(f"There is no stack {name} in this account and region.")
        return 1
    for key, value in sorted(stack.parameters.items()):
        default = template.defaults().get(key)
        say(f"  {key}={value}" + (f"   (default: {default})" if value != default else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
