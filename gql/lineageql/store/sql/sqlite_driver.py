"""SQLite: a few threads that read, a connection for each operation, and what is quick in the event loop.

Python's sqlite3 must never open the file in the process that has it open
through ml-metadata: two builds of SQLite in one process break each other's
locks. ml-metadata therefore runs in a worker process.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from lineageql.errors import NotMLMD, StoreError, StoreLocked, StoreMissing, Unavailable
from lineageql.store.file_identity import FileIdentity
from lineageql.store.sql.dialects import Dialect, Statement
from lineageql.store.sql.dialects.sqlite import SQLite
from lineageql.store.sql.driver import PROBE, Rows, Script, fetch
from lineageql.store.sql.functions import FUNCTIONS
from lineageql.store.sql.laps import Laps
from lineageql.store.sql.quick_steps import QuickSteps, step_of
from lineageql.store.sql.sqlite_errors import not_at_once, reason, translate
from lineageql.store.sql.turns import PIECE, Party, Turns

T = TypeVar("T")
_MOST_IDLE = 32
"""Connections that are kept for operations to come: many take turns at once, though few are served."""
_AHEAD = 0.005
"""Seconds after which a script that runs in the event loop goes on in a thread; within a statement, of the processor's
time."""
_STALL = 0.03
"""The same within a statement by the clock: what is read may not be in memory, and the disk slow."""
_GLANCE = 1_000
"""Instructions of SQLite's after which a statement that runs in the event loop looks at the time: a tenth of a
millisecond, or what it takes to read a few pages that are not in memory."""
_HANDFUL = 64
"""Rows after which it does so too, and after fewer of the first ones: they may be long."""
_HOLD = 1.0
"""Seconds for which an operation may keep a writer waiting where the file is not in WAL mode."""
_PAUSE = 0.002
"""Seconds that a thread waits after it found that somebody writes."""


class _Connection(sqlite3.Connection):
    """A connection, and whether it is known to hold nobody up while it reads: then it may be used in the event loop.

    A file in WAL mode stays in it while a connection that has read it is open.
    """

    unblocking = False


class SQLiteDriver:
    """Reads an SQLite file with a few connections.

    Args:
        path: the file.
        threads: how many operations may be served at a time.
        lock_timeout: seconds to wait for a lock.

    Raises:
        StoreMissing, StoreLocked, NotMLMD: the file cannot be read, and why.
        StoreReplaced: of every read, when another file has come in its place.
    """

    def __init__(self, path: Path, *, threads: int, lock_timeout: float) -> None:
        self.dialect: Dialect = SQLite()
        self.path = path
        self.lock_timeout = lock_timeout
        self._patience = f"PRAGMA busy_timeout = {int(lock_timeout * 1000)}"
        self.statements = 0
        self._counting = threading.Lock()
        self._immutable = False
        self._idle: queue.LifoQueue[_Connection] = queue.LifoQueue()
        self._kept = 2 * threads
        self._all: set[_Connection] = set()
        self.turns = Turns(threads)
        self.steps = QuickSteps()
        self.laps = Laps()
        self._prober = ThreadPoolExecutor(1, thread_name_prefix="lineageql-prober")
        self._probing: asyncio.Future[None] | None = None
        self.file_identity = self._find()
        first = self._open_first()
        self._idle.put(first)

    def _find(self) -> FileIdentity:
        try:
            if not self.path.exists():
                words = "`lineageql demo` makes a store, and so does `lineageql serve --create`"
                raise StoreMissing(f"there is no file {self.path}; {words}")
        except OSError as error:  # such as a folder that may not be looked into
            raise StoreError(f"{self.path} cannot be opened: {reason(error)}") from error
        if self.path.is_dir():
            raise NotMLMD(f"{self.path} is a directory and not an SQLite file")
        if not self.path.is_file():
            # Opening a pipe would wait for whoever writes into it.
            raise NotMLMD(f"{self.path} is a pipe or a device and not an SQLite file")
        return FileIdentity(self.path)

    def _open_first(self) -> _Connection:
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

    def _connect(self, *, patient: bool = True) -> _Connection:
        uri = f"file:{quote(str(self.file_identity.real))}?mode=ro" + ("&immutable=1" if self._immutable else "")
        connection = sqlite3.connect(
            uri,
            uri=True,
            timeout=self.lock_timeout if patient else 0,
            check_same_thread=False,
            isolation_level=None,
            factory=_Connection,
        )
        for name, function in FUNCTIONS.items():
            connection.create_function(name, 1, function, deterministic=True)
        connection.execute("PRAGMA query_only = 1")
        connection.execute("PRAGMA cache_size = -65536")
        # A page of a mapped file that others cut short ends the process. With a cache of pages, reading took as long
        # without a map: 0.83 to 0.98 of the time in a store of 200,000 artifacts.
        connection.execute("PRAGMA mmap_size = 0")
        connection.execute(self._patience)
        connection.unblocking = self._immutable
        self._all.add(connection)
        return connection

    async def fetch(self, statement: Statement) -> Rows:
        return await self.run(fetch(statement))

    async def run(self, script: Script[T]) -> T:
        snapshot = SQLiteSnapshot(self, single=True)
        try:
            return await snapshot.run(script)
        finally:
            snapshot.end()

    def snapshot(self) -> SQLiteSnapshot:
        return SQLiteSnapshot(self)

    async def probe(self) -> None:
        if self._probing is None or self._probing.done():
            self._probing = asyncio.get_running_loop().run_in_executor(self._prober, self._probe)
        await asyncio.shield(self._probing)

    def _probe(self) -> None:
        self.file_identity.check()
        connection = self.take()
        try:
            connection.execute(PROBE.text).fetchall()
        except sqlite3.Error as error:
            raise translate(error, self.path) from error
        finally:
            self.give(connection)

    def count(self, statements: int) -> None:
        """Counts statements that are about to be run; fewer than none are those that were not."""
        with self._counting:
            self.statements += statements

    def take(self, *, patient: bool = True) -> _Connection:
        """A connection that nobody else has; who is not patient does not wait where the file is locked."""
        connection = self.at_hand()
        if connection is not None:
            return connection
        try:
            connection = self._connect(patient=patient)
        except sqlite3.Error as error:
            raise translate(error, self.path) from error
        # In the moment before this one another file may have been opened, which is never read.
        self.file_identity.check()
        return connection

    def at_hand(self) -> _Connection | None:
        """A connection that nobody else has, if one is open."""
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return None

    def kept(self) -> bool:
        """Whether a connection that is given back keeps its pages."""
        return self._idle.qsize() < self._kept

    def give(self, connection: _Connection) -> None:
        """Takes a connection back, and ends its transaction where it has one."""
        try:
            if connection.in_transaction:
                connection.execute("COMMIT")
            if not self.kept():
                # Opening one takes as long as a small operation. Its pages are what takes memory.
                connection.execute("PRAGMA shrink_memory")
        except sqlite3.Error:
            self._close(connection)
            return
        if self._idle.qsize() < _MOST_IDLE:
            self._idle.put(connection)
        else:
            self._close(connection)

    def _close(self, connection: _Connection) -> None:
        self._all.discard(connection)
        connection.close()

    @contextmanager
    def impatient(self, connection: _Connection) -> Iterator[None]:
        """Lets statements of a connection fail at once where they would wait for a lock."""
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            connection.execute(self._patience)

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self.turns.close)
        await loop.run_in_executor(None, self._prober.shutdown)
        while self.at_hand() is not None:
            pass
        for connection in list(self._all):
            self._close(connection)


@dataclass(eq=False, slots=True)
class _Reading:
    """A script that is run, who waits for it, and where it stands: which statements it asks for."""

    script: Script[Any]
    answer: asyncio.Future[Any]
    statements: Sequence[Statement] | None = None
    through: bool = False
    found: Any = None
    given_up: bool = False


class SQLiteSnapshot(Party):
    """A connection with a transaction that only reads, for one operation; see `store.sql.driver.Snapshot`.

    In WAL mode, in which a writing service keeps its file, that holds nobody
    up. In another mode a writer cannot commit meanwhile. There the transaction is
    let go now and then, and where something was written by then the operation
    fails: it would have read two states.

    Args:
        driver: whose connections it takes.
        single: it is for one script, after which whoever ran it gives the connection back.
    """

    def __init__(self, driver: SQLiteDriver, *, single: bool = False) -> None:
        super().__init__()
        self._single = single
        self.dialect = driver.dialect
        self._driver = driver
        self._readings: deque[_Reading] = deque()
        self._current: _Reading | None = None
        self._lock = threading.Lock()
        self._connection: _Connection | None = None
        self._began = False
        self._since = 0.0
        """When the transaction began or was let go, or when it was first tried in vain to begin it."""
        self._blocks = False
        """Whether it keeps writers waiting."""
        self._let_go: tuple[int] | None = None
        """The version of the data when the transaction was let go, until it is taken up again."""
        self._read = False
        self._long: Callable[[], bool] | None = None
        """Whether a script takes long, asked while one runs in the event loop."""

    @property
    def statements(self) -> int:
        return self._driver.statements

    async def fetch(self, statement: Statement) -> Rows:
        return await self.run(fetch(statement))

    async def run(self, script: Script[T]) -> T:
        if self.ended:
            raise asyncio.CancelledError
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        reading = _Reading(script, answer)
        if self._driver.turns.free(self) and self._driver.steps.quick(step_of(script)):
            self._driver.laps.run(partial(self._run_ahead, reading))
        else:
            self._enter(reading)
        try:
            if answer.done():
                # Others have their turn, and what is asked for at the same time is asked for before it is answered.
                await asyncio.sleep(0)
            return await answer
        except asyncio.CancelledError:
            if answer.done() and not answer.cancelled():
                answer.exception()  # asyncio would complain that nobody looked
            self._give_up(reading)
            raise

    def _enter(self, reading: _Reading) -> None:
        """Lets a script wait for a thread."""
        self._readings.append(reading)
        self._driver.turns.enter(self)

    def _run_ahead(self, reading: _Reading) -> None:
        """Runs a script in the event loop; where more than quick steps are left of it, threads do the rest."""
        if reading.given_up or self.ended:
            reading.answer.cancel()
            return
        if self._driver.turns.free(self):
            try:
                found = self._ahead(reading)
            except BaseException as error:  # whatever it is, the caller gets it
                _fail(reading.answer, error)
                return
            if reading.through:
                _succeed(reading.answer, found)
                return
        self._enter(reading)

    def _ahead(self, reading: _Reading) -> Any:
        """What a script returns, or nothing where more than quick steps are left of it."""
        began = time.monotonic()
        try:
            if self._connection is None:
                self._connection = self._driver.at_hand()
            if self._connection is None or not self._connection.unblocking:
                return None
            with self._hurry(self._connection):
                return self._go_on(reading, began + _AHEAD)
        finally:
            self._driver.turns.had(self, time.monotonic() - began)
            if self._single and reading.through:
                self.left()
            elif not self._read:
                # Who waits for a thread and has read nothing needs no connection until then.
                self.left()
                self._began = False

    @contextmanager
    def _hurry(self, connection: _Connection) -> Iterator[None]:
        """Lets statements wait for no lock, and fail where they take long."""
        began, busy = time.monotonic(), time.thread_time()

        def long() -> bool:
            # The processor's time is asked for only where it matters: that takes ten times as long as the clock's.
            elapsed = time.monotonic() - began
            return elapsed > _AHEAD and (elapsed > _STALL or time.thread_time() - busy > _AHEAD)

        # Who has begun to read waits for no lock any more.
        with nullcontext() if self._read else self._driver.impatient(connection):
            connection.set_progress_handler(long, _GLANCE)
            self._long = long
            try:
                yield
            finally:
                self._long = None
                connection.set_progress_handler(None, 0)

    def _give_up(self, reading: _Reading) -> None:
        """Ends a statement that nobody waits for any more, as the deadline is over or the client has gone."""
        reading.given_up = True
        with self._lock:
            if self._current is reading and self._connection is not None:
                self._connection.interrupt()

    def end(self) -> None:
        for reading in list(self._readings):
            reading.answer.cancel()
            self._give_up(reading)
        self._driver.turns.leave(self, at_once=self._driver.kept())

    def waits(self) -> bool:
        return bool(self._readings)

    def holds(self) -> bool:
        return self._connection is not None

    def left(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._driver.give(connection)

    def serve(self) -> Callable[[], None]:
        until = time.monotonic() + PIECE
        tell: Callable[[], None] = _nothing
        while self._readings:
            tell()
            reading = self._readings[0]
            try:
                found = self._go_on(reading, until)
                if not reading.through:
                    return _nothing
                answered = partial(_succeed, reading.answer, found)
            except BaseException as error:  # whatever it is, the caller gets it
                answered = partial(_fail, reading.answer, error)
            self._readings.popleft()
            if self._single:
                self.left()
            tell = partial(_call, reading.answer.get_loop(), answered)
            if time.monotonic() > until:
                break
        return tell

    def _go_on(self, reading: _Reading, until: float) -> Any:
        """What a script returns, or nothing where a piece is over; then it is not `through`.

        In a hurry a piece is over where the next step is not expected to be quick, or was not.
        """
        _check(reading)
        self._driver.file_identity.check()
        try:
            connection = self._connected()
            with self._lock:
                self._current = reading
            if connection is None or not self._begin(connection):
                if self._long is None:
                    time.sleep(_PAUSE)
                return None
            if reading.statements is None:
                self._advance(reading, None)
            while not reading.through:
                _check(reading)
                statements = reading.statements or ()
                if self._long is not None and not all(map(self._is_quick, statements)):
                    return None
                self._driver.count(len(statements))
                try:
                    rows = [self._rows(connection, statement) for statement in statements]
                except sqlite3.Error as error:
                    if self._long is None or not not_at_once(error):
                        raise
                    self._driver.count(-len(statements))
                    return None
                if not self._read:
                    self._read = True
                    self._look(connection)
                self._advance(reading, rows)
                if time.monotonic() > until:
                    break
            return reading.found
        except sqlite3.Error as error:
            # What was interrupted is no fault of the store's, for the log to tell.
            raise _unawaited() if reading.given_up else translate(error, self._driver.path) from error
        finally:
            with self._lock:
                self._current = None

    def _advance(self, reading: _Reading, rows: list[Rows] | None) -> None:
        """Lets a script go on to its next statements, or to its end."""
        step, began = step_of(reading.script), time.thread_time()
        try:
            reading.statements = next(reading.script) if rows is None else reading.script.send(rows)
        except StopIteration as done:
            reading.through, reading.found = True, done.value
        finally:
            self._driver.steps.took(step, time.thread_time() - began)

    def _is_quick(self, statement: Statement) -> bool:
        return self._driver.steps.quick(hash(statement.text))

    def _rows(self, connection: _Connection, statement: Statement) -> Rows:
        began = time.thread_time()
        try:
            rows = _fetch(connection, statement, self._long)
        except sqlite3.Error:
            self._driver.steps.took(hash(statement.text), _STALL)
            raise
        self._driver.steps.took(hash(statement.text), time.thread_time() - began)
        return rows

    def _connected(self) -> _Connection | None:
        """The operation's connection; none where the file is locked just now."""
        if self._connection is None:
            try:
                self._connection = self._driver.take(patient=False)
            except StoreLocked:
                if not self._tries_again():
                    raise
        return self._connection

    def _tries_again(self) -> bool:
        """Whether what failed, as somebody writes, may be tried again.

        Who writes waits for other operations, and these may wait for this thread. So a thread does not wait for who
        writes: it tries now and then, and serves others meanwhile.
        """
        self._since = self._since or time.monotonic()
        return time.monotonic() - self._since <= self._driver.lock_timeout

    def _look(self, connection: _Connection) -> None:
        """Sees whether a connection that has begun to read holds up who writes."""
        if not connection.unblocking:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            connection.unblocking, self._blocks = mode == "wal", mode not in ("wal", "off")

    def _begin(self, connection: _Connection) -> bool:
        """Begins the operation's transaction, or sees to it that it goes on; false where it cannot just now."""
        if not self._began:
            return self._take_up(connection)
        if not connection.in_transaction:
            raise Unavailable("the state of the store that this operation read is lost; ask again")
        if not self._blocks or time.monotonic() - self._since <= _HOLD:
            return True
        # Whoever writes may go first, where the journal's mode makes them wait for readers.
        self._let_go = connection.execute("PRAGMA data_version").fetchone()
        connection.execute("COMMIT")
        self._began, self._since = False, time.monotonic()
        return self._take_up(connection)

    def _take_up(self, connection: _Connection) -> bool:
        """Begins the transaction, anew where it was let go and nobody wrote; false where somebody is at it."""
        now = self._let_go
        try:
            if connection.unblocking:
                connection.execute("BEGIN")
            else:
                with self._driver.impatient(connection):
                    connection.execute("BEGIN")
                    now = connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            connection.rollback()
            if not not_at_once(error) or not self._tries_again():
                raise
            return False
        if self._let_go is not None and now != self._let_go:
            connection.execute("COMMIT")
            self._began, self._let_go = True, None  # it is lost for good
            raise Unavailable(
                f"{self._driver.path} was written to while it was read, and is not in WAL mode, in which that does "
                "no harm: ask again, or for less at a time"
            )
        self._began, self._since, self._let_go = True, time.monotonic(), None
        return True


def _check(reading: _Reading) -> None:
    if reading.given_up:
        raise _unawaited()


def _unawaited() -> Unavailable:
    return Unavailable("nobody waits for this any more")


def _fetch(connection: sqlite3.Connection, statement: Statement, long: Callable[[], bool] | None = None) -> Rows:
    """All rows of a statement; one that takes long, if anybody asks, is interrupted."""
    parameters = {name: _bindable(value) for name, value in statement.parameters.items()}
    try:
        return _all(connection.execute(statement.text, parameters), long)
    except sqlite3.OperationalError as error:
        if "Could not decode to UTF-8" not in str(error):
            raise
    # What is not UTF-8 in the file is shown with replacement characters and breaks nothing. It is rare, and a
    # function called for every text is slow.
    try:
        connection.text_factory = lambda octets: octets.decode("utf-8", "replace")
        return _all(connection.execute(statement.text, parameters), long)
    finally:
        connection.text_factory = str


def _all(cursor: sqlite3.Cursor, long: Callable[[], bool] | None) -> Rows:
    if long is None:
        return cursor.fetchall()
    rows: list[tuple[Any, ...]] = []
    number = 1
    while some := cursor.fetchmany(number):
        rows += some
        if long():
            cursor.close()
            raise sqlite3.OperationalError("interrupted")
        number = min(2 * number, _HANDFUL)
    return rows


def connected(path: Path, timeout: float) -> sqlite3.Connection:
    """A connection that may write to a file that is there; its transactions are begun by statements.

    Args:
        path: of the file.
        timeout: how long another process's lock is waited for, in seconds.
    """
    uri = f"file:{quote(str(path.absolute()))}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)


def _bindable(value: Any) -> Any:
    """A parameter as SQLite takes it: half a surrogate pair, which UTF-8 cannot hold, as octets, equal to no text."""
    if not isinstance(value, str) or value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


def _call(loop: asyncio.AbstractEventLoop, answered: Callable[[], None]) -> None:
    # A loop that is closed has nobody left who waits.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(answered)


def _nothing() -> None:
    """There is nobody to tell."""


def _succeed(answer: asyncio.Future[T], found: T) -> None:
    if not answer.done():
        answer.set_result(found)


def _fail(answer: asyncio.Future[Any], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
