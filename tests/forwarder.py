"""What stands between the service and a server of the tests, and falls silent."""

from __future__ import annotations

import asyncio
from contextlib import suppress

_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Forwarder:
    """Hands on what is sent to its port, until it falls silent: then connections stay open, and nothing comes through.

    So does a firewall or a balancer that forgets connections, or a server's machine that dies.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._tasks: set[asyncio.Task[None]] = set()
        self._silent: set[int] = set()
        self._count = 0
        self.forgets = False
        """Whether new connections are silent too."""
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def fall_silent(self) -> None:
        """Lets no octet through any more on the connections that there are."""
        self._silent.update(range(self._count))

    async def close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        number = self._count
        self._count += 1
        if self.forgets:
            self._silent.add(number)
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        # The stream's own code would complain about a task that is cancelled.
        with suppress(asyncio.CancelledError):
            await self._both(number, (reader, writer), (there, back))

    async def _both(self, number: int, here: _Ends, there: _Ends) -> None:
        try:
            await asyncio.gather(self._forward(number, here[0], there[1]), self._forward(number, there[0], here[1]))
        finally:
            for sink in (here[1], there[1]):
                with suppress(OSError):
                    sink.close()

    async def _forward(self, number: int, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while octets := await source.read(65536):
                if number in self._silent:
                    continue
                sink.write(octets)
                await sink.drain()
            # An end does not come through either.
            if number not in self._silent:
                sink.close()
