"""The search index of a store: made, and brought up to date, by whoever may write to its database."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lineageql.errors import StoreError
from lineageql.model.conventions.own_types import OwnTypes
from lineageql.model.identity import EntityKind
from lineageql.store.search_entry_reader import READ_AT_ONCE, Entry, EntryReader, Renewed
from lineageql.store.sql.driver import Driver
from lineageql.store.sql.search_index.entry_tables import differing, fingerprint
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


@dataclass(frozen=True)
class Taken:
    """Changes that are to be taken into an index, and which making of it that is."""

    changes: Pending
    build: str


class SearchIndex(ABC):
    """The search index of a database. What writes it, a database's own says.

    Every transaction that writes looks whether the index is the one that it was meant for: another process may have
    made it anew meanwhile.

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
            told: is called with a kind, and how many of its entries are made by now.

        Raises:
            StoreError: see `build`.
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

        Raises:
            StoreError: another process made it anew meanwhile, or types were told of that change how others are read.
        """
        build = secrets.token_hex(8)
        await self.begin(build)
        async with self._reading() as reader:
            types = await reader.signatures()
        numbers = dict.fromkeys(EntityKind, 0)
        for kind in numbers:
            async for entries in EntryReader(self._driver, self._statements).every(kind):
                await self.add(build, kind, entries)
                numbers[kind] += len(entries)
                told(kind, numbers[kind])
        # What was written meanwhile is listed.
        while await self._catch_up(build):
            pass
        # A run that was only named by what was read of another time has an entry that nothing leads back to.
        numbers[EntityKind.RUN] -= await self._forget_runs(build)
        async with self._reading() as reader:
            now = await reader.signatures()
        if differing(types, now):
            raise StoreError(
                "types were written meanwhile that change how others are read; "
                "run `lineageql store index --search` again"
            )
        await self.finish(build, now)
        while await self.catch_up():
            pass
        return numbers

    async def catch_up(self) -> int:
        """Makes the entries of some of what was changed anew; how many changes that were.

        Where there is no index, or its entries were made by other types of users', it does nothing.
        """
        return await self._catch_up(None)

    async def _catch_up(self, build: str | None) -> int:
        taken = await self.take(build)
        if taken is None:
            return 0
        async with self._reading() as reader:
            renewed, types = await reader.renewed(taken.changes), await reader.signatures()
        await self.renew(taken, renewed, types)
        return len(taken.changes.sequence)

    async def _forget_runs(self, build: str) -> int:
        """Deletes the entries of runs that are only names, and that nothing names; how many these were."""
        gone = 0
        pairs = await self.named_runs()
        for place in range(0, len(pairs), READ_AT_ONCE):
            some = pairs[place : place + READ_AT_ONCE]
            async with self._reading() as reader:
                missing = await reader.missing_runs(some)
            await self.forget(build, missing)
            gone += len(missing)
        return gone

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[EntryReader]:
        """What reads one state of the database."""
        snapshot = self._driver.snapshot()
        try:
            yield EntryReader(snapshot, self._statements)
        finally:
            snapshot.end()

    @abstractmethod
    async def close(self) -> None:
        """Lets go of what writes it."""

    @abstractmethod
    async def is_kept(self) -> bool:
        """Whether there is an index, whose entries were made by what they would be made by now."""

    @abstractmethod
    async def begin(self, build: str) -> None:
        """Makes an empty index in the place of the one that was there; from then on changes are listed."""

    @abstractmethod
    async def add(self, build: str, kind: EntityKind, entries: Sequence[Entry]) -> None:
        """Writes entries of what had none."""

    @abstractmethod
    async def finish(self, build: str, types: Mapping[str, str]) -> None:
        """Says that all entries are made, and by which conventions the types were read."""

    @abstractmethod
    async def drop(self) -> bool:
        """Takes the index away; whether there was one."""

    @abstractmethod
    async def take(self, build: str | None) -> Taken | None:
        """Some changes, of a making that is under way or of an index that is kept.

        What is changed again from now on is listed again.
        """

    @abstractmethod
    async def renew(self, taken: Taken, renewed: Sequence[Renewed], types: Mapping[str, str]) -> None:
        """Writes entries, unless another process has taken the changes meanwhile: its own may be newer.

        The nodes of types that are read by another convention than before are listed as changed.
        """

    @abstractmethod
    async def named_runs(self) -> list[tuple[str, str]]:
        """The pairs of names of the entries of runs that are only names."""

    @abstractmethod
    async def forget(self, build: str, pairs: Sequence[tuple[str, str]]) -> None:
        """Deletes such entries."""


class MadeAnew(StoreError):
    """Another process made the index anew, or took it away."""

    def __init__(self) -> None:
        super().__init__(
            "another process made the search index anew meanwhile, or took it away; see `lineageql store check`"
        )
