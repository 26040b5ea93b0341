"""The search index of a store: made, and brought up to date, by whoever may write to its database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lineageql.model.conventions.own_types import OwnTypes
from lineageql.model.identity import EntityKind
from lineageql.store.search_entry_reader import Entry, EntryReader, Renewed
from lineageql.store.sql.driver import Driver
from lineageql.store.sql.search_index.entry_tables import fingerprint
from lineageql.store.sql.search_index.pending_changes import Pending
from lineageql.store.sql.statements import Statements

AT_ONCE = 500
"""How many changes are taken at once: what they are in is locked for some milliseconds."""


@dataclass(frozen=True)
class Making:
    """What was done: entries that were made, by their kinds, or how many changes were taken."""

    made: Mapping[EntityKind, int]
    taken: int

    def __str__(self) -> str:
        if self.made:
            numbers = (f"{number:,} {kind.value.lower()}s" for kind, number in self.made.items())
            return f"Made the search index: {', '.join(numbers)}"
        return f"The search index is up to date: {self.taken:,} change{'' if self.taken == 1 else 's'} taken"


class SearchIndex(ABC):
    """The search index of a database. What writes it, a database's own says.

    Args:
        driver: reads the database.
        own: what users say of types of their own.
    """

    def __init__(self, driver: Driver, own: OwnTypes) -> None:
        self._driver = driver
        self._statements = Statements(own)
        self.fingerprint = fingerprint(own)

    async def make(self, told: Callable[[EntityKind, int], None]) -> Making:
        """Brings the index up to date; makes it where there is none, or one that was made by something else.

        Args:
            told: is told how many entries of a kind are made.
        """
        if await self.is_kept():
            taken = 0
            while done := await self.catch_up():
                taken += done
            return Making({}, taken)
        return Making(await self.build(told), 0)

    async def build(self, told: Callable[[EntityKind, int], None]) -> dict[EntityKind, int]:
        """Makes the index anew, whatever was there.

        Args:
            told: see `make`.

        Returns:
            How many entries there are of each kind.
        """
        await self.begin()
        numbers: dict[EntityKind, int] = {}
        for kind in EntityKind:
            numbers[kind] = 0
            async for entries in self._entries().every(kind):
                await self.add(kind, entries)
                numbers[kind] += len(entries)
                told(kind, numbers[kind])
        # What was written meanwhile is listed.
        await self.finish()
        while await self.catch_up():
            pass
        return numbers

    async def catch_up(self) -> int:
        """Makes the entries of some of what was changed anew; how many changes that were.

        Where there is no index, or its entries were made by other types of users', it does nothing.
        """
        changes = await self.take()
        if changes is None:
            return 0
        await self.renew(changes, await self._entries().renewed(changes))
        return len(changes.sequence)

    def _entries(self) -> EntryReader:
        return EntryReader(self._driver, self._statements)

    @abstractmethod
    async def is_kept(self) -> bool:
        """Whether there is an index, whose entries are as they would be made now."""

    @abstractmethod
    async def begin(self) -> None:
        """Makes an empty index in the place of the one that was there; from then on changes are listed."""

    @abstractmethod
    async def add(self, kind: EntityKind, entries: Sequence[Entry]) -> None:
        """Writes entries of what had none."""

    @abstractmethod
    async def finish(self) -> None:
        """Says that all entries are made."""

    @abstractmethod
    async def drop(self) -> bool:
        """Takes the index away; whether there was one."""

    @abstractmethod
    async def take(self) -> Pending | None:
        """Some changes, none where the index is not kept; what is changed again from now on is listed again."""

    @abstractmethod
    async def renew(self, changes: Pending, renewed: Sequence[Renewed]) -> None:
        """Writes entries, unless another process has taken the changes meanwhile: its own may be newer."""
