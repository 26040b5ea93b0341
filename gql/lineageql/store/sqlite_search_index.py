"""Makes the search index of an SQLite file, and brings it up to date."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from lineageql.model.conventions.own_types import OwnTypes
from lineageql.model.identity import EntityKind
from lineageql.store.search_entry_reader import Entry, Renewed
from lineageql.store.search_index import AT_ONCE, MadeAnew, SearchIndex, Taken
from lineageql.store.sql.dialects.sqlite import SQLite
from lineageql.store.sql.run_scan import NO_CONTEXT
from lineageql.store.sql.search_index.entry_tables import (
    BUILD,
    CHANGES,
    ENTRIES,
    ENTRIES_MADE,
    OF_TYPE,
    STATE,
    TYPES_READ,
    Changed,
    differing,
)
from lineageql.store.sql.search_index.pending_changes import Pending
from lineageql.store.sql.search_index.sqlite_search_schema import created, dropped
from lineageql.store.sql.sqlite_driver import SQLiteDriver, connected
from lineageql.store.sql.sqlite_errors import translate


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

    async def begin(self, build: str) -> None:
        await asyncio.to_thread(self._begin, build)

    async def add(self, build: str, kind: EntityKind, entries: Sequence[Entry]) -> None:
        await asyncio.to_thread(self._add, build, kind, entries)

    async def finish(self, build: str, types: Mapping[str, str]) -> None:
        await asyncio.to_thread(self._finish, build, types)

    async def drop(self) -> bool:
        return await asyncio.to_thread(self._drop)

    async def take(self, build: str | None) -> Taken | None:
        return await asyncio.to_thread(self._take, build)

    async def renew(self, taken: Taken, renewed: Sequence[Renewed], types: Mapping[str, str]) -> None:
        await asyncio.to_thread(self._renew, taken, renewed, types)

    async def named_runs(self) -> list[tuple[str, str]]:
        return await asyncio.to_thread(self._named_runs)

    async def forget(self, build: str, pairs: Sequence[tuple[str, str]]) -> None:
        await asyncio.to_thread(self._forget, build, pairs)

    async def close(self) -> None:
        """There is nothing to let go of: each transaction has a connection of its own."""

    # -- in threads

    def _begin(self, build: str) -> None:
        with self._transaction() as connection:
            _drop_all(connection)
            for statement in created():
                connection.execute(statement)
            connection.execute(f"INSERT INTO {STATE.name} VALUES (?, ?)", (BUILD, build))

    def _finish(self, build: str, types: Mapping[str, str]) -> None:
        with self._transaction(build) as connection:
            known = [(TYPES_READ, json.dumps(types)), (ENTRIES_MADE, self.fingerprint)]
            connection.executemany(f"INSERT INTO {STATE.name} VALUES (?, ?)", known)

    def _drop(self) -> bool:
        with self._transaction() as connection:
            return _drop_all(connection)

    def _add(self, build: str, kind: EntityKind, entries: Sequence[Entry]) -> None:
        with self._transaction(build) as connection:
            _insert(connection, kind, entries)

    def _take(self, build: str | None) -> Taken | None:
        with self._connected() as connection:
            known = _state(connection)
            if (build is None and known.get(ENTRIES_MADE) != self.fingerprint) or BUILD not in known:
                return None
            some = f"SELECT seq, version, kind, id FROM {CHANGES.name} ORDER BY seq LIMIT {AT_ONCE}"
            rows = connection.execute(some).fetchall()
        return Taken(Pending.of(rows), build or known[BUILD]) if rows else None

    def _check_kept(self) -> bool:
        with self._connected() as connection:
            return _state(connection).get(ENTRIES_MADE) == self.fingerprint

    def _renew(self, taken: Taken, renewed: Sequence[Renewed], types: Mapping[str, str]) -> None:
        changes = taken.changes
        with self._transaction(taken.build) as connection:
            sequence = json.dumps([seq for seq, _ in changes.sequence])
            there = f"SELECT count(*) FROM {CHANGES.name} WHERE seq IN (SELECT value FROM json_each(?))"
            if connection.execute(there, (sequence,)).fetchone()[0] != len(changes.sequence):
                return
            # What was changed again has another version, and stays.
            connection.executemany(f"DELETE FROM {CHANGES.name} WHERE seq = ? AND version = ?", changes.sequence)
            for one in renewed:
                table = ENTRIES[one.kind].name
                ids = json.dumps(list(one.ids))
                connection.execute(f"DELETE FROM {table} WHERE id IN (SELECT value FROM json_each(?))", (ids,))
                connection.executemany(f"DELETE FROM {table} WHERE workspace = ? AND run = ?", one.pairs)
                _insert(connection, one.kind, one.entries)
            self._list_more(connection, changes, types)

    def _list_more(self, connection: sqlite3.Connection, changes: Pending, types: Mapping[str, str]) -> None:
        """Lists what is changed with the names of contexts, with types, and with what other types tell of one."""
        listing = f"INSERT INTO {CHANGES.name}(kind, id) SELECT"
        known = json.loads(_state(connection).get(TYPES_READ, "{}"))
        for type_id in dict.fromkeys([*changes.types, *differing(known, types)]):
            for kind, table in OF_TYPE:
                connection.execute(f"{listing} {kind}, id FROM {table} WHERE type_id = ?", (type_id,))
        for context in changes.renamed:
            executions = f"{Changed.EXECUTION}, execution_id FROM Association WHERE context_id = ?"
            connection.execute(f"{listing} {executions}", (context,))
        if known and known != {**known, **types}:
            changed = json.dumps({**known, **types})
            connection.execute(f"UPDATE {STATE.name} SET value = ? WHERE name = ?", (changed, TYPES_READ))

    def _named_runs(self) -> list[tuple[str, str]]:
        table = ENTRIES[EntityKind.RUN].name
        with self._connected() as connection:
            return connection.execute(f"SELECT workspace, run FROM {table} WHERE id >= {NO_CONTEXT}").fetchall()

    def _forget(self, build: str, pairs: Sequence[tuple[str, str]]) -> None:
        table = ENTRIES[EntityKind.RUN].name
        with self._transaction(build) as connection:
            clauses = f"id >= {NO_CONTEXT} AND workspace = ? AND run = ?"
            connection.executemany(f"DELETE FROM {table} WHERE {clauses}", pairs)

    @contextmanager
    def _transaction(self, build: str | None = None) -> Iterator[sqlite3.Connection]:
        """A transaction that writes, of a making of the index where one is named."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            if build is not None and _state(connection).get(BUILD) != build:
                raise MadeAnew
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(connected(self._path, self._lock_timeout)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise translate(error, self._path) from error


def _state(connection: sqlite3.Connection) -> dict[str, str]:
    """What is known of the index; nothing where there is none."""
    if not connection.execute(SQLite.has_search_table, {"name": STATE.name}).fetchall():
        return {}
    return dict(connection.execute(f"SELECT name, value FROM {STATE.name}").fetchall())


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
