"""Stores of the tests in a MariaDB."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import asyncmy

from lineageql.settings import Settings
from lineageql.store.addresses import address_of
from lineageql.store.sql.dialects.mysql_literals import Literals
from lineageql.store.sql.driver import Driver
from lineageql.store.sql.mysql_driver import MySQLDriver
from tests.servers.mariadb import PASSWORD, USER, MariaDB
from tests.store.sql.mysql_schema import TABLES, script
from tests.store.sql.records import StoreRecord, rows
from tests.store.sql.schema import SIMPLE_TYPES
from tests.store.sql.workbench import ServerWorkbench


class MariaDBWorkbench(ServerWorkbench):
    """A database whose keys hold no text, so that what its collation takes for equal stands side by side in it."""

    examples = 0.25

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        super().__init__(folder, stack)
        self.server = MariaDB()
        stack.callback(self.server.close)
        self.database = self.server.database(script(unique=False))
        self.writer = self.run(self._connect())
        stack.callback(self.writer.close)
        address = address_of(self.server.url(self.database))
        self.driver = self.run(MySQLDriver.open(address, Settings(store_connections=1)))
        stack.callback(lambda: self.run(self.driver.close()))

    async def _connect(self) -> Any:
        connection = await asyncmy.connect(
            host="127.0.0.1", port=self.server.port, user=USER, password=PASSWORD.encode(), database=self.database
        )
        # As ml-metadata's.
        await connection.query("SET NAMES latin1")
        return connection

    @contextmanager
    def store(self, record: StoreRecord) -> Iterator[Driver]:
        self.run(self._fill(record))
        yield self.driver

    async def _fill(self, record: StoreRecord) -> None:
        for table in TABLES:
            if table != "MLMDEnv":
                where = f" WHERE id > {len(SIMPLE_TYPES)}" if table == "Type" else ""
                await self.writer.query(f"DELETE FROM {table}{where}")
        together: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for table, row in rows(record):
            together[(table, *row)].append(row)
        for (table, *columns), found in together.items():
            values = ", ".join(f"({', '.join(_literal(row[name]) for name in columns)})" for row in found)
            await self.writer.query(f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values}")
        await self.writer.commit()


def _literal(value: Any) -> str:
    return Literals({"value": value}, "latin1")["value!wire" if isinstance(value, str) else "value"]
