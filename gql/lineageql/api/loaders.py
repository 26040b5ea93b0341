"""Loaders: what the fields of one level ask for, gathered into one call.

One set of loaders serves one request. Resolvers return later values, so the
fields of a whole level are waiting before the first batch is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from operator import attrgetter
from typing import Any, TypeVar

from lineageql.api.loading import Loader, Round, Work
from lineageql.catalog.closures import Closure, closure_pages
from lineageql.catalog.finding import Finder, Listing
from lineageql.catalog.pages import Edge, Page
from lineageql.model.entities import Entity, Execution, ExecutionState
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import Event
from lineageql.model.predicates import Field

T = TypeVar("T")
Seen = Callable[[Sequence[Page[Edge]]], Awaitable[None]]
_REF = attrgetter("ref")


class Loaders:
    """The loaders of one request, named by what they load and by what.

    Args:
        finder: what they ask.
        work: counts what goes on for them.
        until: the `time.monotonic()` at which a walk over lineage stops and answers what it has.
    """

    def __init__(self, finder: Finder, work: Work, until: float | None = None) -> None:
        self._work = work
        self.entity_by_ref: Loader[Ref, Entity | None] = Loader(finder.get, round=self._round())
        self.workspace_by_member: Loader[Ref, Entity | None] = Loader(finder.workspaces, _REF, round=self._round())
        self.workspaces_by_artifact: Loader[Ref, Sequence[Entity]] = Loader(
            finder.all_workspaces, _REF, round=self._round()
        )
        self.producer_by_artifact: Loader[Ref, Execution | None] = Loader(finder.producers, _REF, round=self._round())
        self.run_by_artifact: Loader[Ref, Entity | None] = Loader(finder.runs_of_artifacts, _REF, round=self._round())
        self.run_by_execution: Loader[Execution, Entity | None] = Loader(finder.runs_of_executions, round=self._round())
        self.state_by_run: Loader[Ref, ExecutionState] = Loader(finder.run_states, _REF, round=self._round())
        self.path_by_event: Loader[Event, tuple[str | int, ...]] = Loader(finder.paths, round=self._round())
        self._finder = finder
        self._until = until
        self._paging, self._counting, self._walking = self._round(), self._round(), self._round()
        self._pages: dict[Listing, Loader[Ref, Page[Edge]]] = {}
        self._closures: dict[Closure, Loader[Ref, Page[Edge]]] = {}
        self._loaded: list[tuple[frozenset[Field] | None, Mapping[Ref, Entity]]] = []
        self._identities: dict[EntityKind, tuple[set[int], dict[int, Any]]] = {}
        self._loading = asyncio.Lock()
        self._walks: dict[Hashable, asyncio.Future[Any]] = {}
        self._walks_alone = asyncio.Lock()
        self._keeping = False

    def _round(self) -> Round:
        return Round(self._work)

    def end(self) -> None:
        """Lets go of the loaders that hold this. Else all stay in memory until the garbage collector runs."""
        self._pages.clear()
        self._closures.clear()

    def pages(self, listing: Listing, seen: Seen) -> Loader[Ref, Page[Edge]]:
        """The pages of a listing by owner, whose totals are counted together too; `seen` is told of each batch."""
        if listing not in self._pages:
            counts = Loader(partial(self._finder.counts, listing), round=self._counting)

            async def load(owners: Sequence[Ref]) -> list[Page[Edge]]:
                pages = await self._finder.pages(listing, owners)
                for page, owner in zip(pages, owners, strict=True):
                    page.count = partial(counts.load, owner)
                await seen(pages)
                return pages

            self._pages[listing] = Loader(load, _REF, self._paging)
        return self._pages[listing]

    def closures(self, closure: Closure, seen: Seen) -> Loader[Ref, Page[Edge]]:
        """The pages of a closure by its root; `seen` is told of each batch."""
        if closure not in self._closures:

            async def load(roots: Sequence[Ref]) -> list[Page[Edge]]:
                pages = await closure_pages(self._finder, closure, roots, self._until)
                await seen(pages)
                return pages

            self._closures[closure] = Loader(load, _REF, self._walking)
        return self._closures[closure]

    async def walk(self, asked: Hashable, walk: Callable[[], Awaitable[T]]) -> T:
        """What a walk over lineage finds.

        Fields that ask for the same walk share it. Walks go on one after the other, so that an operation holds the
        nodes of no more walks than it shows, and of those that have ended while fields of its root begin.

        Args:
            asked: what is asked for.
            walk: walks.
        """
        going = self._walks.get(asked)
        if going is None:

            async def alone() -> T:
                async with self._walks_alone:
                    self._work.check()
                    return await walk()

            going = self._walks[asked] = asyncio.ensure_future(alone())
            self._work.add([going])
            going.add_done_callback(lambda _: None if self._keeping else self._let_go(asked, going))
        found: T = await self._work.wait(going)
        return found

    def _let_go(self, asked: Hashable, walk: asyncio.Future[Any]) -> None:
        if self._walks.get(asked) is walk:
            del self._walks[asked]

    @contextmanager
    def keeping_walks(self) -> Iterator[None]:
        """Keeps walks that end meanwhile: fields that have not begun may ask for the same."""
        self._keeping = True
        try:
            yield
        finally:
            self._keeping = False
            self._walks = {asked: walk for asked, walk in self._walks.items() if not walk.done()}

    async def identities(
        self, kind: EntityKind, ids: Collection[int], make: Callable[[int], Any]
    ) -> Mapping[int, Entity | Any]:
        """Artifacts or executions of which nothing is going to be read but the id, those of other fields among them.

        They are entities where another field has loaded all of them, else what is made of the ids that are there.
        """
        async with self._loading:
            asked, found = self._identities.setdefault(kind, (set(), {}))
            if asked.issuperset(ids):
                return found
            for _, entities in self._loaded:
                loaded = {id_: entities.get(Ref(kind, id_)) for id_ in ids}
                if None not in loaded.values():
                    return loaded
            there = await self._finder.existing(kind, [id_ for id_ in ids if id_ not in asked])
            asked.update(ids)
            found.update(zip(there, map(make, there), strict=True))
            return found

    async def entities(
        self, refs: Collection[Ref], fields: frozenset[Field] | None, *, keep: bool = True
    ) -> Mapping[Ref, Entity]:
        """Many entities at once, of which some fields are going to be read, all where it is None.

        What is not there is left out. Fields of one lineage show the same entities again; what is kept is read once.
        """
        async with self._loading:
            found: dict[Ref, Entity] = {}
            for known, entities in self._loaded:
                if known is None or (fields is not None and fields <= known):
                    found.update((ref, entities[ref]) for ref in refs if ref in entities)
            missing = [ref for ref in refs if ref not in found] if found else refs
            if missing:
                loaded = await self._finder.load(list(missing), fields)
                if keep:
                    self._loaded.append((fields, loaded))
                found.update(loaded)
            return found
