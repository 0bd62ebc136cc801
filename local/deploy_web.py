"""`make deploy-web`: build the browser app and put it into the bucket that CloudFront serves.

The stack must have been deployed with `WebApp=true`. Run it again after every change of the app.
The app's configuration, which follows from the stack's parameters, is written by `make deploy` too.
"""

from __future__ import annotations

import argparse
import json
import mimetypes
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import aws_stack, web
from local.aws_stack import AwsStack
from local.state import DEFAULT_STATE_DIR, Places
from local.terminal import fail, say, step

NOT_FOR_GOOD = "no-cache"
"""Cache-Control of what keeps its name when it changes: asked for anew, answered by 304."""


CONFIGURATION = "config.json"


def main() -> int:
    """Build, upload, invalidate, and say what is left to do. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make deploy-web", description=__doc__)
    aws_stack.add_arguments(parser)
    options = parser.parse_args()
    if problem := web.node_problem():
        fail(f"The browser app cannot be built: {problem}.")
        return 1
    try:
        session = aws_stack.session_of(options)
        name = aws_stack.name_of(options)
        stack = aws_stack.read(session.client("cloudformation"), name)
        if stack is None or "WebUrl" not in stack.outputs:
            fail(
                f"There is no stack {name} with a distribution for it. Deploy one first:\n"
                "  make deploy PARAMETERS=WebApp=true"
            )
            return 1
        with step("build") as current:
            current.note = web.Build(Places(DEFAULT_STATE_DIR).web_log).result()
        with step("upload") as current:
            configuration = configuration_of(stack, session.region_name)
            bucket = stack.outputs["WebBucket"]
            count = publish(session.client("s3"), bucket, web.DIST, configuration)
            current.note = f"{count} files"
        with step("invalidate"):
            paths = ["/", "/index.html", f"/{CONFIGURATION}", "/theme.js", "/favicon.svg"]
            _invalidate(session, stack, paths)
    except (BotoCoreError, ClientError, FileNotFoundError, web.WebError) as error:
        fail(str(error))
        return 1
    say(f"\n  {stack.outputs['WebUrl']}\n")
    if stack.parameters["AllowedOrigin"] != stack.outputs["WebUrl"]:
        say(
            f"  The API and the buckets answer browsers from {stack.parameters['AllowedOrigin']}"
            " alone.\n  Unless you serve the app by that name, let them answer this one:\n"
            f"  make deploy PARAMETERS=AllowedOrigin={stack.outputs['WebUrl']}\n"
        )
    return 0


def refresh_configuration(session: boto3.Session, name: str) -> None:
    """Bring the configuration that a page has been deployed with up to date with the stack."""
    stack = aws_stack.read(session.client("cloudformation"), name)
    if stack is None or "WebUrl" not in stack.outputs:
        return
    s3, bucket = session.client("s3"), stack.outputs["WebBucket"]
    try:
        found = json.load(s3.get_object(Bucket=bucket, Key=CONFIGURATION)["Body"])
    except s3.exceptions.NoSuchKey:
        say("  There is no browser app at the distribution yet: make deploy-web")
        return
    wanted = configuration_of(stack, session.region_name)
    if found != wanted:
        _put(s3, bucket, CONFIGURATION, json.dumps(wanted).encode())
        _invalidate(session, stack, [f"/{CONFIGURATION}"])
        say("  The browser app's configuration follows the changed parameters.")


def configuration_of(stack: AwsStack, region: str) -> dict[str, Any]:
    """Return the content of /config.json for a stack on AWS."""
    return {
        "apiUrl": stack.outputs["ApiUrl"],
        "region": region,
        "userPoolId": stack.outputs["UserPoolId"],
        "userPoolClientId": stack.outputs["UserPoolClientId"],
        "cognitoEndpoint": None,
        **web.settings(stack.parameters),
    }


def publish(s3: Any, bucket: str, dist: Path, configuration: Mapping[str, Any]) -> int:
    """Upload a build and its configuration; return how many files that were.

    The page comes last, when all that it asks for is there. Assets of earlier builds stay, for
    pages that are still open.
    """
    files = [path for path in sorted(dist.rglob("*")) if path.is_file()]
    page = dist / "index.html"
    for path in [*(path for path in files if path != page), None, page]:
        if path is None:
            _put(s3, bucket, CONFIGURATION, json.dumps(configuration).encode())
        else:
            _put(s3, bucket, path.relative_to(dist).as_posix(), path.read_bytes())
    return len(files) + 1


def _put(s3: Any, bucket: str, key: str, body: bytes) -> None:
    s3.put_object(
        Bucket=bucket,
        Key=key,
        Body=body,
        ContentType=mimetypes.guess_type(key)[0] or "application/octet-stream",
        CacheControl=web.FOR_GOOD if key.startswith("assets/") else NOT_FOR_GOOD,
    )


def _invalidate(session: boto3.Session, stack: AwsStack, paths: list[str]) -> None:
    session.client("cloudfront").create_invalidation(
        DistributionId=stack.outputs["WebDistributionId"],
        InvalidationBatch={
            "Paths": {"Quantity": len(paths), "Items": paths},
            "CallerReference": str(time.time_ns()),
        },
    )


if __name__ == "__main__":
    sys.exit(main())
