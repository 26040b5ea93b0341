"""Makes the search index of an SQLite file, and brings it up to date."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from lineageql.model.conventions.own_types import OwnTypes
from lineageql.model.identity import EntityKind
from lineageql.store.search_entry_reader import Entry, EntryReader, Renewed
from lineageql.store.sql.run_scan import NO_CONTEXT
from lineageql.store.sql.search_index.entry_tables import CHANGES, ENTRIES, STATE, Changed, fingerprint
from lineageql.store.sql.search_index.pending_changes import Pending
from lineageql.store.sql.search_index.sqlite_search_schema import created, dropped
from lineageql.store.sql.sqlite_driver import SQLiteDriver, translate
from lineageql.store.sql.statements import Statements

T = TypeVar("T")
_NODES = {Changed.ARTIFACT: "Artifact", Changed.EXECUTION: "Execution", Changed.CONTEXT: "Context"}
_AT_ONCE = 500
"""How many changes are taken at once: the file is locked for some milliseconds."""


@dataclass(frozen=True)
class Making:
    """What was done: entries that were made, by their kinds, or how many changes were taken."""

    made: Mapping[EntityKind, int]
    taken: int

    def __str__(self) -> str:
        if self.made:
            numbers = (f"{number:,} {kind.value.lower()}s" for kind, number in self.made.items())
            return f"Made the search index: {', '.join(numbers)}"
        return f"The search index is up to date: {self.taken:,} change{'' if self.taken == 1 else 's'} taken"


class SQLiteSearchIndex:
    """The search index of a file.

    Args:
        path: of the file.
        driver: reads it.
        own: what users say of types of their own.
        lock_timeout: how long another process's lock is waited for, in seconds.
    """

    def __init__(self, path: Path, driver: SQLiteDriver, own: OwnTypes, lock_timeout: float) -> None:
        self._path = path
        self._lock_timeout = lock_timeout
        self._fingerprint = fingerprint(own)
        self._driver = driver
        self._statements = Statements(own)

    async def make(self, told: Callable[[EntityKind, int], None]) -> Making:
        """Brings the index up to date; makes it where there is none, or one that was made by something else."""
        if await asyncio.to_thread(self._check_kept):
            taken = 0
            while done := await self.catch_up():
                taken += done
            return Making({}, taken)
        return Making(await self.build(told), 0)

    async def build(self, told: Callable[[EntityKind, int], None]) -> dict[EntityKind, int]:
        """Makes the index anew, whatever was there.

        Args:
            told: is told how many entries of a kind are made.

        Returns:
            How many entries there are of each kind.
        """
        await asyncio.to_thread(self._begin)
        numbers: dict[EntityKind, int] = {}
        for kind in EntityKind:
            numbers[kind] = 0
            async for entries in self._entries().every(kind):
                await asyncio.to_thread(self._add, kind, entries)
                numbers[kind] += len(entries)
                told(kind, numbers[kind])
        # What was written meanwhile is listed.
        await asyncio.to_thread(self._finish)
        while await self.catch_up():
            pass
        return numbers

    async def drop(self) -> bool:
        """Takes the index away; whether there was one."""
        return await asyncio.to_thread(self._drop)

    async def catch_up(self) -> int:
        """Makes the entries of some of what was changed anew; how many changes that were.

        Where there is no index, or its entries were made by other types of users', it does nothing.
        """
        changes = await asyncio.to_thread(self._take)
        if changes is None:
            return 0
        renewed = await self._entries().renewed(changes)
        await asyncio.to_thread(self._renew, changes, renewed)
        return len(changes.sequence)

    def _entries(self) -> EntryReader:
        return EntryReader(self._driver, self._statements)

    # -- in threads

    def _begin(self) -> None:
        with self._transaction() as connection:
            _drop_all(connection)
            for statement in created():
                connection.execute(statement)

    def _finish(self) -> None:
        with self._transaction() as connection:
            connection.execute(f"INSERT OR REPLACE INTO {STATE.name} VALUES ('entries', ?)", (self._fingerprint,))

    def _drop(self) -> bool:
        with self._transaction() as connection:
            return _drop_all(connection)

    def _add(self, kind: EntityKind, entries: Sequence[Entry]) -> None:
        with self._transaction() as connection:
            _insert(connection, kind, entries)

    def _take(self) -> Pending | None:
        """The changes that were listed first. What is changed again from now on is listed again."""
        some = f"SELECT seq, kind, id FROM {CHANGES.name} ORDER BY seq LIMIT {_AT_ONCE}"
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
        return rows == [(self._fingerprint,)]

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
