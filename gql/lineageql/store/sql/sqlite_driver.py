"""SQLite: readers in threads, each with a connection of its own.

Python's sqlite3 must never open the file in the process that has it open
through ml-metadata: two builds of SQLite in one process break each other's
locks. ml-metadata therefore runs in a worker process.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import secrets
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from lineageql.errors import LineageQLError, NotMLMD, StoreError, StoreLocked, StoreMissing, TooExpensive, Unavailable
from lineageql.store.file_identity import FileIdentity
from lineageql.store.sql.dialects import Dialect, Statement
from lineageql.store.sql.dialects.sqlite import SQLite
from lineageql.store.sql.driver import Rows, Script, fetch
from lineageql.store.sql.functions import FUNCTIONS

log = logging.getLogger("lineageql.store")

T = TypeVar("T")


class SQLiteDriver:
    """Reads an SQLite file with a few connections.

    Args:
        path: the file.
        threads: how many statements may run at a time.
        lock_timeout: seconds to wait for a lock.

    Raises:
        StoreMissing, StoreLocked, NotMLMD: the file cannot be read, and why.
        StoreReplaced: of every read, when another file has come in its place.
    """

    def __init__(self, path: Path, *, threads: int, lock_timeout: float) -> None:
        self.dialect: Dialect = SQLite()
        self.path = path
        self.lock_timeout = lock_timeout
        self.statements = 0
        self._counting = threading.Lock()
        self._immutable = False
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._all: list[sqlite3.Connection] = []
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="lineageql-reader")
        self.file_identity = self._find()
        first = self._open_first()
        self._idle.put(first)

    def _find(self) -> FileIdentity:
        try:
            if not self.path.exists():
                words = "`lineageql demo` makes a store, and so does `lineageql serve --create`"
                raise StoreMissing(f"there is no file {self.path}; {words}")
        except OSError as error:  # such as a folder that may not be looked into
            raise StoreError(f"{self.path} cannot be opened: {_reason(error)}") from error
        if self.path.is_dir():
            raise NotMLMD(f"{self.path} is a directory and not an SQLite file")
        if not self.path.is_file():
            # Opening a pipe would wait for whoever writes into it.
            raise NotMLMD(f"{self.path} is a pipe or a device and not an SQLite file")
        return FileIdentity(self.path)

    def _open_first(self) -> sqlite3.Connection:
        try:
            connection = self._connect()
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
            return connection
        except sqlite3.Error as error:
            fault = translate(error, self.path)
            if not self._readable_as_it_stands(error):
                raise fault from error
        # A file in WAL mode on a read-only file system: nobody can write to it, so it can be read as it stands.
        self._immutable = True
        try:
            return self._connect()
        except sqlite3.Error as error:
            raise translate(error, self.path) from error

    def _readable_as_it_stands(self, error: sqlite3.Error) -> bool:
        log = Path(f"{self.file_identity.real}-wal")
        unopened = getattr(error, "sqlite_errorcode", None)
        # Before Python 3.11 an error has no code, only its text.
        cannot_open = unopened == 14 if unopened is not None else "unable to open" in str(error)
        return cannot_open and (not log.exists() or log.stat().st_size == 0)

    def _connect(self) -> sqlite3.Connection:
        uri = f"file:{quote(str(self.file_identity.real))}?mode=ro" + ("&immutable=1" if self._immutable else "")
        connection = sqlite3.connect(
            uri, uri=True, timeout=self.lock_timeout, check_same_thread=False, isolation_level=None
        )
        for name, function in FUNCTIONS.items():
            connection.create_function(name, 1, function, deterministic=True)
        connection.execute("PRAGMA query_only = 1")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA mmap_size = 1073741824")
        self._all.append(connection)
        return connection

    async def fetch(self, statement: Statement) -> Rows:
        return await self.run(fetch(statement))

    async def run(self, script: Script[T]) -> T:
        # What `run_in_executor` does, at half its cost.
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        turn = _Turn()

        def work() -> None:
            try:
                found = self._run(script, turn)
            except BaseException as error:  # whatever it is, the caller gets it
                loop.call_soon_threadsafe(_fail, answer, error)
            else:
                loop.call_soon_threadsafe(_succeed, answer, found)

        task = self._pool.submit(work)
        try:
            return await answer
        except asyncio.CancelledError:
            # The caller has gone, at its deadline or with its connection: end the statement, free the thread.
            task.cancel()
            turn.end()
            raise

    def _run(self, script: Script[T], turn: _Turn) -> T:
        self.file_identity.check()
        connection = self._connection()
        turn.connection = connection
        try:
            statements = next(script)
            while True:
                if turn.ended:
                    raise _unawaited()
                with self._counting:
                    self.statements += len(statements)
                statements = script.send([_fetch(connection, statement) for statement in statements])
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        except sqlite3.Error as error:
            # What was interrupted is no fault of the store's, for the log to tell.
            raise _unawaited() if turn.ended else translate(error, self.path) from error
        finally:
            turn.connection = None
            self._idle.put(connection)

    def _connection(self) -> sqlite3.Connection:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            pass
        try:
            connection = self._connect()
        except sqlite3.Error as error:
            raise translate(error, self.path) from error
        # In the moment before this one another file may have been opened, which is never read.
        self.file_identity.check()
        return connection

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._pool.shutdown)
        for connection in self._all:
            connection.close()


class _Turn:
    """A script's turn in a thread, until it is through or its caller has gone."""

    def __init__(self) -> None:
        self.connection: sqlite3.Connection | None = None
        self.ended = False

    def end(self) -> None:
        self.ended = True
        connection = self.connection
        if connection is not None:
            connection.interrupt()


def _unawaited() -> Unavailable:
    return Unavailable("nobody waits for this any more")


def _fetch(connection: sqlite3.Connection, statement: Statement) -> Rows:
    parameters = {name: _bindable(value) for name, value in statement.parameters.items()}
    try:
        return connection.execute(statement.text, parameters).fetchall()
    except sqlite3.OperationalError as error:
        if "Could not decode to UTF-8" not in str(error):
            raise
    # What is not UTF-8 in the file is shown with replacement characters and breaks nothing. It is rare, and a
    # function called for every text is slow.
    try:
        connection.text_factory = lambda octets: octets.decode("utf-8", "replace")
        return connection.execute(statement.text, parameters).fetchall()
    finally:
        connection.text_factory = str


_TOO_MUCH = (
    "parser stack overflow",
    "Expression tree is too large",
    "too many terms in compound SELECT",
    "tables in a join",
    "too many columns",
    "too many SQL variables",
)
"""How SQLite says that a statement is beyond one of its limits."""


def translate(error: sqlite3.Error, path: Path) -> LineageQLError:
    """The error of our tree for an error of sqlite3's."""
    text = str(error)
    if isinstance(error, sqlite3.DatabaseError) and "not a database" in text:
        return NotMLMD(f"{path} is not an SQLite file")
    if any(words in text for words in _TOO_MUCH):
        return TooExpensive(f"the filter is more than SQLite takes at once: {text}; give it fewer or shallower terms")
    if "locked" in text or "busy" in text:
        return StoreLocked(f"{path} is locked by another process; try again when that has let go of it")
    if "unable to open" in text or "readonly" in text:
        return StoreError(f"{path} cannot be opened: {_why(path)}")
    if isinstance(error, sqlite3.DatabaseError) and "malformed" in text:
        return StoreError(f"{path} is damaged: {text}")
    if text == "interrupted":
        return Unavailable("nobody waits for this any more")  # its deadline is over, or its client has gone
    fault = Unavailable("the store could not be read")
    fault.error_id = secrets.token_hex(8)
    log.error("error %s: reading %s: %s", fault.error_id, path, text)
    return fault


def _why(path: Path) -> str:
    try:
        with path.open("rb"):
            return (
                "SQLite cannot write its files beside it; is the folder writable? "
                "A copy in one that is can be opened, with the -wal or -journal file where there is one"
            )
    except OSError as error:
        return _reason(error)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _bindable(value: Any) -> Any:
    """A parameter as SQLite takes it: half a surrogate pair, which UTF-8 cannot hold, as octets, equal to no text."""
    if not isinstance(value, str) or value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


def _succeed(answer: asyncio.Future[T], found: T) -> None:
    if not answer.done():
        answer.set_result(found)


def _fail(answer: asyncio.Future[Any], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
