"""Finding entities: by id, by search, under an owner, and what they belong to.

A `Finder` serves one operation. Its verbs take batches, so that a loader can
answer a whole level of a query with one call.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from lineageql.catalog.pages import Edge, Page, PageRequest, page_of
from lineageql.errors import InvalidArgument, LineageQLError, TooExpensive
from lineageql.model.entities import Entity, Execution, ExecutionState
from lineageql.model.identity import EntityKind, Ref, RunName
from lineageql.model.nodes import Event, NodeKind, NodeType
from lineageql.model.predicates import ALWAYS, Field, Operator, Predicate, Related, Relation, Test, all_of, size
from lineageql.model.run_state import run_state
from lineageql.settings import Settings
from lineageql.store.ports import FACETS, Facet, Link, Reader, Search, StoreCounts, Window

_SHOWN_RUNS = 10
"""How many of the runs of one name an error tells apart."""


@dataclass(frozen=True)
class Listing:
    """What a connection under an owner lists, and which fields of what it lists are going to be read."""

    link: Link
    search: Search
    request: PageRequest
    fields: frozenset[Field] | None = None

    @cached_property
    def _hash(self) -> int:
        return hash((self.link, self.search, self.request, self.fields))

    def __hash__(self) -> int:
        return self._hash  # it is the key of every row of a level


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many of what is counted have this value."""

    value: str
    count: int


def facet_counts(counts: Mapping[str, int]) -> list[FacetCount]:
    """Counts as rows, most first, then by value."""
    return [FacetCount(value, count) for value, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


class Finder:
    """Answers what is asked in one operation."""

    def __init__(self, reader: Reader, settings: Settings) -> None:
        self.reader = reader
        self.settings = settings

    @property
    def faults(self) -> Sequence[LineageQLError]:
        """What could not be read and was left out."""
        return self.reader.faults

    @property
    def unindexed(self) -> bool:
        """Whether a search index would have served, and there is none."""
        return self.reader.unindexed

    def check(self, predicate: Predicate) -> None:
        """Refuses a filter of too many terms.

        Raises:
            TooExpensive: it has more than the settings allow.
        """
        terms, most = size(predicate), self.settings.max_filter_terms
        if terms > most:
            raise TooExpensive(f"the filter has {terms} terms, each value of a list being one; the most is {most}")

    def _window(self, request: PageRequest, search: Hashable) -> Window:
        return request.window(search, default=self.settings.page_size, maximum=self.settings.max_page_size)

    async def page(self, search: Search, request: PageRequest, fields: frozenset[Field] | None = None) -> Page[Edge]:
        """A page of the whole store; see `Reader.get` for `fields`."""
        self.check(search.predicate)
        window = self._window(request, search)
        found = await self.reader.search(search, window, fields)

        async def count() -> int:
            return await self.reader.count(search)

        return page_of(found, window, search, count)

    async def pages(self, listing: Listing, owners: Sequence[Ref]) -> list[Page[Edge]]:
        """The same page under each of several owners. Each page's total must be counted by the caller's batch."""
        self.check(listing.search.predicate)
        identity = (listing.link, listing.search)
        window = self._window(listing.request, identity)
        found = await self.reader.search_under(listing.link, owners, listing.search, window, listing.fields)

        async def count() -> int:
            raise AssertionError("a page under an owner is counted with those of its neighbours")

        return [page_of(found[owner], window, identity, count) for owner in owners]

    async def counts(self, listing: Listing, owners: Sequence[Ref]) -> list[int]:
        """How many rows there are under each owner."""
        found = await self.reader.count_under(listing.link, owners, listing.search)
        return [found[owner] for owner in owners]

    async def get(self, refs: Sequence[Ref]) -> list[Entity | None]:
        """The entity of each reference; None for an id of nothing."""
        found = await self.reader.get(list(dict.fromkeys(refs)))
        return [found.get(ref) for ref in refs]

    async def load(self, refs: Sequence[Ref], fields: frozenset[Field] | None = None) -> Mapping[Ref, Entity]:
        """The entities of references, what is not there left out; see `Reader.get` for `fields`."""
        return await self.reader.get(refs, fields) if refs else {}

    async def existing(self, kind: EntityKind, ids: Collection[int]) -> Sequence[int]:
        """Those of some ids that artifacts or executions of the store have."""
        return await self.reader.matching(kind, list(ids), ALWAYS) if ids else ()

    async def one(self, kind: EntityKind, predicate: Predicate) -> Entity | None:
        """The first entity of a kind that makes a predicate true."""
        found = await self.reader.search(Search(kind, predicate), Window(1))
        return found.rows[0].entity if found.rows else None

    async def workspace_named(self, name: str) -> Entity | None:
        """The workspace of this name; the first made where conventions give several the same."""
        return await self.one(EntityKind.WORKSPACE, Test(Field.NAME, Operator.EQ, name))

    async def run_named(self, workspace: str, name: str) -> Entity | None:
        """The run of this name in the workspace of that name."""
        found = await self.get([Ref(EntityKind.RUN, RunName(workspace, name))])
        if found[0] is not None:
            return found[0]
        inside = Related(Relation.WORKSPACE, Test(Field.NAME, Operator.EQ, workspace))
        return await self.one(EntityKind.RUN, all_of(Test(Field.NAME, Operator.EQ, name), inside))

    async def only_run_named(self, name: str) -> Entity | None:
        """The run of this name, where there is one.

        Raises:
            InvalidArgument: there are several; the message names their workspaces.
        """
        search = Search(EntityKind.RUN, Test(Field.NAME, Operator.EQ, name))
        found = (await self.reader.search(search, Window(_SHOWN_RUNS + 1))).rows
        if len(found) < 2:
            return found[0].entity if found else None
        refs = [row.entity.ref for row in found]
        names = [None if one is None else one.name for one in await self.workspaces(refs)]
        ways = [
            f"id: {json.dumps(str(ref))}"
            if name_ is None or names.count(name_) > 1
            else f"workspace: {json.dumps(name_, ensure_ascii=False)}"
            for ref, name_ in zip(refs, names, strict=True)
        ]
        more = ["another, as there are more"] if len(ways) > _SHOWN_RUNS else []
        words = f"several runs have the name {name!r}: give {' or '.join([*ways[:_SHOWN_RUNS], *more])} too"
        raise InvalidArgument(words, "name")

    async def paths(self, events: Sequence[Event]) -> list[tuple[str | int, ...]]:
        """The path of each event."""
        found = {event.id: event.path for event in await self.reader.paths(events)}
        return [found.get(event.id, ()) for event in events]

    async def workspaces(self, members: Sequence[Ref]) -> list[Entity | None]:
        """The workspace of each run, execution or artifact."""
        spaces: dict[Ref, Ref] = {}
        for kind in (EntityKind.RUN, EntityKind.EXECUTION, EntityKind.ARTIFACT):
            refs = [ref for ref in members if ref.kind is kind]
            if refs:
                spaces.update(await self.reader.workspaces_of(kind, refs))
        return await self._through(spaces, members)

    async def all_workspaces(self, artifacts: Sequence[Ref]) -> list[Sequence[Entity]]:
        """All workspaces that each artifact belongs to, in the order of ids."""
        refs = await self.reader.all_workspaces_of(artifacts)
        found = await self.reader.get(list(dict.fromkeys(space for spaces in refs.values() for space in spaces)))
        return [[found[space] for space in refs.get(artifact, ()) if space in found] for artifact in artifacts]

    async def _through(self, refs: Mapping[Ref, Ref], members: Sequence[Ref]) -> list[Entity | None]:
        found = await self.reader.get(list(dict.fromkeys(refs.values())))
        return [found.get(refs[member]) if member in refs else None for member in members]

    async def runs_of_executions(self, executions: Sequence[Execution]) -> list[Entity | None]:
        """The run of each execution: the one it names, else the first it is in."""
        refs: dict[Ref, Ref] = {}
        for execution in executions:
            if execution.run_name is not None:
                refs[execution.ref] = Ref(EntityKind.RUN, execution.run_name)
        others = [execution.ref for execution in executions if execution.ref not in refs]
        if others:
            refs.update(await self.reader.runs_of(others))
        return await self._through(refs, [execution.ref for execution in executions])

    async def producers(self, artifacts: Sequence[Ref]) -> list[Execution | None]:
        """The execution that was the first to output each artifact."""
        found = await self.reader.search_under(
            Link.ARTIFACT_PRODUCERS, artifacts, Search(EntityKind.EXECUTION), Window(1)
        )
        firsts = (found[ref].rows for ref in artifacts)
        return [rows[0].entity if rows and isinstance(rows[0].entity, Execution) else None for rows in firsts]

    async def runs_of_artifacts(self, artifacts: Sequence[Ref]) -> list[Entity | None]:
        """The run of the execution that was the first to output each artifact, else the run that holds it."""
        producers = await self.producers(artifacts)
        executions = list({execution.ref: execution for execution in producers if execution is not None}.values())
        runs = dict(zip((e.ref for e in executions), await self.runs_of_executions(executions), strict=True))
        found = [runs[producer.ref] if producer is not None else None for producer in producers]
        alone = [ref for ref, run in zip(artifacts, found, strict=True) if run is None]
        held = await self.reader.runs_holding(alone) if alone else {}
        holders = dict(zip(alone, await self._through(held, alone), strict=True)) if held else {}
        return [run or holders.get(ref) for ref, run in zip(artifacts, found, strict=True)]

    async def run_states(self, runs: Sequence[Ref]) -> list[ExecutionState]:
        """What the states of each run's executions amount to."""
        counts = await self.reader.run_states(runs)
        return [run_state(counts.get(run, {})) for run in runs]

    async def facets(
        self, kind: EntityKind, predicate: Predicate, by: Facet, key: str | None, first: int | None
    ) -> list[FacetCount]:
        """The most frequent values of what entities of a kind are counted by.

        Raises:
            InvalidArgument: the kind has no such values, a label's are asked for without its key, or `first` is out of
                bounds.
        """
        if by not in FACETS[kind]:
            counted = ", ".join(facet.name for facet in Facet if facet in FACETS[kind])
            raise InvalidArgument(f"{kind.value.lower()}s have no {by.value}: they are counted by {counted}", "by")
        if (by is Facet.LABEL_VALUE) is (key is None):
            raise InvalidArgument("LABEL_VALUE needs the key of a label, and nothing else takes one", "key")
        self.check(predicate)
        window = PageRequest(first).window((), default=self.settings.page_size, maximum=self.settings.max_page_size)
        return facet_counts(await self.reader.facets(kind, predicate, by, key))[: window.limit]

    async def types(self, kind: EntityKind) -> list[NodeType]:
        """The types of the nodes that stand for a kind of entity, by name."""
        node_kind = _NODE_KINDS[kind]
        found = [type_ for type_ in await self.reader.types() if type_.kind is node_kind]
        return sorted(found, key=lambda type_: (type_.name, type_.version or "", type_.id))

    async def store_counts(self) -> StoreCounts:
        """How many of each there are in the store."""
        return await self.reader.counts()


_NODE_KINDS = {
    EntityKind.WORKSPACE: NodeKind.CONTEXT,
    EntityKind.RUN: NodeKind.CONTEXT,
    EntityKind.EXECUTION: NodeKind.EXECUTION,
    EntityKind.ARTIFACT: NodeKind.ARTIFACT,
}
