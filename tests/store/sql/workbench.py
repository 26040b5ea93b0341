"""What makes stores and reads them, one after the other, without an event loop for each."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hypothesis import reject

from lineageql.errors import TooExpensive
from lineageql.store.sql.driver import Driver
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.sqlite_driver import SQLiteDriver
from tests.store.sql.records import StoreRecord, make, template, within_servers

T = TypeVar("T")


def answer(loop: asyncio.AbstractEventLoop, work: Awaitable[T]) -> T:
    """The answer of a coroutine; an example whose statement is more than the database takes at once is none.

    What must fit, test_search.py and test_own_types.py say by name.
    """

    async def awaited() -> T:
        return await work

    try:
        return loop.run_until_complete(awaited())
    except TooExpensive as error:
        if "takes at once" in str(error):
            reject()
        raise


class Workbench:
    """Makes stores of one backend and reads them.

    A backend's own says how its driver comes to a store: `store`.
    """

    examples: ClassVar[float] = 1.0
    """How many of the usual number of examples a property is tried with."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.loop = asyncio.new_event_loop()
        stack.callback(self.loop.close)

    def run(self, work: Awaitable[T]) -> T:
        """The answer of a coroutine."""
        return answer(self.loop, work)

    def keeps(self, store: StoreRecord) -> StoreRecord:
        """What the backend can hold of a store."""
        return store

    def store(self, record: StoreRecord) -> AbstractContextManager[Driver]:
        """A driver of a store that holds these records."""
        raise NotImplementedError

    @contextmanager
    def reading(self, record: StoreRecord, **knobs: Any) -> Iterator[SQLReader]:
        """A reader of a store that holds these records."""
        with self.store(record) as driver:
            yield SQLReader(driver, **knobs)


class SQLiteWorkbench(Workbench):
    """A file for each store."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        super().__init__(folder, stack)
        self.empty = template()
        self._names = itertools.count()

    @contextmanager
    def store(self, record: StoreRecord) -> Iterator[Driver]:
        path = self.folder / f"{next(self._names)}.db"
        make(path, record, self.empty)
        driver = SQLiteDriver(path, threads=1, lock_timeout=5)
        try:
            yield driver
        finally:
            self.run(driver.close())
            for file in self.folder.glob(f"{path.name}*"):
                file.unlink()


class ServerWorkbench(Workbench):
    """One database on a server, filled anew for each store."""

    examples = 0.4

    def keeps(self, store: StoreRecord) -> StoreRecord:
        return within_servers(store)
