"""A lock of those who record, over a connection of its own to a database."""

from __future__ import annotations

import asyncio
import random
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from lineageql.errors import LineageQLError, Unavailable
from lineageql.settings import Settings
from lineageql.store.addresses import ServerAddress
from lineageql.store.patience import FULL_PAUSE, IDLE, is_silence, unheard
from lineageql.store.write_lock import WriteLock, unwritten

LONGEST = 120
"""Seconds after which the server ends a lock whose holder has gone without a farewell, or hangs."""


class DatabaseLock(WriteLock):
    """What the locks of the engines share: a connection that is probed after a rest, and dropped where it fails."""

    errors: tuple[type[BaseException], ...]
    """What the engine's library raises."""

    def __init__(self, address: ServerAddress, settings: Settings) -> None:
        super().__init__(str(address), float(settings.deadline))
        self._address, self._settings = address, settings
        self._connection: Any = None
        self._last = 0.0
        self.make_room: Callable[[], None] = unheard
        """Gives up another connection of this process, where the server takes no more."""
        self.fell_silent: Callable[[], None] = unheard
        """Is told that the server did not answer, which the other connections of this process lead to."""

    @abstractmethod
    async def connect(self) -> None:
        """Sets `_connection` to a new one that is ready."""

    @abstractmethod
    async def probe(self) -> None:
        """Asks whether the connection still answers."""

    @abstractmethod
    async def attempt(self, seconds: float) -> bool:
        """Takes the lock, or waits for it so long in vain."""

    @abstractmethod
    async def end(self) -> None:
        """Lets go of the lock."""

    @abstractmethod
    def is_broken(self) -> bool:
        """Whether the connection is known to be broken."""

    @abstractmethod
    def full(self, error: BaseException) -> bool:
        """Whether an error says that the server takes no more connections."""

    @abstractmethod
    def translate(self, error: BaseException) -> LineageQLError:
        """An error of the library as one of ours."""

    @abstractmethod
    def cut(self, connection: Any) -> None:
        """Ends a connection without waiting for the server."""

    async def take(self, seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        # A connection that lay idle may have broken.
        for last in (self._connection is None, True):
            try:
                if self._connection is not None and self.is_broken():
                    self.drop()
                if self._connection is None:
                    await self._enter()
                elif loop.time() - self._last >= IDLE:
                    await self.probe()
                self._last = loop.time()
                return await self.attempt(seconds)
            except self.errors as error:
                self._failed(error)
                if last:
                    if is_silence(error):
                        self.found_silent()
                    raise unwritten(self.translate(error)) from error
            except BaseException:
                self.drop()
                raise
        raise AssertionError

    async def _enter(self) -> None:
        """Connects; where the server takes no more connections, waits for a place."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._settings.deadline
        while True:
            try:
                return await self.connect()
            except self.errors as error:
                self.drop()
                if not self.full(error) or loop.time() >= until:
                    raise
            self.make_room()
            await asyncio.sleep(random.uniform(*FULL_PAUSE))

    async def free(self) -> None:
        if self._connection is None:
            return
        try:
            await self.end()
            self.found_well()
        except self.errors as error:
            self._failed(error)
        except BaseException:
            self.drop()
            raise

    def _failed(self, error: BaseException) -> None:
        self.drop()
        # While a lock is held each connection that has to be found silent makes all others wait.
        if is_silence(error):
            self.fell_silent()

    def check(self) -> None:
        if self._connection is None or self.is_broken():
            raise unwritten(Unavailable(f"the connection to {self._address} broke"))

    def drop(self) -> None:
        """Ends the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self.cut(connection)
