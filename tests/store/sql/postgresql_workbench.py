"""Stores in one PostgreSQL database, filled anew for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from lineageql.settings import Settings
from lineageql.store.addresses import ServerAddress, address_of
from lineageql.store.sql.driver import Driver
from lineageql.store.sql.postgresql_driver import PostgreSQLDriver
from tests.servers.postgresql import PostgreSQL, shared
from tests.store.sql.records import StoreRecord, rows
from tests.store.sql.schema_postgresql import SCRIPT, TABLES
from tests.store.sql.workbench import ServerWorkbench


class PostgreSQLWorkbench(ServerWorkbench):
    """A database that sorts as people do; `options` makes another."""

    options = ""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        super().__init__(folder, stack)
        self.server: PostgreSQL = shared()
        self.url = self.server.url(self.server.database(SCRIPT, self.options))
        address = address_of(self.url)
        assert isinstance(address, ServerAddress)
        self.driver = self.run(PostgreSQLDriver.open(address, Settings(store_connections=2)))
        stack.callback(lambda: self.run(self.driver.close()))
        self.writer: Any = self.run(asyncpg.connect(self.url))
        stack.callback(lambda: self.run(self.writer.close()))

    @contextmanager
    def store(self, record: StoreRecord) -> Iterator[Driver]:
        self.run(self._fill(record))
        yield self.driver

    async def _fill(self, record: StoreRecord) -> None:
        async with self.writer.transaction():
            kept = [name for name in TABLES if name not in ("MLMDEnv", "Type")]
            await self.writer.execute("; ".join(f"DELETE FROM {name}" for name in kept))
            await self.writer.execute("DELETE FROM Type WHERE id > 9")
            tables: dict[tuple[str, tuple[str, ...]], list[tuple[Any, ...]]] = defaultdict(list)
            for table, row in rows(record):
                tables[table.lower(), tuple(row)].append(tuple(row.values()))
            for (table, columns), values in tables.items():
                places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
                insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
                await self.writer.executemany(insert, values)


class OctetsWorkbench(PostgreSQLWorkbench):
    """A database that sorts by octets, whose own indexes serve for prefixes and orders."""

    options = "TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'"
