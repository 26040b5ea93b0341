"""What drivers share that run the statements of scripts by another driver."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

from lineageql.store.sql.dialects import Statement
from lineageql.store.sql.driver import Rows, Runner, Script, fetch

T = TypeVar("T")
Exchange = Callable[[Sequence[Statement]], Script[list[Rows]]]
"""Sends the statements of one round trip, and answers the rows of each."""


class WrappingDriver(ABC):
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
        return await self._driver.run(by_exchange(await self.exchange(), script))

    @abstractmethod
    async def exchange(self) -> Exchange:
        """By what the round trips of one script go."""


def by_exchange(exchange: Exchange, script: Script[T]) -> Script[T]:
    """A script whose round trips go by an exchange."""
    lists: list[Rows] | None = None
    while True:
        try:
            statements = next(script) if lists is None else script.send(lists)
        except StopIteration as done:
            result: T = done.value
            return result
        lists = yield from exchange(statements)
