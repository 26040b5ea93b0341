"""A store in a database on a server: read over a pool of connections, written by ml-metadata in a worker process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lineageql.errors import NotMLMD, SchemaMismatch, StoreError, StoreMissing, UsageError
from lineageql.model.conventions.own_types import NO_OWN_TYPES, OwnTypes
from lineageql.model.rights import Sight
from lineageql.settings import Settings
from lineageql.store.addresses import ServerAddress, address_of
from lineageql.store.explanation import Explanation
from lineageql.store.mlmd import requests
from lineageql.store.mlmd.availability import missing_reason
from lineageql.store.mlmd.channel import WorkerChannel
from lineageql.store.mlmd.connection import mysql_config, mysql_tls_mode, postgresql_config
from lineageql.store.mlmd.shared import DistantRecorder
from lineageql.store.own_types_file import own_types
from lineageql.store.patience import probe_timeout
from lineageql.store.ports import Reader, Recorder, StoreInfo
from lineageql.store.postgresql_relay import PostgreSQLRecorder, PostgreSQLRelay
from lineageql.store.read_replica import ReadReplica
from lineageql.store.recorders import MissingRecorder, Starting
from lineageql.store.relay import MySQLRelay, Relay, RelayedRecorder
from lineageql.store.search_index import SearchIndex
from lineageql.store.search_index_keeper import SearchIndexKeeper
from lineageql.store.sql.database_lock import DatabaseLock
from lineageql.store.sql.dialects import Dialect, Statement, mysql
from lineageql.store.sql.dialects.postgresql import PostgreSQL
from lineageql.store.sql.driver import Driver
from lineageql.store.sql.indexes import INDEXES, Index
from lineageql.store.sql.opening import LOCK_TABLE, schema_version
from lineageql.store.sql.pooled import PooledDriver
from lineageql.store.sql.reading import sql_reader, sql_reading
from lineageql.store.sql.search_index.entry_tables import whole
from lineageql.store.sql.statements import Statements
from lineageql.store.text_limits import OF_POSTGRESQL, Limits, of_mysql
from lineageql.store.write_lock import Hold, WriteLock, unlocked

if TYPE_CHECKING:
    from lineageql.store.postgresql_search_index import PostgreSQLSearchIndex

log = logging.getLogger("lineageql.store")


@dataclass(frozen=True)
class Backend:
    """What differs between the servers beside the words of their statements.

    Attributes:
        dialect: its words, whatever the database.
        connect: opens a driver, for reading only; raises StoreMissing where the server has no such database,
            and UsageError where the driver's package is missing.
        create: makes an empty database where there is none of the name.
        execute: runs statements that change the schema, on a connection of their own.
        limits: how long texts may be in a database.
        lock: the lock of those who record in a database.
        can_create: raises StoreError where ml-metadata would fail in the middle of making its tables.
        config: ml-metadata's `ConnectionConfig`, serialized; it makes the tables of an empty database.
        relay: the way of ml-metadata's worker to the server.
        recorder: what has that worker behind a relay.
        relayed: whether there can be one: where ml-metadata encrypts by itself, it checks the server's name.
    """

    dialect: Dialect
    connect: Callable[[ServerAddress, Settings], Awaitable[PooledDriver]]
    create: Callable[[ServerAddress, Settings], Awaitable[None]]
    execute: Callable[[ServerAddress, Settings, Sequence[str]], Awaitable[None]]
    limits: Callable[[Driver], Awaitable[Limits]]
    lock: Callable[[ServerAddress, Settings], Awaitable[WriteLock]]
    can_create: Callable[[Driver, ServerAddress], Awaitable[None]]
    config: Callable[[ServerAddress], bytes]
    relay: Callable[[ServerAddress, Settings], Relay]
    recorder: type[RelayedRecorder]
    relayed: Callable[[ServerAddress], bool] = lambda address: True


async def _connect_postgresql(address: ServerAddress, settings: Settings) -> PooledDriver:
    from lineageql.store.sql.postgresql_driver import PostgreSQLDriver

    return await PostgreSQLDriver.open(address, settings)


async def _create_postgresql(address: ServerAddress, settings: Settings) -> None:
    from lineageql.store.sql.postgresql_driver import create_database

    await create_database(address, settings)


async def _execute_postgresql(address: ServerAddress, settings: Settings, statements: Sequence[str]) -> None:
    from lineageql.store.sql.postgresql_driver import execute

    await execute(address, settings, statements)


async def _limits_of_postgresql(driver: Driver) -> Limits:
    return OF_POSTGRESQL


async def _lock_of_postgresql(address: ServerAddress, settings: Settings) -> WriteLock:
    from lineageql.store.sql.postgresql_lock import PostgreSQLLock

    return PostgreSQLLock(address, settings)


async def _connect_mysql(address: ServerAddress, settings: Settings) -> PooledDriver:
    from lineageql.store.sql.mysql_driver import MySQLDriver

    return await MySQLDriver.open(address, settings)


async def _create_mysql(address: ServerAddress, settings: Settings) -> None:
    from lineageql.store.sql.mysql_driver import create_database

    await create_database(address, settings)


async def _execute_mysql(address: ServerAddress, settings: Settings, statements: Sequence[str]) -> None:
    from lineageql.store.sql.mysql_driver import execute

    await execute(address, settings, statements)


async def _limits_of_mysql(driver: Driver) -> Limits:
    return of_mysql(int((await driver.fetch(Statement("SELECT @@max_allowed_packet", {})))[0][0]))


async def _lock_of_mysql(address: ServerAddress, settings: Settings) -> WriteLock:
    from lineageql.store.sql.mysql_lock import lock_of

    return await lock_of(address, settings)


async def _can_create_in_postgresql(driver: Driver, address: ServerAddress) -> None:
    """PostgreSQL makes all the tables or none."""


async def _can_create_in_mysql(driver: Driver, address: ServerAddress) -> None:
    asked = " OR ".join(f"variable_name = '{name}'" for name in _KEYED)
    for name, value in await driver.fetch(Statement(f"SHOW GLOBAL VARIABLES WHERE {asked}", {})):
        if str(value).upper() in ("ON", "1"):
            words = f"{address} takes only tables with a primary key, and some of MLMD's have none"
            raise StoreError(f"{words}: SET GLOBAL {name} = OFF while --create makes them; it may be on afterwards")


_KEYED = ("innodb_force_primary_key", "sql_require_primary_key")
"""What MariaDB and MySQL call that every table must have a primary key."""

BACKENDS: dict[str, Backend] = {
    "postgresql": Backend(
        PostgreSQL(),
        _connect_postgresql,
        _create_postgresql,
        _execute_postgresql,
        _limits_of_postgresql,
        _lock_of_postgresql,
        _can_create_in_postgresql,
        postgresql_config,
        PostgreSQLRelay,
        PostgreSQLRecorder,
    ),
    "mysql": Backend(
        mysql.WORDS,
        _connect_mysql,
        _create_mysql,
        _execute_mysql,
        _limits_of_mysql,
        _lock_of_mysql,
        _can_create_in_mysql,
        mysql_config,
        MySQLRelay,
        RelayedRecorder,
        lambda address: mysql_tls_mode(address) == "disabled",
    ),
}
"""By the scheme of their addresses."""


class ServerStore:
    """An open database; see `store.ports.Store`. `open_server` makes it.

    Args:
        driver: the database itself.
        replica: where operations read that need not see what was written just now; the same unless there is one.
            One that may be away says itself which driver is read.
        info: what the store is.
        recorder: what writes to the database itself.
        own: what the store's users say of types of their own.
        lock: the lock of those who record in it.
        keeper: what keeps its search index up to date.
    """

    def __init__(
        self,
        driver: Driver,
        replica: Driver | ReadReplica,
        info: StoreInfo,
        recorder: Recorder | None,
        own: OwnTypes = NO_OWN_TYPES,
        lock: WriteLock | None = None,
        keeper: SearchIndexKeeper | None = None,
    ) -> None:
        self.info = info
        self.recorder = recorder
        self._driver = driver
        self._keeper = keeper
        self._replica = replica
        # A replica's types may lag behind.
        self._statements = {True: Statements(own), False: Statements(own)}
        self._starting = Starting(recorder)
        self._lock = lock

    @property
    def statements(self) -> int:
        return self._driver.statements + (self._read.statements if self._read is not self._driver else 0)

    def reading(
        self, sight: Sight, *, current: bool = False, explanation: Explanation | None = None
    ) -> AbstractContextManager[Reader]:
        driver = self._driver if current else self._read
        return sql_reading(driver, self._statements[driver is self._driver], sight, explanation)

    def reader(self, sight: Sight, *, current: bool = False) -> Reader:
        driver = self._driver if current else self._read
        return sql_reader(driver, self._statements[driver is self._driver], sight)

    @property
    def _read(self) -> Driver:
        """What operations read that need not see what was written just now."""
        return self._replica.driver if isinstance(self._replica, ReadReplica) else self._replica

    def exclusive(self, asked: float) -> AbstractAsyncContextManager[Hold]:
        return unlocked() if self._lock is None else self._lock.held(asked)

    async def probe(self) -> str | None:
        await self._read.probe()
        return self._replica.remark if isinstance(self._replica, ReadReplica) else None

    async def close(self) -> None:
        """Ends the recorder, after the call that it is at, and closes every connection."""
        if self._keeper is not None:
            await self._keeper.close()
        await self._starting.close()
        if self._lock is not None:
            await self._lock.close()
        await self._driver.close()
        if self._replica is not self._driver:
            await self._replica.close()


async def open_server(address: ServerAddress, settings: Settings, recorder_at: str = "") -> ServerStore:
    """Opens a database, and makes it first where there is none and the settings say so; see `open_store`."""
    address = with_password(address, settings)
    own = await asyncio.to_thread(own_types, settings)
    backend = BACKENDS[address.scheme]
    reason = None if settings.read_only else missing_reason()
    driver, version = await _opened(address, settings, backend)
    replica: Driver | ReadReplica = driver
    try:
        limits = await backend.limits(driver)
        if settings.read_store:
            replica = await _read_replica(driver, settings, address)
        recorder: Recorder | None = None
        lock: WriteLock | None = None
        if reason is not None:
            log.warning("%s is opened for reading only: %s", address, reason)
            recorder = MissingRecorder(reason)
        elif not settings.read_only:
            lock = await backend.lock(address, settings)
            if isinstance(lock, DatabaseLock):
                lock.make_room = driver.make_room
            if recorder_at:
                recorder = await _distant_recorder(recorder_at)
            else:
                recorder = await _recorder(address, settings, backend, driver)
            if isinstance(lock, DatabaseLock):
                lock.fell_silent = partial(_fell_silent, driver, recorder)
                driver.fell_silent = lock.found_silent
    except BaseException:
        await driver.close()
        if replica is not driver:
            await replica.close()
        raise
    writable = isinstance(recorder, (WorkerChannel, DistantRecorder))
    info = StoreInfo(str(address), address.scheme, version, writable, 32, limits)
    keeper = await _kept(address, settings, driver, own) if writable else None
    return ServerStore(driver, replica, info, recorder, own, lock, keeper)


def _fell_silent(driver: PooledDriver, recorder: Recorder) -> None:
    """Gives up connections to a server that did not answer on another."""
    driver.drop_idle()
    if isinstance(recorder, RelayedRecorder) and not recorder.waiting:
        recorder.relay.fell_silent()


def with_password(address: ServerAddress, settings: Settings) -> ServerAddress:
    """The address with the password that the settings give, where the URL holds none.

    Raises:
        UsageError: the file of the password cannot be read.
    """
    if address.password is not None or not (settings.store_password_file or settings.store_password):
        return address
    password = settings.store_password
    if settings.store_password_file:
        try:
            password = Path(settings.store_password_file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is not UTF-8"
            raise UsageError(f"cannot read the password in {settings.store_password_file}: {reason.lower()}") from None
    if "\0" in password:
        raise UsageError("the password of the store holds a NUL")
    return replace(address, password=password)


async def connect(address: ServerAddress, settings: Settings) -> Driver:
    """A driver of a database, whatever is in it; the password may come from the settings."""
    return await BACKENDS[address.scheme].connect(with_password(address, settings), settings)


async def _opened(address: ServerAddress, settings: Settings, backend: Backend) -> tuple[PooledDriver, int]:
    """A driver of the database, and the version of the schema in it; both are made where the settings say so."""
    create = settings.create and not settings.read_only
    try:
        driver = await backend.connect(address, settings)
    except StoreMissing:
        if not create:
            raise
        await backend.create(address, settings)
        driver = await backend.connect(address, settings)
    try:
        if create:
            await _complete(driver, address, settings, backend)
        return driver, await schema_version(driver, await _tables(driver), str(address))
    except BaseException:
        await driver.close()
        raise


async def _tables(driver: Driver) -> set[str]:
    """The names of the tables in a database, without our own."""
    names = {str(row[0]) for row in await driver.fetch(Statement(driver.dialect.tables, {}))}
    return {name for name in names if name.lower() != LOCK_TABLE.lower()}


async def _complete(driver: Driver, address: ServerAddress, settings: Settings, backend: Backend) -> None:
    """Has a store made where a database is empty, by one of all who try that at the same time."""
    with suppress(NotMLMD):
        await schema_version(driver, await _tables(driver), str(address))
        return
    lock = await backend.lock(address, settings)
    try:
        async with lock.held():
            # Another may have been in the middle of it.
            if not await _tables(driver):
                await backend.can_create(driver, address)
                await _create(address, settings, backend)
    finally:
        await lock.close()


async def _create(address: ServerAddress, settings: Settings, backend: Backend) -> None:
    """Has ml-metadata make the tables, and adds the indexes that it lacks."""
    reason = missing_reason()
    if reason is not None:
        raise StoreMissing(f"{address} is empty, and no store can be made here: {reason}")
    recorder = await _recorder(address, settings, backend, None)
    try:
        await recorder.start()
    finally:
        await recorder.close()
    await add_indexes(address, settings, INDEXES)


async def add_indexes(address: ServerAddress, settings: Settings, indexes: Sequence[Index]) -> None:
    """Adds indexes to a database of MLMD's, while others write to it."""
    backend = BACKENDS[address.scheme]
    await backend.execute(address, settings, [text for index in indexes for text in index.statements(backend.dialect)])


@asynccontextmanager
async def search_index(
    address: ServerAddress, settings: Settings, driver: Driver, own: OwnTypes
) -> AsyncIterator[SearchIndex]:
    """The search index of a PostgreSQL database, while it is entered."""
    made = _search_index(with_password(address, settings), settings, driver, own)
    try:
        yield made
    finally:
        await made.close()


def _search_index(address: ServerAddress, settings: Settings, driver: Driver, own: OwnTypes) -> PostgreSQLSearchIndex:
    from lineageql.store.postgresql_search_index import PostgreSQLSearchIndex

    return PostgreSQLSearchIndex(address, settings, driver, own)


async def _kept(address: ServerAddress, settings: Settings, driver: Driver, own: OwnTypes) -> SearchIndexKeeper | None:
    """What keeps the search index up to date, where there is one: looking for changes takes a connection."""
    if await driver.run(whole(driver.dialect, own)) is None:
        return None
    index = _search_index(address, settings, driver, own)
    return SearchIndexKeeper(index.catch_up, index.close)


async def _read_replica(primary: Driver, settings: Settings, store: ServerAddress) -> Driver | ReadReplica:
    """What queries read by the setting `read_store`.

    Raises:
        UsageError: its address is of another kind than the store's.
        NotMLMD, SchemaMismatch: it is no replica of an MLMD store.
        StoreError, Unavailable: it is away, and nothing is to be read in its place.
    """
    address = address_of(settings.read_store)
    if not isinstance(address, ServerAddress) or address.scheme != store.scheme:
        raise UsageError(f"{address} is no replica of {store}: both must be {store.scheme}://")
    address = with_password(replace(address, user=address.user or store.user), settings)
    if address.password is None:
        address = replace(address, password=store.password)
    if not settings.read_store_fallback:
        return await _replica(address, settings)
    replica = ReadReplica(str(address), primary, partial(_replica, address, settings))
    try:
        await replica.open()
    except BaseException:
        await replica.close()
        raise
    return replica


async def _replica(address: ServerAddress, settings: Settings) -> PooledDriver:
    """A driver of a replica."""
    driver = await BACKENDS[address.scheme].connect(address, settings)
    try:
        await schema_version(driver, await _tables(driver), str(address))
    except (NotMLMD, SchemaMismatch):
        await driver.close()
        raise
    return driver


async def _distant_recorder(path: str) -> DistantRecorder:
    await asyncio.to_thread(requests.load)
    return DistantRecorder(path)


async def _recorder(
    address: ServerAddress, settings: Settings, backend: Backend, driver: PooledDriver | None
) -> WorkerChannel:
    """The recorder of a database, whose worker is not started yet."""
    # The protos are imported here and in a thread, in place of in the first mutation.
    await asyncio.to_thread(requests.load)
    timeout, look, probe = float(settings.deadline), float(settings.store_timeout), probe_timeout(settings)
    if not backend.relayed(address):
        return WorkerChannel(backend.config(address), timeout=timeout, probe=probe)

    def relay() -> Relay:
        made = backend.relay(address, settings)
        if driver is not None:
            made.make_room = driver.make_room
        return made

    at_work = None if driver is None else driver.works
    return backend.recorder(relay, backend.config, at_work, timeout=timeout, look=look, probe=probe)
