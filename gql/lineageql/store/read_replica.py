"""The replica that queries read, and the database itself in its place while it is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from lineageql.errors import LineageQLError, StoreError, Unavailable
from lineageql.store.sql.driver import Driver

log = logging.getLogger("lineageql.store")

_PAUSE = 2.0
"""Seconds between two looks at the replica."""


class ReadReplica:
    """Looks at a replica every two seconds, and says which driver queries read.

    Args:
        name: what the replica is called.
        primary: the database itself.
        connect: opens a driver of the replica.
    """

    def __init__(self, name: str, primary: Driver, connect: Callable[[], Awaitable[Driver]]) -> None:
        self._name = name
        self._primary = primary
        self._connect = connect
        self._driver: Driver | None = None
        self._fault: LineageQLError | None = None
        self._looking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connects to the replica, where it is there, and begins to look at it.

        Raises:
            UsageError, NotMLMD, SchemaMismatch: it is no replica of the store.
        """
        await self._look()
        self._looking = asyncio.create_task(self._watch(), name="looks at the replica that queries read")

    @property
    def driver(self) -> Driver:
        """What queries read now."""
        return self._primary if self._driver is None or self._fault is not None else self._driver

    @property
    def statements(self) -> int:
        """How many statements the replica itself has run."""
        return 0 if self._driver is None else self._driver.statements

    @property
    def remark(self) -> str | None:
        """Why queries read the database itself; None where they read the replica."""
        return None if self._fault is None else f"queries read the database itself: {self._fault}"

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait((self._looking,))
        if self._driver is not None:
            await self._driver.close()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE)
            # One that has become no replica of the store stays out of use, and is told of in `remark`.
            with suppress(LineageQLError):
                await self._look()

    async def _look(self) -> None:
        try:
            if self._driver is None:
                self._driver = await self._connect()
            await self._driver.probe()
        except LineageQLError as error:
            if self._fault is None:
                log.warning("the replica %s is not read for now: %s", self._name, error)
            self._fault = error
            if type(error) not in (Unavailable, StoreError):
                raise
        else:
            if self._fault is not None:
                log.info("the replica %s is read again", self._name)
            self._fault = None
