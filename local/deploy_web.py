"""`make deploy-web`: build the browser app and put it into the bucket that CloudFront serves.

The stack must have been deployed with `WebApp=true`. Run it again after every change of the app or
of the stack's parameters: it writes the app's configuration, too.
"""

from __future__ import annotations

import argparse
import json
import mimetypes
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import web
from local.sam import STACK_NAME
from local.state import DEFAULT_STATE_DIR, Places
from local.terminal import fail, say, step

NOT_FOR_GOOD = "no-cache"
"""Cache-Control of what keeps its name when it changes: asked for anew, answered by 304."""


def main() -> int:
    """Build, upload, invalidate, and say what is left to do. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make deploy-web", description=__doc__)
    parser.add_argument("--stack-name", default=STACK_NAME)
    parser.add_argument("--region", help="else that of your AWS configuration")
    options = parser.parse_args()
    if problem := web.node_problem():
        fail(f"The browser app cannot be built: {problem}.")
        return 1
    try:
        session = boto3.Session(region_name=options.region)
        stack = session.client("cloudformation").describe_stacks(StackName=options.stack_name)
        outputs = _pairs(stack["Stacks"][0]["Outputs"], "Output")
        parameters = _pairs(stack["Stacks"][0]["Parameters"], "Parameter")
        if "WebUrl" not in outputs:
            fail(
                f"The stack {options.stack_name} has no place for it. Deploy it with one first:\n"
                '  make deploy ARGS="--parameter-overrides WebApp=true"'
            )
            return 1
        with step("build") as current:
            current.note = web.Build(Places(DEFAULT_STATE_DIR).web_log).result()
        with step("upload") as current:
            configuration = configuration_of(outputs, parameters, session.region_name)
            count = publish(session.client("s3"), outputs["WebBucket"], web.DIST, configuration)
            current.note = f"{count} files"
        with step("invalidate"):
            _invalidate(session.client("cloudfront"), outputs["WebDistributionId"])
    except (BotoCoreError, ClientError, web.WebError) as error:
        fail(str(error))
        return 1
    say(f"\n  {outputs['WebUrl']}\n")
    if parameters["AllowedOrigin"] != outputs["WebUrl"]:
        say(
            f"  The API and the buckets still answer browsers from {parameters['AllowedOrigin']}"
            " alone.\n  Unless you serve the app by that name, let them answer this one:\n"
            f'  make deploy ARGS="--parameter-overrides AllowedOrigin={outputs["WebUrl"]}"\n'
        )
    return 0


def _pairs(items: Iterable[Mapping[str, Any]], kind: str) -> dict[str, str]:
    return {item[f"{kind}Key"]: item[f"{kind}Value"] for item in items}


def configuration_of(
    outputs: Mapping[str, str], parameters: Mapping[str, str], region: str
) -> dict[str, Any]:
    """Return the content of /config.json for a stack on AWS."""
    return {
        "apiUrl": outputs["ApiUrl"],
        "region": region,
        "userPoolId": outputs["UserPoolId"],
        "userPoolClientId": outputs["UserPoolClientId"],
        "cognitoEndpoint": None,
        **web.limits(parameters),
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
            body, key = json.dumps(configuration).encode(), "config.json"
        else:
            body, key = path.read_bytes(), path.relative_to(dist).as_posix()
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            ContentType=mimetypes.guess_type(key)[0] or "application/octet-stream",
            CacheControl=web.FOR_GOOD if key.startswith("assets/") else NOT_FOR_GOOD,
        )
    return len(files) + 1


def _invalidate(cloudfront: Any, distribution: str) -> None:
    paths = ["/", "/index.html", "/config.json", "/theme.js", "/favicon.svg"]
    cloudfront.create_invalidation(
        DistributionId=distribution,
        InvalidationBatch={
            "Paths": {"Quantity": len(paths), "Items": paths},
            "CallerReference": str(time.time_ns()),
        },
    )


if __name__ == "__main__":
    sys.exit(main())
