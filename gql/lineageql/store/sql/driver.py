"""What a database driver gives the Reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from lineageql.store.sql.dialects import Dialect, Statement

Rows = Sequence[tuple[Any, ...]]


class Driver(Protocol):
    """Runs statements on one database, several at a time.

    Raises:
        Unavailable: the database cannot be reached or read now.
    """

    dialect: Dialect
    statements: int
    """How many statements were run since the store was opened."""

    async def fetch(self, statement: Statement) -> Rows:
        """All rows of a statement."""

    async def fetch_each(self, statements: Sequence[Statement]) -> list[Rows]:
        """All rows of each of some statements, which run one after the other on one connection."""

    async def close(self) -> None:
        """Closes every connection."""
