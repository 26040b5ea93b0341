"""Makes the search index of an SQLite file, and brings it up to date."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from lineageql.model.conventions.own_types import OwnTypes
from lineageql.model.identity import EntityKind
from lineageql.store.search_entry_reader import Entry, Renewed
from lineageql.store.search_index import AT_ONCE, SearchIndex
from lineageql.store.sql.run_scan import NO_CONTEXT
from lineageql.store.sql.search_index.entry_tables import CHANGES, ENTRIES, STATE, Changed
from lineageql.store.sql.search_index.pending_changes import Pending
from lineageql.store.sql.search_index.sqlite_search_schema import created, dropped
from lineageql.store.sql.sqlite_driver import SQLiteDriver, translate

_NODES = {Changed.ARTIFACT: "Artifact", Changed.EXECUTION: "Execution", Changed.CONTEXT: "Context"}


class SQLiteSearchIndex(SearchIndex):
    """The search index of a file.

    Args:
        path: of the file.
        driver: reads it.
        own: what users say of types of their own.
        lock_timeout: how long another process's lock is waited for, in seconds.
    """

    def __init__(self, path: Path, driver: SQLiteDriver, own: OwnTypes, lock_timeout: float) -> None:
        super().__init__(driver, own)
        self._path = path
        self._lock_timeout = lock_timeout

    async def is_kept(self) -> bool:
        return await asyncio.to_thread(self._check_kept)

    async def begin(self) -> None:
        await asyncio.to_thread(self._begin)

    async def add(self, kind: EntityKind, entries: Sequence[Entry]) -> None:
        await asyncio.to_thread(self._add, kind, entries)

    async def finish(self) -> None:
        await asyncio.to_thread(self._finish)

    async def drop(self) -> bool:
        return await asyncio.to_thread(self._drop)

    async def take(self) -> Pending | None:
        return await asyncio.to_thread(self._take)

    async def renew(self, changes: Pending, renewed: Sequence[Renewed]) -> None:
        await asyncio.to_thread(self._renew, changes, renewed)

    # -- in threads

    def _begin(self) -> None:
        with self._transaction() as connection:
            _drop_all(connection)
            for statement in created():
                connection.execute(statement)

    def _finish(self) -> None:
        with self._transaction() as connection:
            connection.execute(f"INSERT OR REPLACE INTO {STATE.name} VALUES ('entries', ?)", (self.fingerprint,))

    def _drop(self) -> bool:
        with self._transaction() as connection:
            return _drop_all(connection)

    def _add(self, kind: EntityKind, entries: Sequence[Entry]) -> None:
        with self._transaction() as connection:
            _insert(connection, kind, entries)

    def _take(self) -> Pending | None:
        """The changes that were listed first. What is changed again from now on is listed again."""
        some = f"SELECT seq, kind, id FROM {CHANGES.name} ORDER BY seq LIMIT {AT_ONCE}"
        with self._connected() as connection:
            if not self._is_kept(connection) or not connection.execute(some).fetchall():
                return None
        with self._transaction() as connection:
            rows = connection.execute(some).fetchall()
            if not rows:
                return None
            connection.execute(f"UPDATE {CHANGES.name} SET taken = 1 WHERE seq <= ?", (rows[-1][0],))
        return Pending.of(rows)

    def _check_kept(self) -> bool:
        with self._connected() as connection:
            return self._is_kept(connection)

    def _is_kept(self, connection: sqlite3.Connection) -> bool:
        """Whether there is an index, whose entries are as they would be made now."""
        there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        if not connection.execute(there, (STATE.name,)).fetchall():
            return False
        rows = connection.execute(f"SELECT value FROM {STATE.name} WHERE name = 'entries'").fetchall()
        return rows == [(self.fingerprint,)]

    def _renew(self, changes: Pending, renewed: Sequence[Renewed]) -> None:
        """Writes entries, unless another process has done that meanwhile: its own may be newer."""
        taken = json.dumps(changes.sequence)
        with self._transaction() as connection:
            done = connection.execute(
                f"DELETE FROM {CHANGES.name} WHERE seq IN (SELECT value FROM json_each(?))", (taken,)
            )
            if done.rowcount != len(changes.sequence):
                connection.execute("ROLLBACK")
                return
            for one in renewed:
                table = ENTRIES[one.kind].name
                ids = json.dumps(list(one.ids))
                connection.execute(f"DELETE FROM {table} WHERE id IN (SELECT value FROM json_each(?))", (ids,))
                connection.executemany(f"DELETE FROM {table} WHERE workspace = ? AND run = ?", one.pairs)
                _insert(connection, one.kind, one.entries)
            listing = f"INSERT INTO {CHANGES.name}(kind, id) SELECT"
            for context in changes.renamed:
                executions = f"{Changed.EXECUTION}, execution_id FROM Association WHERE context_id = ?"
                connection.execute(f"{listing} {executions}", (context,))
            for type_id in changes.types:
                for kind, table in _NODES.items():
                    connection.execute(f"{listing} {kind}, id FROM {table} WHERE type_id = ?", (type_id,))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            if connection.in_transaction:
                connection.execute("COMMIT")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        uri = f"file:{quote(str(self._path.absolute()))}?mode=rw"
        try:
            with closing(
                sqlite3.connect(uri, uri=True, timeout=self._lock_timeout, isolation_level=None)
            ) as connection:
                yield connection
        except sqlite3.Error as error:
            raise translate(error, self._path) from error


def _drop_all(connection: sqlite3.Connection) -> bool:
    names = connection.execute("SELECT type, name FROM sqlite_master").fetchall()
    statements = list(dropped(names))
    for statement in statements:
        connection.execute(statement)
    return bool(statements)


def _insert(connection: sqlite3.Connection, kind: EntityKind, entries: Sequence[Entry]) -> None:
    table = ENTRIES[kind].name
    marks = ", ".join("?" * len(Entry._fields))
    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", [entry for entry in entries if entry.id])
    for entry in entries:
        if not entry.id:  # a run that is only a name
            number = f"(SELECT max({NO_CONTEXT}, coalesce(max(id), 0) + 1) FROM {table})"
            connection.execute(f"INSERT INTO {table} VALUES ({number}, {', '.join('?' * (len(entry) - 1))})", entry[1:])
