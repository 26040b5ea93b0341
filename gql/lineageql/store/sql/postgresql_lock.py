"""The lock of those who record in a PostgreSQL database: an advisory lock, held by a transaction of ours.

It is the transaction's, and not the session's: so it holds behind a proxy that gives a
session to whoever has a transaction, and it ends with the connection, with a server that
goes down, and after `_LONGEST` seconds in which its holder says nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg

from lineageql.errors import Unavailable
from lineageql.settings import Settings
from lineageql.store.addresses import ServerAddress
from lineageql.store.patience import IDLE, probe_timeout
from lineageql.store.sql.postgresql_driver import ERRORS, connected, translate
from lineageql.store.write_lock import WriteLock, unwritten

_KEY = int.from_bytes(b"LineageQ", "big")
"""The lock's number, which is the same in every database: each has locks of its own."""
_LONGEST = 120
"""Seconds after which the server ends a lock whose holder has gone without a farewell, or hangs."""


class PostgreSQLLock(WriteLock):
    """A lock in a database, over a connection of its own."""

    def __init__(self, address: ServerAddress, settings: Settings) -> None:
        super().__init__(str(address), float(settings.deadline))
        self._address, self._settings = address, settings
        self._connection: Any = None
        self._last = 0.0

    async def take(self, seconds: float) -> bool:
        # A connection that lay idle may have broken.
        for last in (self._connection is None, True):
            try:
                return await self._take(seconds)
            except ERRORS as error:
                self._drop()
                if last:
                    raise unwritten(translate(error, self._address)) from error
            except BaseException:
                self._drop()
                raise
        raise AssertionError

    async def _take(self, seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        if self._connection is None or self._connection.is_closed():
            self._connection = await connected(self._address, self._settings)
        elif loop.time() - self._last >= IDLE:
            await self._connection.execute("SELECT 1", timeout=probe_timeout(self._settings))
        self._last = loop.time()
        words = (
            "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; SET LOCAL statement_timeout = 0; "
            f"SET LOCAL lock_timeout = {max(1, round(seconds * 1000))}; "
            f"SET LOCAL idle_in_transaction_session_timeout = '{_LONGEST}s'; "
            f"SELECT pg_advisory_xact_lock({_KEY})"
        )
        try:
            await self._connection.execute(words, timeout=seconds + self._settings.store_timeout)
        except asyncpg.LockNotAvailableError:
            await self._connection.execute("ROLLBACK", timeout=float(self._settings.store_timeout))
            return False
        return True

    async def free(self) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            await connection.execute("COMMIT", timeout=float(self._settings.store_timeout))
        except ERRORS:
            self._drop()
        except BaseException:
            self._drop()
            raise

    def check(self) -> None:
        if self._connection is None or self._connection.is_closed():
            raise unwritten(Unavailable(f"the connection to {self._address} broke"))

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(asyncio.TimeoutError, *ERRORS):
                await connection.close(timeout=float(self._settings.store_timeout))

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
