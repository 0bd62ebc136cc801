"""Lets containers reach a server that listens on loopback alone."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress


def relay(address: str, port: int) -> int:
    """Forward a free port of `address`, which is returned, to `port` on loopback until we end.

    `address` is one that only this machine's containers can reach: the gateway of Docker's bridge.
    Raises OSError when it cannot be listened on.
    """
    loop = asyncio.new_event_loop()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))

    server = loop.run_until_complete(asyncio.start_server(connect, address, 0))
    threading.Thread(
        target=loop.run_until_complete, args=[server.serve_forever()], daemon=True
    ).start()
    return int(server.sockets[0].getsockname()[1])


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    with suppress(ConnectionError):
        target.close()
