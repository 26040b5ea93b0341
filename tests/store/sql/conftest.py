"""Readers of stores that a test makes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.sqlite import SQLiteDriver
from tests.store.sql.records import StoreRecord, make, template

T = TypeVar("T")


class Workbench:
    """Makes stores and reads them, one after the other, without an event loop for each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.empty = template()
        self.loop = asyncio.new_event_loop()
        self._names = itertools.count()

    def run(self, work: Awaitable[T]) -> T:
        """The answer of a coroutine."""
        return self.loop.run_until_complete(work)  # type: ignore[arg-type]

    @contextmanager
    def file(self, store: StoreRecord) -> Iterator[Path]:
        """A file with a store in it."""
        path = self.folder / f"{next(self._names)}.db"
        make(path, store, self.empty)
        yield path
        path.unlink()

    @contextmanager
    def reading(self, store: StoreRecord, **knobs: Any) -> Iterator[SQLReader]:
        """A reader of a store."""
        with self.file(store) as path, self.driver(path) as driver:
            yield SQLReader(driver, **knobs)

    @contextmanager
    def driver(self, path: Path) -> Iterator[SQLiteDriver]:
        """A driver of a file."""
        driver = SQLiteDriver(path, threads=1, lock_timeout=5)
        try:
            yield driver
        finally:
            self.run(driver.close())


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    made = Workbench(tmp_path_factory.mktemp("stores"))
    yield made
    made.loop.close()


Reading = Callable[[StoreRecord], Any]
