"""A store in an SQLite file: read by Python's sqlite3 here, written by ml-metadata in a process of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import sqlite3
from contextlib import AbstractAsyncContextManager, AbstractContextManager, closing, suppress
from pathlib import Path

from lineageql.errors import StoreError, StoreMissing
from lineageql.model.conventions.own_types import NO_OWN_TYPES, OwnTypes
from lineageql.model.rights import Sight
from lineageql.settings import Settings
from lineageql.store.explanation import Explanation
from lineageql.store.mlmd import requests
from lineageql.store.mlmd.availability import missing_reason
from lineageql.store.mlmd.channel import WorkerChannel
from lineageql.store.mlmd.connection import sqlite_config
from lineageql.store.mlmd.shared import DistantRecorder
from lineageql.store.own_types_file import own_types
from lineageql.store.ports import Reader, Recorder, StoreInfo
from lineageql.store.recorders import MissingRecorder, Starting
from lineageql.store.search_index_keeper import SearchIndexKeeper
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.opening import schema_version
from lineageql.store.sql.reading import sql_reader, sql_reading
from lineageql.store.sql.sqlite_driver import SQLiteDriver, connected
from lineageql.store.sql.sqlite_errors import translate
from lineageql.store.sql.statements import Statements
from lineageql.store.sqlite_search_index import SQLiteSearchIndex
from lineageql.store.write_lock import Hold, WriteLock, unlocked

log = logging.getLogger("lineageql.store")

# MLMD looks up an artifact's or an execution's contexts, and has no index for that.
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS idx_attribution_artifact_id ON Attribution(artifact_id)",
    "CREATE INDEX IF NOT EXISTS idx_association_execution_id ON Association(execution_id)",
)


class SQLiteStore:
    """An open SQLite file; see `store.ports.Store`. `open_sqlite` makes it."""

    def __init__(
        self,
        driver: SQLiteDriver,
        info: StoreInfo,
        recorder: Recorder | None,
        own: OwnTypes = NO_OWN_TYPES,
        lock: WriteLock | None = None,
    ) -> None:
        self.info = info
        self.recorder = recorder
        self._driver = driver
        self._statements = Statements(own)
        self._starting = Starting(recorder)
        self._lock = lock
        self._keeper: SearchIndexKeeper | None = None
        if self.info.writable:
            index = SQLiteSearchIndex(driver.file_identity.real, driver, own, driver.lock_timeout)
            self._keeper = SearchIndexKeeper(index.catch_up, index.close)

    @property
    def statements(self) -> int:
        return self._driver.statements

    def reading(
        self, sight: Sight, *, current: bool = False, explanation: Explanation | None = None
    ) -> AbstractContextManager[Reader]:
        return sql_reading(self._driver, self._statements, sight, explanation)

    def reader(self, sight: Sight, *, current: bool = False) -> Reader:
        return sql_reader(self._driver, self._statements, sight)

    def exclusive(self, asked: float) -> AbstractAsyncContextManager[Hold]:
        return unlocked() if self._lock is None else self._lock.held(asked)

    async def probe(self) -> None:
        await self._driver.probe()

    async def close(self) -> None:
        """Ends the recorder, after the call that it is at, and closes every connection."""
        if self._keeper is not None:
            await self._keeper.close()
        await self._starting.close()
        if self._lock is not None:
            await self._lock.close()
        await self._driver.close()
        if self.info.writable and self._driver.file_identity.unchanged:
            await asyncio.to_thread(_tidy, self._driver.file_identity.real)


async def open_sqlite(path: Path, settings: Settings, recorder_at: str = "") -> SQLiteStore:
    """Opens a file, and makes it first where there is none and the settings say so; see `open_store`."""
    own = await asyncio.to_thread(own_types, settings)
    reason = None if settings.read_only else missing_reason()
    if settings.create and not settings.read_only and await asyncio.to_thread(_is_free, path):
        if reason is not None:
            raise StoreMissing(f"there is no file {path}, and none can be made here: {reason}")
        await _create(path)
    driver = await asyncio.to_thread(
        SQLiteDriver, path, threads=settings.reader_threads, lock_timeout=float(settings.lock_timeout)
    )
    try:
        rows = await driver.fetch(Statement(driver.dialect.tables, {}))
        version = await schema_version(driver, {row[0] for row in rows}, str(path))
        recorder: Recorder | None = None
        lock: WriteLock | None = None
        if reason is not None:
            log.warning("%s is opened for reading only: %s", path, reason)
            recorder = MissingRecorder(reason)
        elif not settings.read_only:
            # The protos are imported here and in a thread, in place of in the first mutation.
            config = await asyncio.to_thread(_config, driver.file_identity.real, create=False)
            await asyncio.to_thread(_make_writable, path, driver.file_identity.real, settings.lock_timeout)
            # Not everywhere where a store can be read is there such a lock.
            from lineageql.store.file_lock import FileLock

            lock = FileLock(driver.file_identity.real, float(settings.deadline))
            if recorder_at:
                recorder = DistantRecorder(recorder_at)
            else:
                recorder = WorkerChannel(config, guard=driver.file_identity.check, timeout=float(settings.deadline))
    except BaseException:
        await driver.close()
        raise
    writable = isinstance(recorder, (WorkerChannel, DistantRecorder))
    return SQLiteStore(driver, StoreInfo(f"sqlite:///{path}", "sqlite", version, writable), recorder, own, lock)


def _config(path: Path, *, create: bool) -> bytes:
    requests.load()
    return sqlite_config(path, create=create)


def _is_free(path: Path) -> bool:
    return not os.path.lexists(path)


async def _create(path: Path) -> None:
    """Makes an empty store under another name and gives it its own when it is whole.

    Raises:
        StoreError: the folder is missing or may not be written to.
        LineageQLError: what ml-metadata says.
    """
    if not path.parent.is_dir():
        raise StoreMissing(f"{path} cannot be made: there is no folder {path.parent}")
    draft = path.parent / f".lineageql-{secrets.token_hex(8)}"
    if not _writable(path.parent):
        raise StoreError(f"{path} cannot be made: the folder {path.parent} is not writable")
    # The name that the store is to have is checked before anything is made.
    await asyncio.to_thread(_config, path, create=True)
    recorder = WorkerChannel(await asyncio.to_thread(_config, draft, create=True))
    try:
        try:
            await recorder.start()
        finally:
            # ml-metadata must have let go of the file before Python's SQLite opens it.
            await recorder.close()
        await asyncio.to_thread(_finish, draft, path)
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(f"{draft}{suffix}")


def _finish(draft: Path, path: Path) -> None:
    try:
        with closing(connected(draft, 5.0)) as connection:
            for statement in _INDEXES:
                connection.execute(statement)
            connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.Error as error:
        raise translate(error, path) from error
    try:
        # Unlike a renaming, a link never takes the place of what another process has made meanwhile.
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:
        try:
            os.rename(draft, path)
        except OSError as error:
            raise StoreError(f"{path} cannot be made: {error.strerror or error}") from error


def _make_writable(path: Path, real: Path, lock_timeout: float) -> None:
    """Switches on WAL, in which readers and the writer do not wait for each other; nothing else changes on disk.

    Raises:
        StoreError: the file or its folder is not writable.
        StoreLocked: another process holds the file.
    """
    for place in (real, real.parent):
        if not _writable(place):
            raise StoreError(f"{path} cannot be opened for writing: {place} is not writable; use --read-only")
    try:
        with closing(connected(real, lock_timeout)) as connection:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            if mode != "wal":
                mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    except sqlite3.Error as error:
        if "readonly" in str(error):
            raise StoreError(f"{path} cannot be opened for writing: it is not writable; use --read-only") from error
        raise translate(error, path) from error
    if mode != "wal":
        log.warning("%s stays in journal mode %s: readers and writers will wait for each other", path, mode)


def _tidy(path: Path) -> None:
    """Brings what was written into the file itself, so that the file alone is the store again."""
    with suppress(sqlite3.Error), closing(connected(path, 0.0)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK)
