"""The lock of those who record in a PostgreSQL database: an advisory lock, held by a transaction of ours.

It is the transaction's, and not the session's: so it holds behind a proxy that gives a
session to whoever has a transaction, and it ends with the connection, with a server that
goes down, and after `LONGEST` seconds in which its holder says nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg

from lineageql.errors import LineageQLError
from lineageql.store.patience import probe_timeout
from lineageql.store.sql.database_lock import LONGEST, DatabaseLock
from lineageql.store.sql.postgresql_driver import ERRORS, connected, translate

_KEY = int.from_bytes(b"LineageQ", "big")
"""The lock's number, which is the same in every database: each has locks of its own."""


class PostgreSQLLock(DatabaseLock):
    """A lock in a database, over a connection of its own."""

    errors = ERRORS

    async def connect(self) -> None:
        self._connection = await connected(self._address, self._settings)

    async def probe(self) -> None:
        await self._connection.execute("SELECT 1", timeout=probe_timeout(self._settings))

    async def attempt(self, seconds: float) -> bool:
        words = (
            "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; SET LOCAL statement_timeout = 0; "
            f"SET LOCAL lock_timeout = {max(1, round(seconds * 1000))}; "
            f"SET LOCAL idle_in_transaction_session_timeout = '{LONGEST}s'; "
            f"SELECT pg_advisory_xact_lock({_KEY})"
        )
        try:
            await self._connection.execute(words, timeout=seconds + self._settings.store_timeout)
        except asyncpg.LockNotAvailableError:
            await self._connection.execute("ROLLBACK", timeout=float(self._settings.store_timeout))
            return False
        return True

    async def end(self) -> None:
        # It takes the server no time. Where it is silent the connection is ended, and the lock with it.
        await self._connection.execute("COMMIT", timeout=probe_timeout(self._settings))

    def is_broken(self) -> bool:
        return bool(self._connection.is_closed())

    def full(self, error: BaseException) -> bool:
        return isinstance(error, asyncpg.TooManyConnectionsError)

    def translate(self, error: BaseException) -> LineageQLError:
        return translate(error, self._address)

    def cut(self, connection: Any) -> None:
        connection.terminate()

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(asyncio.TimeoutError, *ERRORS):
                await connection.close(timeout=float(self._settings.store_timeout))
