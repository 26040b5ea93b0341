"""Makes the search index of a PostgreSQL database, and brings it up to date."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from lineageql.model.conventions.own_types import OwnTypes
from lineageql.model.identity import EntityKind
from lineageql.settings import Settings
from lineageql.store.addresses import ServerAddress
from lineageql.store.search_entry_reader import Entry, Renewed
from lineageql.store.search_index import AT_ONCE, SearchIndex
from lineageql.store.sql.driver import Driver
from lineageql.store.sql.postgresql_driver import ERRORS, connected, translate
from lineageql.store.sql.run_scan import NO_CONTEXT
from lineageql.store.sql.search_index.entry_tables import CHANGES, ENTRIES, STATE, Changed
from lineageql.store.sql.search_index.pending_changes import Pending
from lineageql.store.sql.search_index.postgresql_search_schema import created, dropped, indexed

_NODES = {Changed.ARTIFACT: "Artifact", Changed.EXECUTION: "Execution", Changed.CONTEXT: "Context"}


class _TakenByAnother(Exception):
    """Another process has taken some of the changes; its entries may be newer."""


class PostgreSQLSearchIndex(SearchIndex):
    """The search index of a database, written over a connection of its own: in transactions, as a pooler may be there.

    Args:
        address: of the database, with its password.
        settings: how long a server is waited for.
        driver: reads it.
        own: what users say of types of their own.
    """

    def __init__(self, address: ServerAddress, settings: Settings, driver: Driver, own: OwnTypes) -> None:
        super().__init__(driver, own)
        self._address = address
        self._settings = settings
        self._connection: Any = None
        self._used = asyncio.Lock()

    async def is_kept(self) -> bool:
        async with self._transaction() as connection:
            if await connection.fetchval("SELECT to_regclass($1)", STATE.name) is None:
                return False
            made = await connection.fetchval(f"SELECT value FROM {STATE.name} WHERE name = 'entries'")
            return bool(made == self.fingerprint)

    async def begin(self) -> None:
        async with self._transaction() as connection:
            for statement in (*dropped(), *created()):
                await connection.execute(statement)

    async def add(self, kind: EntityKind, entries: Sequence[Entry]) -> None:
        async with self._transaction() as connection:
            await _insert(connection, kind, entries)

    async def finish(self) -> None:
        async with self._transaction() as connection:
            # To index takes as long as it takes; nobody else reads or writes the entries as yet.
            await connection.execute("SET LOCAL statement_timeout = 0")
            for statement in indexed():
                await connection.execute(statement, timeout=None)
            await connection.execute(f"INSERT INTO {STATE.name} VALUES ('entries', $1)", self.fingerprint)

    async def drop(self) -> bool:
        async with self._transaction() as connection:
            there = await connection.fetchval("SELECT to_regclass($1)", STATE.name) is not None
            for statement in dropped():
                await connection.execute(statement)
            return there

    async def take(self) -> Pending | None:
        if not await self.is_kept():
            return None
        async with self._transaction() as connection:
            rows = await connection.fetch(f"SELECT seq, kind, id FROM {CHANGES.name} LIMIT {AT_ONCE}")
        return Pending.of([tuple(row) for row in rows]) if rows else None

    async def renew(self, changes: Pending, renewed: Sequence[Renewed]) -> None:
        try:
            async with self._transaction() as connection:
                taken = await connection.execute(f"DELETE FROM {CHANGES.name} WHERE seq = ANY ($1)", changes.sequence)
                if int(taken.split()[-1]) != len(changes.sequence):
                    raise _TakenByAnother
                for one in renewed:
                    await _replace(connection, one)
                await _list_more(connection, changes)
        except _TakenByAnother:
            return

    async def close(self) -> None:
        """Closes the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close(timeout=float(self._settings.store_timeout))

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Any]:
        async with self._connected() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        """The connection, which one at a time has."""
        async with self._used:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await connected(self._address, self._settings, unnamed=True)
                yield self._connection
            except ERRORS as error:
                raise translate(error, self._address) from error


async def _replace(connection: Any, renewed: Renewed) -> None:
    table = ENTRIES[renewed.kind].name
    await connection.execute(f"DELETE FROM {table} WHERE id = ANY ($1)", list(renewed.ids))
    await connection.executemany(f"DELETE FROM {table} WHERE workspace = $1 AND run = $2", renewed.pairs)
    await _insert(connection, renewed.kind, renewed.entries)


async def _list_more(connection: Any, changes: Pending) -> None:
    """Lists what is changed with the names of contexts, and with types."""
    listing = f"INSERT INTO {CHANGES.name}(kind, id) SELECT"
    if changes.renamed:
        executions = f"{Changed.EXECUTION}, execution_id FROM Association WHERE context_id = ANY ($1)"
        await connection.execute(f"{listing} {executions}", changes.renamed)
    for kind, table in _NODES.items() if changes.types else ():
        await connection.execute(f"{listing} {kind}, id FROM {table} WHERE type_id = ANY ($1)", changes.types)


async def _insert(connection: Any, kind: EntityKind, entries: Sequence[Entry]) -> None:
    table = ENTRIES[kind].name
    number = 0
    if any(not entry.id for entry in entries):  # a run that is only a name
        number = await connection.fetchval(f"SELECT greatest({NO_CONTEXT}, coalesce(max(id), 0) + 1) FROM {table}")
    rows = []
    for entry in entries:
        rows.append(entry if entry.id else entry._replace(id=number))
        number += not entry.id
    places = ", ".join(f"${place}" for place in range(1, len(Entry._fields) + 1))
    await connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
