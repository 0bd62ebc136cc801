"""`make sam-local`: the functions in containers by `sam local`, on the running local stack's data.

For people with Docker. The functions are built for Lambda's own runtime, and run in it; tables,
buckets and queues are those of the running stack.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from ipaddress import ip_network
from urllib.parse import urlsplit

from local import sam
from local.client import Stack
from local.emulator import settings
from local.relay import relay
from local.state import DEFAULT_STATE_DIR, ROOT, SAM_DIR, Places
from local.terminal import fail, say

BUILD_DIR = SAM_DIR / "containers"
START_API = ["start-api", "--port", "3000"]
HOST = settings.CONTAINER_HOST


def main() -> int:
    """Run `sam local` with this program's arguments, or as an API. Returns its exit code."""
    places = Places(DEFAULT_STATE_DIR)
    if not places.stack_file.exists():
        fail("The local stack is not running: run `make start` in another terminal first.")
        return 1
    stack = Stack.read(places.stack_file)
    port = urlsplit(stack.endpoint_url).port or 80
    hosts: list[str] = []
    if sys.platform == "linux":
        # Docker Desktop lets containers reach our loopback by this name; on Linux nothing does.
        gateway = _bridge_gateway()
        port = relay(gateway, port)
        hosts = ["--add-host", f"{HOST}:{gateway}"]
    variables = places.root / "sam-local.json"
    in_container = f"http://{HOST}:{port}"
    told = {
        **_deployed_variables(stack),
        "AWS_ENDPOINT_URL": in_container,
        "LINKS_ENDPOINT_URL": stack.endpoint_url,
    }
    variables.write_text(json.dumps({"Parameters": told}, indent=2))
    environment = {
        **sam.environment(stack.endpoint_url, stack.root_key),
        **sam.container_environment(),
    }
    build = [
        "build",
        "--build-dir",
        str(BUILD_DIR),
        "--cached",
        "--cache-dir",
        f"{BUILD_DIR}-cache",
    ]
    if subprocess.run([sam.SAM, *build], env=environment, cwd=ROOT, check=False).returncode:
        return 1
    command, *arguments = sys.argv[1:] or START_API
    if command == "start-api":
        say(f"  Send the same ID tokens as to {stack.api_url}: `make -s token` prints one.\n")
    process = subprocess.Popen(
        [
            str(sam.SAM), "local", command, *arguments,
            "--template", str(BUILD_DIR / "template.yaml"),
            "--config-file", str(ROOT / "samconfig.toml"),
            "--env-vars", str(variables),
            "--parameter-overrides",
            f"EndpointUrl={in_container} Architecture={sam.architecture()}",
            *hosts,
        ],
        env=environment,
    )  # fmt: skip
    # Ctrl-C reaches sam too: it stops its containers, and we wait for that.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


def _bridge_gateway() -> str:
    """Return this machine's address in Docker's bridge network: only containers reach it."""
    inspect = ["docker", "network", "inspect", "bridge"]
    try:
        found = subprocess.run(inspect, capture_output=True, text=True, check=True).stdout
        config = json.loads(found)[0]["IPAM"]["Config"][0]
        # The engine names the gateway only where it was set; it is the subnet's first address.
        return str(config.get("Gateway") or next(ip_network(config["Subnet"]).hosts()))
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", "") or error
        raise SystemExit(f"`make sam-local` needs Docker: {reason}") from None


def _deployed_variables(stack: Stack) -> dict[str, str]:
    """Return what the deployed functions are told: the names of tables and buckets included."""
    found = stack.aws("cloudformation").describe_stack_resource(
        StackName=sam.STACK_NAME, LogicalResourceId="InitiateUploadFunction"
    )
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    function = stack.aws("lambda").get_function_configuration(FunctionName=name)
    return dict(function["Environment"]["Variables"])


if __name__ == "__main__":
    sys.exit(main())
