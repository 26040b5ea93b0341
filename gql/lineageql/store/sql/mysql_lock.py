"""The locks of those who record in a MySQL or MariaDB database.

`GET_LOCK` is one where a single server takes what is written: the server ends it with the
connection. In a cluster of several such servers, Galera or MySQL's group replication, it is
known to one node only. There the lock is a row that its holder writes its name into: of two
who write it at once on two nodes, the cluster lets one through.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import secrets
from abc import abstractmethod
from contextlib import suppress
from typing import Any

from lineageql.errors import LineageQLError, StoreError, Unavailable
from lineageql.settings import Settings
from lineageql.store.addresses import ServerAddress
from lineageql.store.patience import patience, probe_timeout
from lineageql.store.sql.database_lock import LONGEST, DatabaseLock
from lineageql.store.sql.mysql_driver import CONFLICTS, ERRORS, FULL, connected, end, error_number, ran, translate
from lineageql.store.sql.opening import LOCK_TABLE
from lineageql.store.write_lock import WriteLock, unwritten

LEASE = 10.0
"""Seconds after which the row of one who says nothing is another's."""
_SHORTEST, _LONGER = 0.002, 0.02
"""Seconds between two looks at the row."""
_MAKE = (
    f"CREATE TABLE IF NOT EXISTS {LOCK_TABLE} (id INT PRIMARY KEY, holder VARCHAR(32) NOT NULL, beats BIGINT NOT NULL)"
    " ENGINE = InnoDB"
)
_CLUSTER = (
    "SELECT variable_value FROM information_schema.global_variables WHERE variable_name = 'WSREP_ON'",
    "SELECT IF(@@group_replication_single_primary_mode = 0, 'ON', 'OFF')",
)
"""Of MariaDB and of MySQL: `ON` where several servers take what is written. Each knows only its own."""


class MySQLLock(DatabaseLock):
    """A lock in a database, over a connection of its own."""

    errors = ERRORS

    async def connect(self) -> None:
        self._connection = await connected(self._address, self._settings, reading=False)
        await self.begin()

    @abstractmethod
    async def begin(self) -> None:
        """What a new connection needs."""

    async def probe(self) -> None:
        await self.run("SELECT 1", probe_timeout(self._settings) - self._settings.store_timeout)

    async def run(self, text: str, seconds: float = 0.0) -> Any:
        """The rows of a statement that may take so long by itself."""
        if self._connection is None:
            raise ConnectionError("the connection broke")
        try:
            with patience(seconds + self._settings.store_timeout, self.drop):
                return await ran(self._connection, text)
        except BaseException as error:
            if not error_number(error):
                # No word of the server's: its answer may still be under way.
                self.drop()
            raise

    def is_broken(self) -> bool:
        return bool(self._connection._stream_broken)

    def full(self, error: BaseException) -> bool:
        return error_number(error) in FULL

    def translate(self, error: BaseException) -> LineageQLError:
        return translate(error, self._address)

    def cut(self, connection: Any) -> None:
        end(connection)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*ERRORS):
                await asyncio.wait_for(connection.ensure_closed(), self._settings.store_timeout)


class NamedLock(MySQLLock):
    """A lock by `GET_LOCK`."""

    def __init__(self, address: ServerAddress, settings: Settings) -> None:
        super().__init__(address, settings)
        # Its name is the whole server's, and of 64 characters at most.
        self._lock = f"lineageql {hashlib.sha256(address.database.encode()).hexdigest()[:40]}"

    async def begin(self) -> None:
        await self.run(f"SET SESSION wait_timeout = {LONGEST}")

    async def attempt(self, seconds: float) -> bool:
        ((taken,),) = await self.run(f"SELECT GET_LOCK('{self._lock}', {max(1, round(seconds))})", seconds)
        if taken is None:
            raise StoreError(f"{self._address} gives no lock by GET_LOCK; nothing of this was written")
        return bool(taken)

    async def end(self) -> None:
        await self.run(f"SELECT RELEASE_LOCK('{self._lock}')")


class RowLock(MySQLLock):
    """A lock by a row, in a cluster in which several nodes take what is written.

    Its holder counts it up while it has it. Who sees one count for `LEASE` seconds takes it from
    a holder that has died. Nobody compares clocks of several machines.
    """

    def __init__(self, address: ServerAddress, settings: Settings) -> None:
        super().__init__(address, settings)
        self._me = secrets.token_hex(16)
        self._seen: tuple[str, int] = ("", 0)
        self._since = 0.0
        self._beaten = 0.0
        self._beating: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()

    async def begin(self) -> None:
        if not await self.run(
            f"SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '{LOCK_TABLE}'"
        ):
            await self.run(_MAKE)
        await self._write(f"INSERT IGNORE INTO {LOCK_TABLE} VALUES (1, '', 0)")

    async def attempt(self, seconds: float) -> bool:
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        while True:
            dead = self._seen if self._seen[0] and loop.time() - self._since >= LEASE else None
            # Its own name stands there where it could not be taken out.
            free = f"(holder IN ('', '{self._me}')"
            free += ")" if dead is None else f" OR holder = '{dead[0]}' AND beats = {dead[1]})"
            asked = loop.time()
            taking = f"UPDATE {LOCK_TABLE} SET holder = '{self._me}', beats = beats + 1 WHERE id = 1 AND {free}"
            if await self._write(taking):
                self._beaten = asked
                self._ending.clear()
                self._beating = asyncio.create_task(self._beat(), name="beats of a lock in MySQL")
                return True
            rows = await self.run(f"SELECT holder, beats FROM {LOCK_TABLE} WHERE id = 1")
            seen = (str(rows[0][0]), int(rows[0][1])) if rows else ("", 0)
            if seen != self._seen:
                self._seen, self._since = seen, loop.time()
            if loop.time() >= ends:
                return False
            await asyncio.sleep(random.uniform(_SHORTEST, _LONGER))

    async def _beat(self) -> None:
        """Counts the row up until the lock ends; a failure ends it too, and `check` finds that."""
        while True:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._ending.wait(), LEASE / 4)
                return
            asked = asyncio.get_running_loop().time()
            if not await self._write(
                f"UPDATE {LOCK_TABLE} SET beats = beats + 1 WHERE id = 1 AND holder = '{self._me}'"
            ):
                return
            self._beaten = asked

    async def _write(self, text: str) -> bool:
        """Whether a statement changed the row; one that another node's was in the way of has not."""
        try:
            await self.run(text)
        except ERRORS as error:
            if error_number(error) in CONFLICTS:
                return False
            raise
        return bool(self._connection.affected_rows())

    async def _still(self) -> None:
        """Ends the beats, after the one that is under way."""
        beating, self._beating = self._beating, None
        if beating is not None:
            self._ending.set()
            await asyncio.wait((beating,))
            if not beating.cancelled():
                beating.exception()  # whatever it was, the next statement finds it too

    async def end(self) -> None:
        await self._still()
        gone = f"UPDATE {LOCK_TABLE} SET holder = '', beats = beats + 1 WHERE id = 1 AND holder = '{self._me}'"
        while not await self._write(gone):
            # Another node's was in the way, or the lock was another's already.
            if await self.run(f"SELECT 1 FROM {LOCK_TABLE} WHERE id = 1 AND holder <> '{self._me}'"):
                return

    def check(self) -> None:
        super().check()
        if asyncio.get_running_loop().time() - self._beaten > LEASE / 2:
            raise unwritten(Unavailable(f"{self._address} did not answer for {LEASE / 2:g} seconds"))

    async def close(self) -> None:
        await self._still()
        await super().close()


async def lock_of(address: ServerAddress, settings: Settings) -> WriteLock:
    """The lock of those who record in a database.

    Raises:
        LineageQLError: what `MySQLDriver.open` raises.
    """
    try:
        connection = await connected(address, settings, reading=False)
        try:
            kind: type[MySQLLock] = RowLock if await several_writers(connection) else NamedLock
        finally:
            connection.close()
    except ERRORS as error:
        raise translate(error, address) from error
    return kind(address, settings)


async def several_writers(connection: Any) -> bool:
    """Whether several servers take what is written to this database."""
    for text in _CLUSTER:
        with suppress(*ERRORS):
            rows = await ran(connection, text)
            if any(str(row[0]).upper() == "ON" for row in rows):
                return True
    return False
