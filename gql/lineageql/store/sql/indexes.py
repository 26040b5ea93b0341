"""The two indexes that MLMD lacks: from an artifact or an execution to its contexts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lineageql.store.sql.dialects import Dialect, Statement
from lineageql.store.sql.dialects.sqlite import SQLite
from lineageql.store.sql.driver import Driver
from lineageql.store.sql.sqlite_driver import connected
from lineageql.store.sql.sqlite_errors import translate


@dataclass(frozen=True, slots=True)
class Index:
    """An index of one column."""

    name: str
    table: str
    column: str

    def statements(self, dialect: Dialect) -> list[str]:
        """What adds it to a database."""
        return dialect.index(self.name, self.table, self.column)

    def __str__(self) -> str:
        return f"{self.name} on {self.table}({self.column})"


INDEXES = (
    Index("idx_attribution_artifact_id", "Attribution", "artifact_id"),
    Index("idx_association_execution_id", "Association", "execution_id"),
)


async def missing_indexes(driver: Driver) -> list[Index]:
    """Which of the indexes a database lacks; any that begins with the column serves, whatever it is called."""
    found = {(table, column) for table, column in await driver.fetch(Statement(driver.dialect.indexed, {}))}
    return [index for index in INDEXES if (index.table.lower(), index.column) not in found]


def add_indexes(path: Path, indexes: list[Index], lock_timeout: float) -> None:
    """Adds indexes to an SQLite file of MLMD's, all or none.

    Raises:
        StoreLocked: another process holds the file.
        StoreError: it cannot be written.
    """
    try:
        with closing(connected(path, lock_timeout)) as connection:
            # The lock is taken first: without it a writer in between makes the statements fail half-way.
            connection.execute("BEGIN IMMEDIATE")
            for index in indexes:
                for statement in index.statements(SQLite()):
                    connection.execute(statement)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise translate(error, path) from error
