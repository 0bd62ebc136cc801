"""`make sam-local`: the functions in containers by `sam local`, on the running local stack's data.

For people with Docker. `sam local` runs what `make start` built, with Lambda's own runtime; tables,
buckets and queues are those of the running stack.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NoReturn

import boto3

from local import sam
from local.client import Stack
from local.emulator import settings
from local.state import DEFAULT_STATE_DIR, Places
from local.terminal import fail, say

START_API = ["start-api", "--port", "3000"]


def main() -> NoReturn:
    """Become `sam local`, with this program's arguments or as an API; exit with 1 if it cannot."""
    places = Places(DEFAULT_STATE_DIR)
    if not places.stack_file.exists():
        fail("The local stack is not running: run `make start` in another terminal first.")
        sys.exit(1)
    stack = Stack.read(places.stack_file)
    command, *arguments = sys.argv[1:] or START_API
    variables = places.root / "sam-local.json"
    variables.write_text(json.dumps({"Parameters": _variables(stack)}, indent=2))
    if command == "start-api":
        say(f"  Send the same ID tokens as to {stack.api_url}: `make -s token` prints one.\n")
    os.execve(
        sam.SAM,
        [
            str(sam.SAM), "local", command, *arguments,
            "--template", str(sam.BUILD_DIR / "template.yaml"),
            "--env-vars", str(variables),
            "--parameter-overrides", f"EndpointUrl={_endpoint(stack)}",
            f"Architecture={sam.architecture()}",
            *_network(),
        ],
        sam.environment(stack.endpoint_url),
    )  # fmt: skip


def _variables(stack: Stack) -> dict[str, str]:
    """Return what the deployed functions are told, names of tables and buckets included."""
    client: dict[str, Any] = {
        "endpoint_url": stack.endpoint_url,
        "region_name": stack.region,
        "aws_access_key_id": settings.ACCESS_KEY_ID,
        "aws_secret_access_key": settings.SECRET_ACCESS_KEY,
    }
    found = boto3.client("cloudformation", **client).describe_stack_resource(
        StackName=sam.STACK_NAME, LogicalResourceId="InitiateUploadFunction"
    )
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    function = boto3.client("lambda", **client).get_function_configuration(FunctionName=name)
    return {**function["Environment"]["Variables"], "AWS_ENDPOINT_URL": _endpoint(stack)}


def _endpoint(stack: Stack) -> str:
    """Return the emulator's address as a container sees it.

    On Linux containers share the machine's network (the emulator listens on loopback alone). Docker
    Desktop runs them in a virtual machine, which reaches the machine's loopback by this name.
    """
    if sys.platform == "linux":
        return stack.endpoint_url
    return stack.endpoint_url.replace("127.0.0.1", "host.docker.internal")


def _network() -> list[str]:
    return ["--docker-network", "host"] if sys.platform == "linux" else []


if __name__ == "__main__":
    main()
