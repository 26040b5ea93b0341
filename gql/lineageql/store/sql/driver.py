"""What a database driver gives the Reader."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol, TypeVar

from lineageql.store.sql.dialects import Dialect, Statement

T = TypeVar("T")
Rows = Sequence[tuple[Any, ...]]
Script = Generator[Sequence[Statement], list[Rows], T]
"""Reads something in several statements: yields some, is sent the rows of each, and in the end returns what it read.

A driver lets scripts make statements and read their rows in threads too, so that this does not hold up the event loop
unless it is quick.
"""


def fetch(statement: Statement) -> Script[Rows]:
    """All rows of a statement."""
    return (yield [statement])[0]


class Runner(Protocol):
    """Runs statements on one database.

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


class Snapshot(Runner, Protocol):
    """Runs the scripts of one operation, one after the other, on one state of the database.

    That is the state of its first statement: nothing is begun before. An
    operation that is at several things at once has one turn or connection all
    the same, which is its share.
    """

    def end(self) -> None:
        """Gives up what still runs, and lets go of the state. It does not wait; what is run afterwards is cancelled."""


class Driver(Runner, Protocol):
    """Runs scripts, several at a time; each sees the database as it is at its time."""

    def snapshot(self) -> Snapshot:
        """What runs the scripts of one operation; whoever asks for it ends it."""

    async def probe(self) -> None:
        """Finds out whether the database can be read now, in a turn of its own: operations are not waited for."""

    async def close(self) -> None:
        """Closes every connection."""


PROBE = Statement("SELECT schema_version FROM MLMDEnv", {})
"""What a driver asks to find out whether it can read."""
