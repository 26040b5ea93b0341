"""Makes the search index of a PostgreSQL database, and brings it up to date."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from lineageql.model.conventions.own_types import OwnTypes
from lineageql.model.identity import EntityKind
from lineageql.settings import Settings
from lineageql.store.addresses import ServerAddress
from lineageql.store.search_entry_reader import Entry, Renewed
from lineageql.store.search_index import AT_ONCE, MadeAnew, SearchIndex, Taken
from lineageql.store.sql.dialects.postgresql import PostgreSQL
from lineageql.store.sql.driver import Driver
from lineageql.store.sql.postgresql_driver import ERRORS, connected, translate
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
from lineageql.store.sql.search_index.postgresql_search_schema import created, dropped, indexed

_SCHEMA = """
SELECT quote_ident(nspname) FROM pg_namespace JOIN pg_class ON pg_namespace.oid = relnamespace
WHERE pg_class.oid = to_regclass('artifact')
"""
"""The schema of MLMD's tables, as an identifier."""

_TRIGRAMS = """
SELECT quote_ident(nspname) FROM pg_namespace JOIN pg_extension ON pg_namespace.oid = extnamespace
WHERE extname = 'pg_trgm'
"""
"""The schema of `pg_trgm`."""

_BESIDE = f"SELECT set_config('search_path', ({_SCHEMA}) || ', ' || current_setting('search_path'), true)"
"""Looks first where MLMD's tables are: the index stands beside them, and another schema may hold another store's."""


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
            return (await _state(connection)).get(ENTRIES_MADE) == self.fingerprint

    async def begin(self, build: str) -> None:
        async with self._transaction() as connection:
            # Writers queue behind this, so it does not wait for long.
            await connection.execute("SET LOCAL lock_timeout = '5s'")
            schema = await connection.fetchval(_SCHEMA)
            for statement in (*dropped(schema), *created(schema)):
                await connection.execute(statement)
            await connection.execute(f"INSERT INTO {STATE.name} VALUES ($1, $2)", BUILD, build)

    async def add(self, build: str, kind: EntityKind, entries: Sequence[Entry]) -> None:
        async with self._transaction(build) as connection:
            await _insert(connection, kind, entries)

    async def finish(self, build: str, types: Mapping[str, str]) -> None:
        async with self._transaction(build) as connection:
            # To index takes as long as it takes; nobody else reads or writes the entries as yet.
            await connection.execute("SET LOCAL statement_timeout = 0")
            for statement in indexed(await connection.fetchval(_TRIGRAMS)):
                await connection.execute(statement, timeout=None)
            known = [(TYPES_READ, json.dumps(types)), (ENTRIES_MADE, self.fingerprint)]
            await connection.executemany(f"INSERT INTO {STATE.name} VALUES ($1, $2)", known)

    async def drop(self) -> bool:
        async with self._transaction() as connection:
            await connection.execute("SET LOCAL lock_timeout = '5s'")
            there = bool(await _state(connection))
            for statement in dropped(await connection.fetchval(_SCHEMA)):
                await connection.execute(statement)
            return there

    async def take(self, build: str | None) -> Taken | None:
        async with self._transaction() as connection:
            known = await _state(connection)
            if (build is None and known.get(ENTRIES_MADE) != self.fingerprint) or BUILD not in known:
                return None
            # All that is listed of some nodes, the same for who takes some now: only one may write what they are.
            nodes = f"SELECT DISTINCT kind, id FROM {CHANGES.name} ORDER BY kind, id LIMIT {AT_ONCE}"
            rows = await connection.fetch(
                f"SELECT seq, version, kind, id FROM {CHANGES.name} WHERE (kind, id) IN ({nodes})"
            )
        return Taken(Pending.of([tuple(row) for row in rows]), build or known[BUILD]) if rows else None

    async def renew(self, taken: Taken, renewed: Sequence[Renewed], types: Mapping[str, str]) -> None:
        sequence = [seq for seq, _ in taken.changes.sequence]
        these = f"FROM {CHANGES.name} WHERE seq = ANY ($1)"
        async with self._transaction(taken.build) as connection:
            # Locked, so that nobody else takes them before this transaction ends.
            there = await connection.fetch(f"SELECT seq {these} FOR UPDATE", sequence)
            if len(there) != len(sequence):
                return
            await connection.execute(f"DELETE {these}", sequence)
            for one in renewed:
                await _replace(connection, one)
            await _list_more(connection, taken.changes, types)

    async def named_runs(self) -> list[tuple[str, str]]:
        table = ENTRIES[EntityKind.RUN].name
        async with self._transaction() as connection:
            rows = await connection.fetch(f"SELECT workspace, run FROM {table} WHERE id >= {NO_CONTEXT}")
        return [tuple(row) for row in rows]

    async def forget(self, build: str, pairs: Sequence[tuple[str, str]]) -> None:
        table = ENTRIES[EntityKind.RUN].name
        async with self._transaction(build) as connection:
            clauses = f"id >= {NO_CONTEXT} AND workspace = $1 AND run = $2"
            await connection.executemany(f"DELETE FROM {table} WHERE {clauses}", pairs)

    async def close(self) -> None:
        """Closes the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close(timeout=float(self._settings.store_timeout))

    @asynccontextmanager
    async def _transaction(self, build: str | None = None) -> AsyncIterator[Any]:
        """A transaction, of a making of the index where one is named."""
        async with self._connected() as connection, connection.transaction():
            await connection.fetchval(_BESIDE)
            if build is not None and (await _state(connection)).get(BUILD) != build:
                raise MadeAnew
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


async def _state(connection: Any) -> dict[str, str]:
    """What is known of the index; nothing where there is none."""
    if not await connection.fetchval(PostgreSQL.has_search_table, STATE.name):
        return {}
    return {row["name"]: row["value"] for row in await connection.fetch(f"SELECT name, value FROM {STATE.name}")}


async def _list_more(connection: Any, changes: Pending, types: Mapping[str, str]) -> None:
    """Lists what is changed with the names of contexts, with types, and with what other types tell of one."""
    listing = f"INSERT INTO {CHANGES.name}(kind, id) SELECT"
    if changes.renamed:
        executions = f"{Changed.EXECUTION}, execution_id FROM Association WHERE context_id = ANY ($1)"
        await connection.execute(f"{listing} {executions}", changes.renamed)
    known = json.loads((await _state(connection)).get(TYPES_READ, "{}"))
    others = list(dict.fromkeys([*changes.types, *differing(known, types)]))
    for kind, table in OF_TYPE if others else ():
        await connection.execute(f"{listing} {kind}, id FROM {table} WHERE type_id = ANY ($1)", others)
    if known and known != {**known, **types}:
        changed = json.dumps({**known, **types})
        await connection.execute(f"UPDATE {STATE.name} SET value = $1 WHERE name = $2", changed, TYPES_READ)


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
