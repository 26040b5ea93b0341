"""A driver that tells an explanation which statements it runs."""

from __future__ import annotations

import time
from collections.abc import Sequence

from lineageql.store.explanation import Explanation, Sent, at_work
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Runner, Script
from lineageql.store.sql.wrapping_driver import Exchange, WrappingDriver


class ExplainedDriver(WrappingDriver):
    """Tells what it was sent, and how many rows came back."""

    def __init__(self, driver: Runner, explanation: Explanation) -> None:
        super().__init__(driver)
        self._explanation = explanation

    async def exchange(self) -> Exchange:
        read = at_work()

        def exchange(statements: Sequence[Statement]) -> Script[list[Rows]]:
            begin = time.perf_counter()
            lists = yield statements
            sent = [
                Sent(statement.purpose, statement.text, statement.parameters, len(rows))
                for statement, rows in zip(statements, lists, strict=True)
            ]
            self._explanation.add(read, begin, sent)
            return lists

        return exchange
