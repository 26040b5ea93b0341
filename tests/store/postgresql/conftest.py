"""A database with an empty store, and one with rows enough for a planner to think about."""

from __future__ import annotations

import pytest

from tests.servers.postgresql import PostgreSQL, shared
from tests.store.sql.schema_postgresql import SCRIPT


@pytest.fixture
def server() -> PostgreSQL:
    return shared()


@pytest.fixture
def database(server: PostgreSQL) -> str:
    """The name of a database with an empty store, without the indexes that MLMD lacks."""
    return server.database(SCRIPT)
