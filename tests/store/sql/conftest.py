"""Readers of stores that a test makes, on every backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.store.sql.mysql_workbench import MariaDBWorkbench
from tests.store.sql.postgresql_workbench import PostgreSQLWorkbench
from tests.store.sql.workbench import SQLiteWorkbench, Workbench

BACKENDS: dict[str, Callable[[Path, ExitStack], Workbench]] = {
    "sqlite": SQLiteWorkbench,
    "postgresql": PostgreSQLWorkbench,
    "mariadb": MariaDBWorkbench,
}
"""What makes stores of each backend, in a folder and until a stack is unwound; it skips where it has no server."""


@pytest.fixture(scope="session", params=BACKENDS)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """Every test that asks for this runs once for each backend."""
    with ExitStack() as stack:
        yield BACKENDS[request.param](tmp_path_factory.mktemp("stores"), stack)
