"""The edge of `make start`: its port before the deployment, its distribution afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from local import delivery_key, sam
from local.edge.edge import Edge
from local.edge.server import Server
from local.emulator.process import Emulator
from local.terminal import say


@contextmanager
def edge(port: int | None) -> Iterator[Server | None]:
    """Take the port, or the next free one if it is in use. Without a port there is no edge."""
    if port is None:
        yield None
        return
    server = Server(port)
    if server.port != port:
        say(f"  Port {port} is taken: the edge is on {server.port}.")
    try:
        yield server
    finally:
        server.close()


def parameters(server: Server | None, client: sam.ClientMaker) -> dict[str, str]:
    """Say to the template who delivers the pictures, and whose signatures count."""
    if server is None:
        return {"Delivery": "false"}
    key_id = delivery_key.ensure(client("cloudfront"), client("ssm"))
    return {"Delivery": "true", "DeliveryUrl": server.url, "DeliveryKeyIds": key_id}


def serve(
    server: Server, emulator: Emulator, client: sam.ClientMaker, outputs: Mapping[str, str]
) -> None:
    """Answer for the stack's distribution. Raises ConfigurationError."""
    distribution_id = outputs["DeliveryDistributionId"]
    server.serve(Edge(emulator.endpoint_url, emulator.root_key, client, distribution_id))
