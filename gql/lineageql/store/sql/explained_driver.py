"""A driver that tells an explanation which statements it runs."""

from __future__ import annotations

import time
from typing import TypeVar

from lineageql.store.explanation import Explanation, Read, Sent, at_work
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Runner, Script, fetch

T = TypeVar("T")


class ExplainedDriver:
    """Runs statements by a driver or a snapshot; see `store.sql.driver.Runner`."""

    def __init__(self, driver: Runner, explanation: Explanation) -> None:
        self.dialect = driver.dialect
        self._driver = driver
        self._explanation = explanation

    @property
    def statements(self) -> int:
        return self._driver.statements

    async def fetch(self, statement: Statement) -> Rows:
        return await self.run(fetch(statement))

    async def run(self, script: Script[T]) -> T:
        return await self._driver.run(self._witnessed(script, at_work()))

    def _witnessed(self, script: Script[T], read: Read | None) -> Script[T]:
        lists: list[Rows] | None = None
        while True:
            try:
                statements = next(script) if lists is None else script.send(lists)
            except StopIteration as done:
                result: T = done.value
                return result
            begin = time.perf_counter()
            lists = yield statements
            sent = [
                Sent(statement.purpose, statement.text, statement.parameters, len(rows))
                for statement, rows in zip(statements, lists, strict=True)
            ]
            self._explanation.add(read, begin, sent)
