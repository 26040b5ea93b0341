"""Readers by SQL, one for an operation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lineageql import tracing
from lineageql.model.rights import Sight
from lineageql.store.explain import explained
from lineageql.store.explanation import Explanation
from lineageql.store.ports import Reader
from lineageql.store.sql.driver import Driver, Runner
from lineageql.store.sql.explained_driver import ExplainedDriver
from lineageql.store.sql.narrowed_reader import NarrowedReader
from lineageql.store.sql.reader import SQLReader
from lineageql.store.sql.statements import Statements
from lineageql.store.sql.traced_driver import TracedDriver


@contextmanager
def sql_reading(
    driver: Driver, statements: Statements, sight: Sight, explanation: Explanation | None
) -> Iterator[Reader]:
    """A Reader for one operation on one state of the store; see `store.ports.Store.reading`."""
    snapshot = driver.snapshot()
    try:
        yield sql_reader(snapshot, statements, sight, explanation)
    finally:
        snapshot.end()


def sql_reader(driver: Runner, statements: Statements, sight: Sight, explanation: Explanation | None = None) -> Reader:
    """A Reader of what a caller may see, which tells an explanation what it does where there is one, and a trace."""
    used = TracedDriver(driver) if tracing.is_on() else driver
    if explanation is not None:
        used = ExplainedDriver(used, explanation)
    reader = SQLReader(used, statements)
    if not sight.whole:
        reader = NarrowedReader(reader, sight)
    return reader if explanation is None else explained(reader, explanation)
