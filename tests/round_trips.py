"""A way to a database server that counts how often a client waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit


class RoundTrips:
    """How often the server was asked and the client waited for what it said, over all connections."""

    def __init__(self) -> None:
        self.count = 0
        self.url = ""

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: list[bool], ask: bool
    ) -> None:
        try:
            while octets := await reader.read(1 << 16):
                if ask and not asked[0]:
                    self.count += 1
                asked[0] = ask
                writer.write(octets)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def counted(url: str) -> AsyncIterator[RoundTrips]:
    """Round trips to the server of a store's URL; `url` of it goes there through here."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    trips = RoundTrips()
    carrying: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(parts.hostname, parts.port)
        asked = [False]
        for task in (
            asyncio.create_task(trips._carry(reader, back, asked, True)),
            asyncio.create_task(trips._carry(there, writer, asked, False)),
        ):
            carrying.add(task)

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    host = parts.netloc.rpartition("@")[0]
    trips.url = urlunsplit(parts._replace(netloc=f"{host}@127.0.0.1:{port}"))
    try:
        yield trips
    finally:
        server.close()
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
