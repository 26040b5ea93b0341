"""Filters by lineage: what descends from some nodes, and what leads to some, over any number of steps.

A filter holds or does not, and so does its negation: a walk that is cut short
has no answer. So the nodes at which it begins are found, all that it reaches is
walked to the end, and the Reader is asked for what has one of these ids; where
that cannot be done, the whole question is refused.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

from lineageql.catalog.adjacency import EventTable, NodeNumber, StepNumber, following, step_of
from lineageql.errors import LineageIncomplete
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.predicates import NEVER, And, Field, Not, Operator, Or, Predicate, Reached, Related, Test
from lineageql.pace import Pace, in_pieces
from lineageql.store.ports import Facet, Link, Reader, Search, Slice, Window

_KINDS = (EntityKind.ARTIFACT, EntityKind.EXECUTION)


def walking(reader: Reader, most: int, until: float | None = None) -> Reader:
    """A Reader for one operation that answers filters by lineage too.

    Args:
        reader: what it reads by.
        most: how many nodes a walk may begin at and reach.
        until: `time.monotonic()` at which a walk is given up.

    Its verbs raise:
        LineageIncomplete: a walk could not be ended.
    """
    return cast(Reader, _WalkingReader(reader, most, until))


class _WalkingReader:
    def __init__(self, reader: Reader, most: int, until: float | None) -> None:
        self._reader = reader
        self._most = most
        self._until = until
        self._walks: dict[tuple[Reached, EntityKind], Predicate] = {}
        self._turns: dict[tuple[Reached, EntityKind], asyncio.Lock] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)  # the verbs that take no predicate

    async def search(self, search: Search, window: Window, fields: frozenset[Field] | None = None) -> Slice:
        return await self._reader.search(await self._walked(search), window, fields)

    async def search_under(
        self,
        link: Link,
        owners: Sequence[Ref],
        search: Search,
        window: Window,
        fields: frozenset[Field] | None = None,
    ) -> Mapping[Ref, Slice]:
        return await self._reader.search_under(link, owners, await self._walked(search), window, fields)

    async def count(self, search: Search) -> int:
        return await self._reader.count(await self._walked(search))

    async def count_under(self, link: Link, owners: Sequence[Ref], search: Search) -> Mapping[Ref, int]:
        return await self._reader.count_under(link, owners, await self._walked(search))

    async def facets(self, kind: EntityKind, predicate: Predicate, by: Facet, key: str | None) -> Mapping[str, int]:
        return await self._reader.facets(kind, await self._plain(predicate, kind), by, key)

    async def ids(self, kind: EntityKind, predicate: Predicate, most: int) -> Sequence[int]:
        return await self._reader.ids(kind, await self._plain(predicate, kind), most)

    async def matching(self, kind: EntityKind, ids: Sequence[int], predicate: Predicate) -> Sequence[int]:
        return await self._reader.matching(kind, ids, await self._plain(predicate, kind))

    # -- predicates

    async def _walked(self, search: Search) -> Search:
        predicate = await self._plain(search.predicate, search.kind)
        # A search is the key of what is kept for it: where nothing was walked it is the same.
        return search if predicate is search.predicate else replace(search, predicate=predicate)

    async def _plain(self, predicate: Predicate, kind: EntityKind) -> Predicate:
        """A predicate of entities of a kind with tests of ids in the place of walks."""
        match predicate:
            case And(terms) | Or(terms):
                plain = tuple([await self._plain(term, kind) for term in terms])
                same = all(one is other for one, other in zip(plain, terms, strict=True))
                return predicate if same else type(predicate)(plain)
            case Not(term):
                inner = await self._plain(term, kind)
                return predicate if inner is term else Not(inner)
            case Related(relation, term):
                inner = await self._plain(term, relation.target)
                return predicate if inner is term else Related(relation, inner)
            case Reached():
                key = predicate, kind
                # Who asks the same at the same time waits for the walk of the first.
                async with self._turns.setdefault(key, asyncio.Lock()):
                    if key not in self._walks:
                        self._walks[key] = await self._reached(predicate, kind)
                return self._walks[key]
            case Test():
                return predicate
        raise AssertionError(predicate)

    async def _reached(self, asked: Reached, kind: EntityKind) -> Predicate:
        roots = await self._roots(asked)
        # What descends from a node is downstream of it.
        found = await self._walk(roots, not asked.upstream, asked)
        faults = self._reader.faults
        if faults:
            raise self._incomplete(asked, f"a part of the store cannot be read ({faults[0]})", "read it without")
        execution = kind is EntityKind.EXECUTION
        ids = sorted(node >> 1 for node in found if node & 1 == execution)
        return Test(Field.ID, Operator.IN, tuple(ids))

    async def _roots(self, asked: Reached) -> list[NodeNumber]:
        roots: list[NodeNumber] = []
        for kind, predicate in zip(_KINDS, (asked.artifacts, asked.executions), strict=True):
            if predicate != NEVER:
                ids = await self.ids(kind, predicate, self._most + 1 - len(roots))
                roots += [id_ << 1 | (kind is EntityKind.EXECUTION) for id_ in ids]
            self._check(asked, len(roots), "begins at")
        return roots

    async def _walk(self, roots: Sequence[NodeNumber], upstream: bool, asked: Reached) -> set[NodeNumber]:
        """The nodes that are one or more steps from some of the roots."""
        events, found, pace = EventTable(self._reader), set[StepNumber](), Pace()
        level = {step_of(root, upstream) for root in roots}
        while level:
            if self._until is not None and time.monotonic() >= self._until:
                raise self._incomplete(asked, "the time for one operation ran out", "narrow the filter inside")
            await events.load(level)
            if not events.leading_out.isdisjoint(level):
                raise self._incomplete(asked, "it leads to what you may not see", "narrow the filter inside")
            level = await in_pieces(pace, len(level), partial(following, level, events)) - found
            found |= level
            self._check(asked, len(found), "reaches")
        return {step >> 1 for step in found}

    def _check(self, asked: Reached, nodes: int, does: str) -> None:
        if nodes > self._most:
            way = "narrow the filter inside, or raise the setting max_lineage_nodes"
            raise self._incomplete(asked, f"it {does} more than {self._most} nodes", way)

    def _incomplete(self, asked: Reached, why: str, way: str) -> LineageIncomplete:
        name = "descendsFrom" if asked.upstream else "leadsTo"
        words = f"the lineage that {name} asks for could not be walked to its end, as {why}: {way}"
        return LineageIncomplete(words, asked.path or None)
