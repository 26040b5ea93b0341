"""Maintenance of stores: check one, add the indexes that MLMD lacks, upgrade a copy of an old SQLite file."""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lineageql.errors import NotMLMD, SchemaMismatch, StoreError, UsageError
from lineageql.model.identity import EntityKind
from lineageql.settings import Settings
from lineageql.store import server_store
from lineageql.store.addresses import Address, FileAddress, ServerAddress, ServiceAddress
from lineageql.store.mlmd.channel import WorkerChannel
from lineageql.store.mlmd.connection import sqlite_config
from lineageql.store.own_types_file import own_types
from lineageql.store.search_index import Making, SearchIndex
from lineageql.store.server_store import connect
from lineageql.store.sql.checkup import Checkup, check
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Driver
from lineageql.store.sql.indexes import INDEXES, Index, add_indexes, missing_indexes
from lineageql.store.sql.opening import SCHEMA_VERSION, TABLES, stored_version
from lineageql.store.sql.sqlite_driver import SQLiteDriver
from lineageql.store.sql.sqlite_errors import translate
from lineageql.store.sqlite_search_index import SQLiteSearchIndex


@dataclass(frozen=True)
class Indexing:
    """Which indexes were added, and which were there."""

    added: list[Index]
    present: list[Index]


@dataclass(frozen=True)
class Upgrading:
    """From which schema version to which a copy was upgraded."""

    before: int
    after: int


def is_open(path: Path) -> bool:
    """Whether another process has an SQLite file open for writing, as a service has as long as it runs.

    The file is left in SQLite's rollback mode, which nobody else can have it in meanwhile.
    """
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError:
            return True
        except sqlite3.DatabaseError:
            return False  # it is no database
    return False


@asynccontextmanager
async def _open(address: Address, settings: Settings) -> AsyncIterator[tuple[Driver, int]]:
    """A store opened for reading only, and its schema version; what is not MLMD's is refused, and stays as it is."""
    driver: Driver
    if isinstance(address, ServiceAddress):
        raise UsageError(f"{address} is MLMD's service, and this looks into its database: name that, or its file")
    if isinstance(address, FileAddress):
        driver = await asyncio.to_thread(SQLiteDriver, address.path, threads=1, lock_timeout=settings.lock_timeout)
    else:
        driver = await connect(address, settings)
    # A file is named as it was given.
    name = str(address.path) if isinstance(address, FileAddress) else str(address)
    try:
        rows = await driver.fetch(Statement(driver.dialect.tables, {}))
        yield driver, await stored_version(driver, {row[0] for row in rows}, name)
    finally:
        await driver.close()


async def check_store(address: Address, settings: Settings) -> Checkup:
    """Checks a store.

    Raises:
        StoreMissing, StoreLocked, NotMLMD, StoreError, Unavailable: it cannot be read.
        UsageError: the file of users' own types cannot be read, or says what cannot be.
    """
    own = own_types(settings)
    async with _open(address, settings) as (driver, version):
        return await check(driver, version, own)


async def index_store(address: Address, settings: Settings) -> Indexing:
    """Adds the indexes that a store lacks.

    Raises:
        SchemaMismatch: it is of another schema version.
        StoreMissing, StoreLocked, NotMLMD, StoreError, Unavailable: it cannot be read or written.
    """
    async with _open(address, settings) as (driver, version):
        _check_indexable(address, version)
        missing = await missing_indexes(driver)
    if missing and isinstance(address, FileAddress):
        _check_writable(address)
        await asyncio.to_thread(add_indexes, address.path, missing, settings.lock_timeout)
    elif missing and isinstance(address, ServerAddress):
        await server_store.add_indexes(server_store.with_password(address, settings), settings, missing)
    return Indexing(missing, [index for index in INDEXES if index not in missing])


def _check_indexable(address: Address, version: int) -> None:
    if version != SCHEMA_VERSION:
        raise SchemaMismatch(
            f"{address} is of schema version {version}; only version {SCHEMA_VERSION} is indexed, and"
            " `lineageql store upgrade` makes a copy of that version"
        )


def _check_writable(address: FileAddress) -> None:
    if not os.access(address.path, os.W_OK):
        raise StoreError(f"{address.path} is not writable")


async def make_search_index(address: Address, settings: Settings, told: Callable[[EntityKind, int], None]) -> Making:
    """Makes the search index of a store, or brings the one that it has up to date.

    Args:
        address: of an SQLite file or a PostgreSQL database.
        settings: the types of users that its entries are made by, and how long a lock is waited for.
        told: is called with a kind, and how many of its entries are made by now.

    Raises:
        UsageError: it is another store, or the file of users' own types cannot be read, or says what cannot be.
        SchemaMismatch: it is of another schema version.
        StoreMissing, StoreLocked, NotMLMD, StoreError, Unavailable: it cannot be read or written.
    """
    async with _searched(address, settings) as index:
        return await index.make(told)


async def drop_search_index(address: Address, settings: Settings) -> bool:
    """Takes the search index of a store away; whether it had one. It raises what `make_search_index` does."""
    async with _searched(address, settings) as index:
        return await index.drop()


def check_searchable(address: Address) -> None:
    """Refuses a store that cannot have a search index.

    Raises:
        UsageError: it is such a one.
    """
    if not isinstance(address, FileAddress) and getattr(address, "scheme", "") != "postgresql":
        raise UsageError(f"{address} cannot have a search index: only SQLite files and PostgreSQL databases have one")


@asynccontextmanager
async def _searched(address: Address, settings: Settings) -> AsyncIterator[SearchIndex]:
    check_searchable(address)
    own = own_types(settings)
    async with _open(address, settings) as (driver, version):
        _check_indexable(address, version)
        if isinstance(address, ServerAddress):
            async with server_store.search_index(address, settings, driver, own) as made:
                yield made
            return
        assert isinstance(address, FileAddress)
        assert isinstance(driver, SQLiteDriver)
        _check_writable(address)
        yield SQLiteSearchIndex(address.path, driver, own, settings.lock_timeout)


async def upgrade_copy(source: Path, copy: Path, settings: Settings) -> Upgrading:
    """Copies a store of an older schema version and upgrades the copy through ml-metadata.

    The copy has another name until it is whole, and its own never replaces a file.

    Raises:
        UsageError: the copy is there already, or the source is of the version that is served.
        SchemaMismatch: the source is of a newer version.
        StoreMissing, StoreLocked, NotMLMD, StoreError, Unavailable: what the source, the folder or ml-metadata says.
    """
    await asyncio.to_thread(_refuse_taken, copy)
    async with _open(FileAddress("sqlite", source), settings) as (driver, version):
        if version == SCHEMA_VERSION:
            raise UsageError(f"{source} is of schema version {version} already, which is served as it is")
        if version > SCHEMA_VERSION:
            raise SchemaMismatch(f"{source} is of schema version {version}, newer than any that is known here")
        counts = await _counts(driver)
    draft = copy.parent / f".lineageql-{secrets.token_hex(8)}"
    try:
        await _finished(asyncio.to_thread(_copy, source, draft, settings.lock_timeout))
        worker = WorkerChannel(sqlite_config(draft, create=False), upgrade=True)
        try:
            await worker.start()
        finally:
            # ml-metadata must have let go of the file before Python's SQLite opens it.
            await worker.close()
        async with _open(FileAddress("sqlite", draft), settings) as (driver, after):
            if after != SCHEMA_VERSION or await _counts(driver) != counts:
                raise StoreError(f"ml-metadata upgraded the copy of {source} wrongly; nothing was kept")
        try:
            os.link(draft, copy)
        except FileExistsError:
            raise UsageError(f"{copy} is there already, and is not written over") from None
        except OSError:
            os.rename(draft, copy)  # a file system without links
        return Upgrading(version, after)
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(f"{draft}{suffix}")


async def _finished(work: Coroutine[Any, Any, None]) -> None:
    """Waits for a thread's work to be over, also when it is cancelled: until then it has files open."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise


def _refuse_taken(copy: Path) -> None:
    if os.path.lexists(copy):
        raise UsageError(f"{copy} is there already, and is not written over")
    if not copy.parent.is_dir():
        raise UsageError(f"there is no folder {copy.parent}")
    if not os.access(copy.parent, os.W_OK):
        raise StoreError(f"{copy} cannot be made: the folder {copy.parent} is not writable")


def _copy(source: Path, draft: Path, lock_timeout: float) -> None:
    """Copies by SQLite, which takes what stands in a log beside the file with it."""
    uri = f"file:{quote(str(source.absolute()))}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(uri, uri=True, timeout=lock_timeout)) as one,
            closing(sqlite3.connect(draft)) as other,
        ):
            one.backup(other)
    except sqlite3.Error as error:
        raise translate(error, source) from error


async def _counts(driver: Driver) -> list[int]:
    """How many rows the tables of nodes and events have."""
    tables = [table for table in TABLES if table not in ("Type", "MLMDEnv")]
    try:
        return [(await driver.fetch(Statement(f"SELECT count(*) FROM {table}", {})))[0][0] for table in tables]
    except StoreError as error:
        raise NotMLMD(str(error)) from error
