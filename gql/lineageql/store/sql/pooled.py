"""What the drivers of database servers have in common: scripts over a pool of an asynchronous library's connections."""

from __future__ import annotations

import asyncio
import math
import random
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lineageql.errors import LineageQLError, Unavailable
from lineageql.settings import Settings
from lineageql.store.patience import FULL_PAUSE, IDLE, is_silence, patience, probe_timeout, unheard
from lineageql.store.sql.dialects import Dialect, Statement
from lineageql.store.sql.driver import PROBE, Rows, Script, fetch
from lineageql.store.sql.quick_steps import QuickSteps, step_of

T = TypeVar("T")
_THREADS = 4
_FEW = 1_000
"""Rows that are read in the event loop."""
_GIVEN = 2.0
"""Seconds that a place on a server is left to whom it was given up for."""
_SECOND_LOOK = 0.5
"""Seconds in which an answer that is under way comes."""
UNUSED = 60.0
"""Seconds after which a connection that nobody used is given back, as other replicas may need its place."""
GRACE = 5.0
"""Seconds that closing waits for a server."""


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """Where a script stands: it asks for statements, or is through and has a value."""

    statements: Sequence[Statement]
    through: bool = False
    value: T | None = None


class PooledDriver(ABC):
    """Runs scripts on connections of a pool; see `store.sql.driver.Driver`.

    Statements run in the event loop, as they only wait. What a script does
    between them, making statements and reading rows, runs in threads unless it is quick.

    A connection may fall silent, as its server died or something between forgot it. So one that
    lay idle is probed before it is used, and where a statement is not answered for a while the
    server is asked on another connection whether it is at it. With one that is found to be
    dead, those that lie idle are given up too.
    """

    errors: tuple[type[BaseException], ...]
    """What the library raises, connections that cannot be made included."""

    def __init__(self, dialect: Dialect, settings: Settings) -> None:
        self.dialect = dialect
        self.settings = settings
        self.statements = 0
        self._steps = QuickSteps()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="lineageql-reader")
        self._leaving: set[asyncio.Task[None]] = set()
        self._probing = asyncio.Lock()
        self._prober: Any = None
        self._free = asyncio.Semaphore(settings.store_connections)
        self._idle: list[tuple[Any, float]] = []
        self._owed = False
        self._given = 0.0
        self._silent = -math.inf
        """When a new connection was last waited for in vain."""
        self.fell_silent: Callable[[], None] = unheard
        """Is told that the server lets no new connection in, so that nobody need wait to find it out again."""

    @abstractmethod
    def connection(self) -> AbstractAsyncContextManager[Any]:
        """A connection of the pool for one script; one that broke is not given again."""

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """The same for one operation: all that it reads is of the state of its first statement."""

    @abstractmethod
    async def join(self) -> Any:
        """A new connection of the pool."""

    @abstractmethod
    async def connect(self) -> Any:
        """A connection beside the pool, in which each statement is on its own."""

    @abstractmethod
    def drop(self, connection: Any) -> None:
        """Ends a connection at once, without a farewell to the server: what waits for it fails."""

    @abstractmethod
    def abandon(self, connection: Any) -> None:
        """The same, and ends on the server what a caller that was cancelled had sent."""

    @abstractmethod
    async def part(self, connection: Any) -> None:
        """Closes a connection that lies idle."""

    @abstractmethod
    def broken(self, connection: Any) -> bool:
        """Whether a connection has been heard to break."""

    @abstractmethod
    async def at_work(self, prober: Any, connection: Any) -> bool:
        """Whether a server is at a statement of a connection, asked on another; true where it cannot know."""

    @abstractmethod
    async def at_work_for(self, prober: Any, number: int) -> bool:
        """The same of a connection that is not this driver's, and that the server calls by a number."""

    @abstractmethod
    async def rows(self, connection: Any, statement: Statement) -> Rows:
        """All rows of a statement. A caller that is cancelled ends the statement on the server."""

    @abstractmethod
    async def probe_on(self, connection: Any) -> None:
        """Asks something small on a connection on which nothing is under way."""

    @abstractmethod
    def lost(self, error: BaseException) -> bool:
        """Whether an error says that the connection broke, so that another may serve."""

    @abstractmethod
    def full(self, error: BaseException) -> bool:
        """Whether an error says that the server takes no more connections."""

    @abstractmethod
    def survives(self, error: BaseException) -> bool:
        """Whether a connection is as good as before, after an error of a statement's."""

    @abstractmethod
    def translate(self, error: BaseException) -> LineageQLError:
        """The error of our tree for one of `errors`; its text holds no password."""

    # -- the pool

    @asynccontextmanager
    async def leased(self) -> AsyncIterator[Any]:
        """A connection of the pool, which goes back to it unless it breaks."""
        async with self._free:
            connection = await self._rested() or await self._joined()
            try:
                yield connection
            except asyncio.CancelledError:
                self.abandon(connection)
                raise
            except BaseException as error:
                if self.broken(connection) or not self.survives(error):
                    self.drop(connection)
                    if self.lost(error):
                        # The others that lie idle broke with it.
                        self.drop_idle()
                    raise
                self._rest(connection)
                raise
            self._rest(connection)

    def _rest(self, connection: Any) -> None:
        if self.broken(connection):
            self.drop(connection)
        elif self._owed:
            self._give(connection)
        else:
            self._idle.append((connection, asyncio.get_running_loop().time()))

    async def _rested(self) -> Any:
        """A connection that lies idle and works; None where there is none."""
        while self._idle:
            connection, since = self._idle.pop()
            if self.broken(connection):
                self.drop(connection)
            elif asyncio.get_running_loop().time() - since < IDLE or await self._answers(connection):
                return connection
        return None

    async def _answers(self, connection: Any) -> bool:
        """Whether a connection still answers; one that does not is dropped, and the others that lie idle with it."""
        try:
            with patience(probe_timeout(self.settings), lambda: self.drop(connection)):
                await self.probe_on(connection)
            return True
        except self.errors:
            self.drop(connection)
            self.drop_idle()
            return False
        except BaseException:
            self.abandon(connection)
            raise

    async def _joined(self) -> Any:
        """A new connection; where the server takes no more, waits for one of the pool's, or a place."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.settings.deadline
        while True:
            if loop.time() >= self._given:
                try:
                    return await self.join()
                except self.errors as error:
                    self._heard(error)
                    if not self.full(error) or loop.time() >= until:
                        raise
            await asyncio.sleep(random.uniform(*FULL_PAUSE))
            rested = await self._rested()
            if rested is not None:
                return rested

    def make_room(self) -> None:
        """Gives up a connection to a server that takes no more, as who records needs its place."""
        if self._idle:
            # That which lay idle for the longest.
            self._give(self._idle.pop(0)[0])
        else:
            self._owed = True

    def _shed(self) -> None:
        """Closes all but one of the connections that nobody used for long."""
        before = asyncio.get_running_loop().time() - UNUSED
        # Those that lie idle for the longest stand first.
        while len(self._idle) > 1 and self._idle[0][1] < before:
            self.leave(self._parted(self._idle.pop(0)[0]))

    async def _parted(self, connection: Any) -> None:
        """Closes a connection that lay idle."""
        try:
            with patience(GRACE, lambda: self.drop(connection)):
                await self.part(connection)
        except self.errors:
            self.drop(connection)

    def _give(self, connection: Any) -> None:
        self._owed = False
        self._given = asyncio.get_running_loop().time() + _GIVEN
        self.drop(connection)

    def _heard(self, error: BaseException) -> None:
        """Takes note of why a new connection was not made."""
        if is_silence(error):
            self._silent = asyncio.get_running_loop().time()
            self.fell_silent()

    def silent_since(self, began: float) -> bool:
        """Whether the server let no new connection in since a time of the event loop's."""
        return self._silent >= began

    def drop_idle(self) -> None:
        """Ends the connections that lie idle, as their server does not answer."""
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            self.drop(connection)

    # -- statements that are not answered

    @contextmanager
    def _watched(self, connection: Any) -> Iterator[None]:
        """Ends a connection whose server is not at the statement that it is to answer."""
        watchers: list[asyncio.Task[None]] = []

        def begin() -> None:
            watchers.append(asyncio.create_task(self._watch(connection), name="watch over a silent connection"))

        timer = asyncio.get_running_loop().call_later(probe_timeout(self.settings), begin)
        try:
            yield
        finally:
            timer.cancel()
            for watcher in watchers:
                watcher.cancel()

    async def _watch(self, connection: Any) -> None:
        while True:
            if not await self._confirmed(lambda prober: self.at_work(prober, connection)):
                break
            await asyncio.sleep(self.settings.store_timeout)
        self.drop(connection)
        self.drop_idle()

    async def works(self, number: int) -> bool:
        """Whether the server is at a statement of a connection of others', by the number that it calls it by."""
        return await self._confirmed(lambda prober: self.at_work_for(prober, number))

    async def _confirmed(self, at_work: Callable[[Any], Awaitable[bool]]) -> bool:
        """Whether a server is at a statement that it has not answered. It takes a second look before it says no."""
        began = asyncio.get_running_loop().time()
        for last in (False, True):
            async with self._probing:
                if not self.silent_since(began) and await self._asked(at_work):
                    return True
            if self.silent_since(began):
                return False
            if not last:
                await asyncio.sleep(_SECOND_LOOK)
        return False

    async def _asked(self, at_work: Callable[[Any], Awaitable[bool]]) -> bool:
        """What the server says, asked by the prober; false where it cannot be asked, unless it is only full."""
        began = asyncio.get_running_loop().time()
        for _ in (False, True):
            try:
                prober = await self._probing_connection()
                with patience(probe_timeout(self.settings), lambda: self.drop(prober)):  # noqa: B023
                    return await at_work(prober)
            except self.errors as error:
                self._end_prober()
                if self.full(error):
                    return True  # it is there, and cannot say
                if self.silent_since(began):
                    return False
            except BaseException:
                self._end_prober()
                raise
        return False

    async def _probing_connection(self) -> Any:
        if self._prober is None or self.broken(self._prober):
            self._end_prober()
            try:
                self._prober = await self.connect()
            except self.errors as error:
                self._heard(error)
                raise
        return self._prober

    async def fetch(self, statement: Statement) -> Rows:
        return await self.run(fetch(statement))

    async def run(self, script: Script[T]) -> T:
        step = await self.advance(script, None)
        began = asyncio.get_running_loop().time()
        # Of connections that lay idle while the server was started anew, one may not know that it is broken.
        for last in (False, True):
            read = False
            try:
                async with self.connection() as connection:
                    while not step.through:
                        rows = await self.answers(connection, step)
                        read = True
                        step = await self.advance(script, rows)
                    return step.value  # type: ignore[return-value]
            except self.errors as error:
                if last or read or not self.lost(error) or self.silent_since(began):
                    raise self.translate(error) from error
        raise AssertionError

    def snapshot(self) -> PooledSnapshot:
        return PooledSnapshot(self)

    async def probe(self) -> None:
        self._shed()
        async with self._probing:
            for _ in (False, True):
                new = self._prober is None
                try:
                    prober = await self._probing_connection()
                    with patience(probe_timeout(self.settings), lambda: self.drop(prober)):  # noqa: B023
                        await self.probe_on(prober)
                    return
                except BaseException as error:
                    self._end_prober()
                    if not isinstance(error, self.errors):
                        raise
                    if self.full(error):
                        break
                    if new:
                        raise self.translate(error) from error
        await self._probe_in_pool()

    async def _probe_in_pool(self) -> None:
        """The same on a connection of the pool's, where the server takes none beside it."""
        asking = asyncio.create_task(self.fetch(PROBE), name="probe of a server that is full")
        done, _ = await asyncio.wait((asking,), timeout=self.settings.store_timeout)
        if not done:
            asking.cancel()
            raise Unavailable("the database takes no more connections, and all of those that there are are in use")
        await asking

    def _end_prober(self) -> None:
        prober, self._prober = self._prober, None
        if prober is not None:
            self.drop(prober)

    async def close(self) -> None:
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=GRACE)
        self._end_prober()
        while self._idle:
            await self._parted(self._idle.pop()[0])
        self._threads.shutdown(wait=False)

    def leave(self, work: Coroutine[Any, Any, None]) -> None:
        """Lets some work end by itself, before the pool is closed."""
        task = asyncio.create_task(work, name="end of an operation's transaction")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def answers(self, connection: Any, step: Step[T]) -> list[Rows]:
        """The rows of each statement that a script asks for."""
        rows = []
        for statement in step.statements:
            self.statements += 1
            with self._watched(connection):
                rows.append(await self.rows(connection, statement))
        return rows

    async def advance(self, script: Script[T], rows: list[Rows] | None) -> Step[T]:
        """Where a script comes to with the rows that it asked for."""
        if self._steps.quick(step_of(script)) and sum(map(len, rows or ())) <= _FEW:
            return self._advanced(script, rows)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._advanced, script, rows)

    def _advanced(self, script: Script[T], rows: list[Rows] | None) -> Step[T]:
        number, began = step_of(script), time.thread_time()
        try:
            return Step(next(script) if rows is None else script.send(rows))
        except StopIteration as done:
            return Step((), True, done.value)
        finally:
            self._steps.took(number, time.thread_time() - began)


class PooledSnapshot:
    """A connection with a transaction that only reads, for one operation; see `store.sql.driver.Snapshot`.

    Scripts run in tasks: who waits for one may be cancelled, as a field beside
    it failed, and the transaction goes on for the others. `end` cancels the tasks.
    """

    def __init__(self, driver: PooledDriver) -> None:
        self.dialect = driver.dialect
        self._driver = driver
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._begun: set[asyncio.Task[Any]] = set()
        self._transaction: AbstractAsyncContextManager[Any] | None = None
        self._connection: Any = None
        self._fault: BaseException | None = None
        self._ended = False

    @property
    def statements(self) -> int:
        return self._driver.statements

    async def fetch(self, statement: Statement) -> Rows:
        return await self.run(fetch(statement))

    async def run(self, script: Script[T]) -> T:
        if self._ended:
            raise asyncio.CancelledError
        task = asyncio.create_task(self._run(script))
        self._tasks.add(task)
        task.add_done_callback(self._done)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task not in self._begun:
                task.cancel()
            raise

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._begun.discard(task)
        if not task.cancelled():
            task.exception()  # who waited may have gone, and asyncio would complain that nobody looked

    async def _run(self, script: Script[T]) -> T:
        async with self._turn:
            task = asyncio.current_task()
            assert task is not None
            self._begun.add(task)
            step = await self._driver.advance(script, None)
            if step.through:
                return step.value  # type: ignore[return-value]
            try:
                rows = await self._first(step) if self._transaction is None else await self._answers(step)
                while True:
                    step = await self._driver.advance(script, rows)
                    if step.through:
                        return step.value  # type: ignore[return-value]
                    rows = await self._answers(step)
            except self._driver.errors as error:
                raise self._driver.translate(error) from error

    async def _first(self, step: Step[T]) -> list[Rows]:
        """What is read first. Of connections that lay idle while the server was started anew, one may be broken."""
        began = asyncio.get_running_loop().time()
        for last in (False, True):
            try:
                transaction = self._driver.transaction()
                self._connection = await transaction.__aenter__()
                self._transaction = transaction
                return await self._answers(step)
            except self._driver.errors as error:
                if last or not self._driver.lost(error) or self._driver.silent_since(began):
                    raise
                await self._leave()
        raise AssertionError

    async def _answers(self, step: Step[T]) -> list[Rows]:
        if self._fault is not None:
            raise self._fault
        try:
            return await self._driver.answers(self._connection, step)
        except BaseException as error:
            # One that was cancelled in the middle of a statement is of no use to others.
            if not isinstance(error, self._driver.errors) or self._driver.lost(error):
                self._fault = error
            raise

    async def _leave(self) -> None:
        transaction, fault = self._transaction, self._fault
        self._transaction = self._connection = self._fault = None
        if transaction is not None:
            with suppress(asyncio.CancelledError, *self._driver.errors):
                if fault is None:
                    await transaction.__aexit__(None, None, None)
                else:
                    await transaction.__aexit__(type(fault), fault, fault.__traceback__)

    def end(self) -> None:
        if self._ended:
            return
        self._ended = True
        for task in self._tasks:
            task.cancel()
        if self._tasks or self._transaction is not None:
            self._driver.leave(self._end())

    async def _end(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._leave()
