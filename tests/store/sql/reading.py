"""What statements the service runs, how SQLite carries them out, and how many steps that takes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from lineageql.store.sql import sqlite_driver
from lineageql.store.sql.dialects import Statement

_STEPS = 50  # are counted at a time


@dataclass
class Runs:
    """The statements that were run, with the plan of each, and the steps of SQLite's machine that they took."""

    statements: list[Statement] = field(default_factory=list)
    plans: list[list[str]] = field(default_factory=list)
    steps: int = 0


@contextmanager
def watched(patch: pytest.MonkeyPatch, runs: Runs | None = None) -> Iterator[Runs]:
    """Watches what the driver runs while the context lasts, and adds it to what was watched before."""
    runs, fetch = runs or Runs(), sqlite_driver._fetch

    def watching(connection: sqlite3.Connection, statement: Statement, *rest: Any) -> Any:
        def step() -> int:
            runs.steps += _STEPS
            return 0

        parameters = {name: sqlite_driver._bindable(value) for name, value in statement.parameters.items()}
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statement.text}", parameters).fetchall()
        runs.statements.append(statement)
        runs.plans.append([row[3] for row in plan])
        connection.set_progress_handler(step, _STEPS)
        try:
            return fetch(connection, statement, *rest)
        finally:
            connection.set_progress_handler(None, 0)

    with patch.context() as patched:
        patched.setattr(sqlite_driver, "_fetch", watching)
        yield runs
