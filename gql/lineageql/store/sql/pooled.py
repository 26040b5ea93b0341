"""What the drivers of database servers have in common: scripts over a pool of an asynchronous library's connections."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lineageql.errors import LineageQLError
from lineageql.store.sql.dialects import Dialect, Statement
from lineageql.store.sql.driver import Rows, Script, fetch

T = TypeVar("T")
_THREADS = 4


@dataclass(frozen=True, slots=True)
class _Step(Generic[T]):
    """Where a script stands: it asks for statements, or is through and has a value."""

    statements: Sequence[Statement]
    through: bool = False
    value: T | None = None


class PooledDriver(ABC):
    """Runs scripts on connections of a pool; see `store.sql.driver.Driver`.

    Statements run in the event loop, as they only wait. What a script does
    between them, making statements and reading rows, runs in threads.
    """

    errors: tuple[type[BaseException], ...]
    """What the library raises, connections that cannot be made included."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.statements = 0
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="lineageql-reader")

    @abstractmethod
    def connection(self) -> AbstractAsyncContextManager[Any]:
        """A connection of the pool for one script; one that broke is not given again."""

    @abstractmethod
    async def rows(self, connection: Any, statement: Statement) -> Rows:
        """All rows of a statement. A caller that is cancelled ends the statement on the server."""

    @abstractmethod
    def lost(self, error: BaseException) -> bool:
        """Whether an error says that the connection broke, so that another may serve."""

    @abstractmethod
    def translate(self, error: BaseException) -> LineageQLError:
        """The error of our tree for one of `errors`; its text holds no password."""

    @abstractmethod
    async def disconnect(self) -> None:
        """Closes the pool."""

    async def fetch(self, statement: Statement) -> Rows:
        return await self.run(fetch(statement))

    async def run(self, script: Script[T]) -> T:
        step = await self._advance(script, None)
        # Of connections that lay idle while the server was started anew, one may not know that it is broken.
        for last in (False, True):
            read = False
            try:
                async with self.connection() as connection:
                    while not step.through:
                        rows = []
                        for statement in step.statements:
                            self.statements += 1
                            rows.append(await self.rows(connection, statement))
                        read = True
                        step = await self._advance(script, rows)
                    return step.value  # type: ignore[return-value]
            except self.errors as error:
                if last or read or not self.lost(error):
                    raise self.translate(error) from error
        raise AssertionError

    async def close(self) -> None:
        await self.disconnect()
        self._threads.shutdown(wait=False)

    async def _advance(self, script: Script[T], rows: list[Rows] | None) -> _Step[T]:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _advanced, script, rows)


def _advanced(script: Script[T], rows: list[Rows] | None) -> _Step[T]:
    try:
        return _Step(next(script) if rows is None else script.send(rows))
    except StopIteration as done:
        return _Step((), True, done.value)
