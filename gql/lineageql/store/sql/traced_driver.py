"""A driver that makes a span of each statement that it runs."""

from __future__ import annotations

import time
from collections.abc import Sequence

from lineageql import tracing
from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Script
from lineageql.store.sql.wrapping_driver import Exchange, WrappingDriver

_LONGEST = 4_000
"""Characters of a statement in its span. Values are bound to it, and stand in none."""


class TracedDriver(WrappingDriver):
    """Adds spans below the one that is under way."""

    async def exchange(self) -> Exchange:
        add = tracing.spans_below()

        def exchange(statements: Sequence[Statement]) -> Script[list[Rows]]:
            begin = time.time_ns()
            lists = yield statements
            end = time.time_ns()
            for statement, rows in zip(statements, lists, strict=True):
                told = {"db.query.text": statement.text[:_LONGEST], "db.response.returned_rows": len(rows)}
                add(statement.purpose or "statement", begin, end, told)
            return lists

        return exchange
