"""What a database driver gives the Reader."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol, TypeVar

from lineageql.store.sql.dialects import Dialect, Statement

T = TypeVar("T")
Rows = Sequence[tuple[Any, ...]]
Script = Generator[Sequence[Statement], list[Rows], T]
"""Reads something in several statements: yields some, is sent the rows of each, and in the end returns what it read.

A driver runs a whole script where it runs statements, so making them and
reading their rows does not hold up the event loop either.
"""


def fetch(statement: Statement) -> Script[Rows]:
    """All rows of a statement."""
    return (yield [statement])[0]


class Driver(Protocol):
    """Runs statements on one database, several at a time.

    Raises:
        Unavailable: the database cannot be reached or read now.
    """

    dialect: Dialect

    @property
    def statements(self) -> int:
        """How many statements were run since the store was opened."""

    async def fetch(self, statement: Statement) -> Rows:
        """All rows of a statement."""

    async def run(self, script: Script[T]) -> T:
        """What a script returns. Its statements run one after the other on one connection."""

    async def close(self) -> None:
        """Closes every connection."""
