"""Loaders: what the fields of one level ask for, gathered into one call.

One set of loaders serves one request. Resolvers return a loader's future, so
the fields of a whole level are waiting before the first batch is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from aiodataloader import DataLoader

from lineageql.catalog.closures import Closure, closure_pages
from lineageql.catalog.finding import Finder, Listing
from lineageql.catalog.pages import Edge, Page
from lineageql.errors import RequestError
from lineageql.model.entities import Entity, Execution, ExecutionState
from lineageql.model.identity import Ref
from lineageql.model.nodes import Event
from lineageql.model.predicates import Field

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
G = TypeVar("G", bound=Hashable)


class Loaders:
    """The loaders of one request, named by what they load and by what."""

    def __init__(self, finder: Finder, until: float | None = None) -> None:
        self.entity_by_ref: DataLoader[Ref, Entity | None] = DataLoader(finder.get)
        self.workspace_by_member: DataLoader[Ref, Entity | None] = DataLoader(finder.workspaces)
        self.producer_by_artifact: DataLoader[Ref, Execution | None] = DataLoader(finder.producers)
        self.run_by_artifact: DataLoader[Ref, Entity | None] = DataLoader(finder.runs_of_artifacts)
        self.run_by_execution: DataLoader[Execution, Entity | None] = DataLoader(
            finder.runs_of_executions, get_cache_key=lambda execution: execution.id
        )
        self.state_by_run: DataLoader[Ref, ExecutionState] = DataLoader(finder.run_states)
        self.path_by_event: DataLoader[Event, tuple[str | int, ...]] = DataLoader(finder.paths)
        self.count_by_owner: DataLoader[tuple[Listing, Ref], int] = DataLoader(_grouped(finder.counts))
        self.page_by_owner: DataLoader[tuple[Listing, Ref], Page[Edge]] = DataLoader(_grouped(self._pages))

        async def closures(closure: Closure, roots: Sequence[Ref]) -> list[Page[Edge]]:
            return await closure_pages(finder, closure, roots, until)

        self._finder = finder
        self._loaded: list[tuple[frozenset[Field] | None, dict[Ref, Entity]]] = []
        self._loading = asyncio.Lock()
        self.closure_by_root: DataLoader[tuple[Closure, Ref], Page[Edge]] = DataLoader(_grouped(closures))

    async def entities(self, refs: Collection[Ref], fields: frozenset[Field] | None) -> Mapping[Ref, Entity]:
        """Many entities at once, of which some fields are going to be read, all where it is None.

        What is not there is left out. Fields of one lineage show the same entities again; these are read once.
        """
        async with self._loading:
            found: dict[Ref, Entity] = {}
            for known, entities in self._loaded:
                if known is None or (fields is not None and fields <= known):
                    found.update((ref, entities[ref]) for ref in refs if ref in entities)
            missing = [ref for ref in refs if ref not in found]
            if missing:
                loaded = dict(await self._finder.load(missing, fields))
                self._loaded.append((fields, loaded))
                found.update(loaded)
            return found

    def page(self, listing: Listing, owner: Ref) -> Awaitable[Page[Edge]]:
        """A page under an owner, whose total is counted with those of its neighbours."""
        return self.page_by_owner.load((listing, owner))

    async def _pages(self, listing: Listing, owners: Sequence[Ref]) -> list[Page[Edge]]:
        pages = await self._finder.pages(listing, owners)
        for page, owner in zip(pages, owners, strict=True):
            page.count = partial(self.count_by_owner.load, (listing, owner))
        return pages


def _grouped(
    load: Callable[[G, Sequence[K]], Awaitable[Sequence[V]]],
) -> Callable[[list[tuple[G, K]]], Coroutine[Any, Any, list[Any]]]:
    """A batch function for keys of two parts: one call for all keys with the same first part.

    A wrong argument fails the keys of its group; those of other fields are answered.
    """

    async def batch(keys: list[tuple[G, K]]) -> list[Any]:
        groups: dict[G, list[K]] = {}
        for group, key in keys:
            groups.setdefault(group, []).append(key)

        async def answer(group: G, members: list[K]) -> Sequence[Any]:
            try:
                return await load(group, members)
            except RequestError as fault:
                return [fault] * len(members)

        answers = await asyncio.gather(*(answer(group, members) for group, members in groups.items()))
        found = {
            (group, key): value
            for (group, members), values in zip(groups.items(), answers, strict=True)
            for key, value in zip(members, values, strict=True)
        }
        return [found[key] for key in keys]

    return batch
