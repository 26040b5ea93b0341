"""The way from ml-metadata's worker to a database server: a Unix socket of the service's that leads there.

So the service has a hand on a connection that ml-metadata keeps to itself: it can ask the server
whether it is at a statement of it, and end it where the server has fallen silent.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from lineageql.errors import LineageQLError
from lineageql.settings import Settings
from lineageql.store.addresses import ServerAddress
from lineageql.store.mlmd.channel import WorkerChannel
from lineageql.store.mlmd.frames import Reply, Status
from lineageql.store.mlmd.process import WorkerProcess
from lineageql.store.patience import FULL_PAUSE, keep_alive, probe_timeout, unheard
from lineageql.store.streams import write

log = logging.getLogger("lineageql.store")

AtWork = Callable[[int], Awaitable[bool]]
"""Whether a server is at a statement of the connection that it has given a number; true where it cannot know."""


class Full(Exception):
    """A server takes no more connections."""


class Relay(ABC):
    """A Unix socket, in a folder that only this user enters, that leads to a server.

    Args:
        address: where the server is.
        settings: how long it may take to let a connection in.
    """

    def __init__(self, address: ServerAddress, settings: Settings) -> None:
        self.address = address
        self.settings = settings
        self.patience = float(settings.store_timeout)
        """Seconds in which a connection to the server is there."""
        self._silent_until = 0.0
        """Until when the next connection waits for the server no longer than a probe does, as it has fallen silent."""
        self._folder = ""
        self._server: asyncio.AbstractServer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: set[asyncio.StreamWriter] = set()
        self.make_room: Callable[[], None] = unheard
        """Gives up another connection of this process, where the server takes no more."""
        self.conflict = False
        """Whether the server ended a statement since the call began as others wrote the same: nothing was applied."""
        self.full = False
        """Whether the server let a connection sign in and not in, as it has too many of this user or database."""
        self.number: int | None = None
        """By what the server calls the newest connection; None while there is none."""

    @abstractmethod
    def socket_name(self) -> str:
        """The name of the socket in its folder."""

    @abstractmethod
    def led(self, path: str) -> ServerAddress:
        """The address that leads through the socket of this path."""

    @abstractmethod
    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the server."""

    @abstractmethod
    async def greeting(self, here: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bytes:
        """What the server is told first; empty where it speaks first."""

    @abstractmethod
    async def pass_on(
        self,
        here: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        greeting: bytes,
        patience: float,
    ) -> None:
        """Hands on what either end says, until one has no more to say; tells the server's number of the connection.

        Args:
            here: the connection of ml-metadata's.
            there: the connection to the server.
            greeting: what the server is told first.
            patience: seconds that the server has for its first words.

        Raises:
            Full: the server takes no more connections; nothing of that is handed on.
        """

    async def open(self) -> ServerAddress:
        """Makes the socket; answers the address that leads through it."""
        self._folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="lineageql-")
        path = os.path.join(self._folder, self.socket_name())
        self._server = await asyncio.start_unix_server(self._serve, path)
        return self.led(path)

    async def close(self) -> None:
        """Ends what goes through the socket, and takes it away."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._folder:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    def fell_silent(self) -> None:
        """Ends the connections that go through the socket, at once: their server does not answer."""
        self._silent_until = asyncio.get_running_loop().time() + self.patience
        self.cut()

    def _next_patience(self) -> float:
        """How long the next connection waits for the server, in seconds.

        The first one after the server fell silent waits only as long as a probe does, because other calls wait
        behind it.
        """
        is_silent = asyncio.get_running_loop().time() < self._silent_until
        self._silent_until = 0.0
        return min(probe_timeout(self.settings), self.patience) if is_silent else self.patience

    def cut(self) -> None:
        """Ends the connections that go through the socket, at once."""
        self.number = None
        for end in self._ends:
            end.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._ends.add(writer)
        ends = {writer}
        # The worker sees no more of an error than a connection that ends, and says so.
        try:
            greeting = await self.greeting((reader, writer))
            until = asyncio.get_running_loop().time() + self.settings.deadline
            while True:
                patience = self._next_patience()
                there, back = await asyncio.wait_for(self.connect(), patience)
                ends.add(back)
                self._ends.add(back)
                keep_alive(back.get_extra_info("socket"))
                try:
                    await self.pass_on((reader, writer), (there, back), greeting, patience)
                    return
                except Full:
                    back.close()
                    if asyncio.get_running_loop().time() >= until:
                        raise OSError("it takes no more connections") from None
                self.make_room()
                await asyncio.sleep(random.uniform(*FULL_PAUSE))
        except (asyncio.IncompleteReadError, ConnectionResetError, BrokenPipeError):
            log.debug("a connection to %s ended", self.address)
        except asyncio.TimeoutError:
            log.warning("ml-metadata cannot reach %s: it does not answer", self.address)
        except OSError as error:
            log.warning("ml-metadata cannot reach %s: %s", self.address, error)
        except ValueError as error:
            log.error("a statement of ml-metadata's was not sent to %s: %s", self.address, error)
        finally:
            for end in ends:
                end.close()
            self._ends -= ends
            self._tasks.discard(task)


class MySQLRelay(Relay):
    """The way to MySQL or MariaDB, over which octets go as they are."""

    def socket_name(self) -> str:
        return "mysql.sock"

    def led(self, path: str) -> ServerAddress:
        return replace(self.address, host=path)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.address.host.startswith("/"):
            return await asyncio.open_unix_connection(self.address.host)
        return await asyncio.open_connection(self.address.host, self.address.port)

    async def greeting(self, here: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> bytes:
        return b""

    async def pass_on(
        self,
        here: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        greeting: bytes,
        patience: float,
    ) -> None:
        # Its version, and the number of the connection.
        # A server that hangs takes connections all the same.
        head = await asyncio.wait_for(there[0].readexactly(4), patience)
        first = await there[0].readexactly(int.from_bytes(head[:3], "little"))
        if first[:1] == b"\xff" and int.from_bytes(first[1:3], "little") in _FULL:
            raise Full
        version, _, rest = first.partition(b"\0")
        # What begins with 255 is an error in its place.
        self.number = int.from_bytes(rest[:4], "little") if version[:1] == b"\x0a" else None
        write(here[1], [head, first])
        await asyncio.gather(_poured(here[0], there[1]), _poured(there[0], here[1]))


_FULL = (1040, 1203)
"""The server has as many connections as may be. What is one user's limit (1226) it says only after the password."""


async def _poured(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while octets := await source.read(65536):
            write(sink, [octets])
            await sink.drain()
    finally:
        with suppress(OSError):
            sink.close()


class RelayedRecorder(WorkerChannel):
    """ml-metadata's worker behind a relay of its own, which begins before it and ends after it.

    Args:
        relay: makes a relay that is not open.
        config: ml-metadata's `ConnectionConfig` of an address, serialized.
        at_work: asks the server; without it nothing is found out while a call is under way.
        timeout: see `WorkerChannel`.
        look: seconds after which the server is asked whether it is at a call that is not answered.
        probe: see `WorkerChannel`.
    """

    def __init__(
        self,
        relay: Callable[[], Relay],
        config: Callable[[ServerAddress], bytes],
        at_work: AtWork | None,
        *,
        timeout: float,
        look: float,
        probe: float,
    ) -> None:
        super().__init__(b"", timeout=timeout, probe=probe)
        self._make_relay = relay
        self._make_config = config
        self._at_work = at_work
        self._look = look
        self.relay = relay()

    def sibling(self) -> RelayedRecorder:
        # Not behind the same relay, which knows what is under way on one connection.
        return type(self)(
            self._make_relay,
            self._make_config,
            self._at_work,
            timeout=self._timeout,
            look=self._look,
            probe=self._probe or self._look,
        )

    async def _open(self) -> WorkerProcess:
        if not self._config:
            self._config = self._make_config(await self.relay.open())
        until = asyncio.get_running_loop().time() + self._timeout
        while True:
            self.relay.full = False
            try:
                return await super()._open()
            except LineageQLError:
                if not self.relay.full or self._closed or asyncio.get_running_loop().time() >= until:
                    raise
            await self._room()

    async def _room(self) -> None:
        """Waits a while for a place on a server that takes no more connections."""
        self.relay.make_room()
        await asyncio.sleep(random.uniform(*FULL_PAUSE))

    async def _exchange(self, worker: WorkerProcess, rpc: str, request: bytes, deadline: float) -> Reply:
        self.relay.conflict = self.relay.full = False
        with self._watched():
            reply = await super()._exchange(worker, rpc, request, deadline)
        if reply.code != Status.OK and (self.relay.conflict or self.relay.full):
            if self.relay.full:
                self.relay.make_room()
            # ml-metadata does not tell these from other faults of PostgreSQL's; nothing was applied.
            return reply._replace(code=Status.ABORTED)
        return reply

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Cuts the connection where its server is not at the call that is under way."""
        watchers: list[asyncio.Task[None]] = []

        def begin() -> None:
            watchers.append(asyncio.create_task(self._watch(), name="watch over ml-metadata's connection"))

        timer = asyncio.get_running_loop().call_later(self._look, begin)
        try:
            yield
        finally:
            timer.cancel()
            for watcher in watchers:
                watcher.cancel()

    async def _watch(self) -> None:
        while self._at_work is not None:
            number = self.relay.number
            if number is not None and not await self._at_work(number) and number == self.relay.number:
                log.warning("%s has fallen silent, and ml-metadata's connection to it is ended", self.relay.address)
                self.relay.fell_silent()
            await asyncio.sleep(self._look)

    async def close(self) -> None:
        try:
            await super().close()
        finally:
            await self.relay.close()
