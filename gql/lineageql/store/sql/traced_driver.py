"""A driver that makes a span of each statement that it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from lineageql import tracing
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Runner, Script, fetch

T = TypeVar("T")
_LONGEST = 4_000
"""Characters of a statement in its span. Values are bound to it, and stand in none."""


class TracedDriver:
    """Runs statements by a driver or a snapshot; see `store.sql.driver.Runner`."""

    def __init__(self, driver: Runner) -> None:
        self.dialect = driver.dialect
        self._driver = driver

    @property
    def statements(self) -> int:
        return self._driver.statements

    async def fetch(self, statement: Statement) -> Rows:
        return await self.run(fetch(statement))

    async def run(self, script: Script[T]) -> T:
        return await self._driver.run(self._witnessed(script, tracing.spans_below()))

    def _witnessed(self, script: Script[T], add: Callable[[str, int, int, Mapping[str, Any]], None]) -> Script[T]:
        lists: list[Rows] | None = None
        while True:
            try:
                statements = next(script) if lists is None else script.send(lists)
            except StopIteration as done:
                result: T = done.value
                return result
            begin = time.time_ns()
            lists = yield statements
            end = time.time_ns()
            for statement, rows in zip(statements, lists, strict=True):
                told = {"db.query.text": statement.text[:_LONGEST], "db.response.returned_rows": len(rows)}
                add(statement.purpose or "statement", begin, end, told)
