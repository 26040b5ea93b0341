"""The Reader over MLMD's service: each verb is a number of calls that its depth and its pages decide."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from lineageql.errors import LineageQLError
from lineageql.model.conventions.own_types import NO_OWN_TYPES, OwnTypes
from lineageql.model.entities import Entity, ExecutionState, Run, Workspace
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import Event, EventType, NodeKind, NodeType
from lineageql.model.predicates import ALWAYS, Field, Predicate
from lineageql.model.subjects import value_of
from lineageql.store.named_workspaces import Fields, NamedWorkspaces
from lineageql.store.ports import Facet, Leading, Link, Order, Row, Search, Slice, StoreCounts, Window
from lineageql.store.service.client import SIZES, Caller, Client, Knowledge, Sizes, concatenated
from lineageql.store.service.entities import NODE_KINDS
from lineageql.store.service.facets import counted
from lineageql.store.service.links import Links
from lineageql.store.service.listings import Listing
from lineageql.store.service.reading import Reading
from lineageql.store.service.runs import place_of
from lineageql.store.service.searches import Searches
from lineageql.store.service.type_reader import Types
from lineageql.store.text_ranking import ranking

SCAN_LIMIT = 100_000


class ServiceReader(NamedWorkspaces):
    """Reads one store for one operation; see `store.ports.Reader`.

    Args:
        caller: calls methods of MLMD's service.
        knowledge: what other operations have found out about the server.
        scan_limit: how many rows the operation may look at where the service cannot look up what is wanted.
        sizes: how much is asked for at a time.
        own: what the store's users say of types of their own.

    Every verb raises:
        TooExpensive: more rows than that had to be looked at.
    """

    def __init__(
        self,
        caller: Caller,
        knowledge: Knowledge | None = None,
        scan_limit: int = SCAN_LIMIT,
        sizes: Sizes = SIZES,
        own: OwnTypes = NO_OWN_TYPES,
    ) -> None:
        self.client = Client(caller, knowledge or Knowledge(), scan_limit, sizes)
        self._types = Types(self.client, own)
        self._making: asyncio.Task[Reading] | None = None

    hides = False
    unindexed = False

    @property
    def faults(self) -> Sequence[LineageQLError]:
        return list(self.client.faults.values())

    async def reading(self) -> Reading:
        """What the parts of the operation share."""
        if self._making is None:
            self._making = asyncio.create_task(self._make())
        return await asyncio.shield(self._making)

    async def _make(self) -> Reading:
        return Reading(self.client, self._types, await self._types.catalog())

    async def _searches(self) -> Searches:
        return Searches(await self.reading())

    # -- types

    async def types(self) -> Sequence[NodeType]:
        return [type_ for type_ in (await self._types.catalog()).by_id.values() if not type_.simple]

    # -- pages and counts

    async def _search(self, search: Search, window: Window, fields: Fields) -> Slice:
        return await (await self._searches()).page(search, window)

    async def _search_under(
        self, link: Link, owners: Sequence[Ref], search: Search, window: Window, fields: Fields
    ) -> Mapping[Ref, Slice]:
        searches = await self._searches()
        return await Links(searches.reading, searches).slices(link, owners, search, window)

    async def _count(self, search: Search) -> int:
        return await (await self._searches()).count(search)

    async def _count_under(self, link: Link, owners: Sequence[Ref], search: Search) -> Mapping[Ref, int]:
        searches = await self._searches()
        return await Links(searches.reading, searches).counts(link, owners, search)

    async def _facets(
        self, kind: EntityKind, predicate: Predicate, by: Facet, key: str | None, named: Sequence[str]
    ) -> Mapping[str, int]:
        searches = await self._searches()
        entities = await searches.all(kind, predicate)
        found = await counted(searches.reading, kind, entities, by, key)
        if named:
            known = set(named)
            names = map(value_of(Field.NAMED_WORKSPACE), entities)
            found += Counter(name for name in names if isinstance(name, str) and name in known)
        return found

    async def _find_text(self, kind: EntityKind, text: str, window: Window) -> Slice:
        searches = await self._searches()
        return await searches.slice(Order(), window, await self._ranked(searches, kind, text))

    async def _count_text(self, kind: EntityKind, text: str) -> int:
        return len(await self._ranked(await self._searches(), kind, text))

    async def _ranked(self, searches: Searches, kind: EntityKind, text: str) -> list[Row]:
        rank, rows = ranking(text), []
        async for entity in searches.each(kind, ALWAYS, names=True):
            place = rank(entity)
            if place is not None:
                ties = place_of(entity) if isinstance(entity, Run) else (entity.node.id,)
                rows.append(Row((place, *ties), entity))
        return rows

    # -- entities and events

    async def _get(self, refs: Sequence[Ref], fields: Fields) -> Mapping[Ref, Entity]:
        reading = await self.reading()
        found: dict[Ref, Entity] = {}
        for kind in (EntityKind.ARTIFACT, EntityKind.EXECUTION, EntityKind.WORKSPACE):
            ids = [ref.key for ref in refs if ref.kind is kind and isinstance(ref.key, int)]
            nodes = list((await reading.tables.nodes(NODE_KINDS[kind], ids)).values())
            if kind is EntityKind.WORKSPACE:
                nodes = await reading.roles.workspaces(nodes)
            found.update((entity.ref, entity) for entity in reading.entities.of(kind, nodes))
        found.update(await reading.get_runs([ref for ref in refs if ref.kind is EntityKind.RUN]))
        if fields is None or Field.NAME in fields:
            await reading.entities.load_names(found.values())
        return found

    async def _matching(self, kind: EntityKind, ids: Sequence[int], predicate: Predicate) -> Sequence[int]:
        searches = await self._searches()
        nodes = await searches.reading.tables.nodes(NODE_KINDS[kind], ids)
        entities = searches.reading.entities.of(kind, nodes.values())
        return [entity.node.id for entity in await searches.evaluator.matching(predicate, kind, entities)]

    async def _ids(self, kind: EntityKind, predicate: Predicate, most: int) -> Sequence[int]:
        found: list[int] = []
        async for entity in (await self._searches()).each(kind, predicate):
            found.append(entity.node.id)
            if len(found) == most:
                break
        return found

    async def types_of(self, kind: EntityKind, ids: Sequence[int]) -> Mapping[int, NodeType]:
        nodes = await (await self.reading()).tables.nodes(NODE_KINDS[kind], ids)
        return {id_: node.type for id_, node in nodes.items()}

    async def events(self, kind: NodeKind, ids: Sequence[int], types: frozenset[EventType]) -> Sequence[Event]:
        found = await (await self.reading()).tables.events(kind, ids, types)
        return [event for event in concatenated(found.values()) if event.type in types]

    async def events_onward(
        self, kind: NodeKind, ids: Sequence[int], leading: Leading, levels: int, most: int
    ) -> Sequence[Sequence[Event]]:
        return [await self.events(kind, ids, leading[kind])]  # the service has no call for more

    async def leading_out(self, kind: NodeKind, ids: Sequence[int], types: frozenset[EventType]) -> Sequence[int]:
        return []

    async def paths(self, events: Sequence[Event]) -> Sequence[Event]:
        return events  # the service tells no event without its path

    # -- memberships

    async def _workspaces_named(self, names: Sequence[str] | None) -> Sequence[Workspace]:
        return await (await self.reading()).workspace_names.of(names)

    async def workspaces_of(self, kind: EntityKind, refs: Sequence[Ref]) -> Mapping[Ref, Ref]:
        reading = await self.reading()
        memberships, own = reading.memberships, await reading.named_workspaces_of(kind, refs)
        others = [ref for ref in refs if ref not in own]
        if kind is EntityKind.RUN:
            found = await memberships.workspaces_of_runs(others)
        else:
            by_id = await memberships.workspaces_of(kind, [ref.key for ref in others if isinstance(ref.key, int)])
            found = {Ref(kind, id_): space for id_, space in by_id.items()}
        return own | {ref: Ref(EntityKind.WORKSPACE, space) for ref, space in found.items()}

    async def all_workspaces_of(self, artifacts: Sequence[Ref]) -> Mapping[Ref, Sequence[Ref]]:
        reading = await self.reading()
        memberships = reading.memberships
        ids = [ref.key for ref in artifacts if isinstance(ref.key, int)]
        found = await memberships.spaces(EntityKind.ARTIFACT, ids)
        own = await reading.named_workspaces_of(EntityKind.ARTIFACT, artifacts)
        around = {
            Ref(EntityKind.ARTIFACT, id_): [Ref(EntityKind.WORKSPACE, space.id) for space in spaces]
            for id_, spaces in found.items()
        }
        lists = {ref: [*around.get(ref, ()), *([own[ref]] if ref in own else [])] for ref in artifacts}
        return {ref: spaces for ref, spaces in lists.items() if spaces}

    async def runs_of(self, executions: Sequence[Ref]) -> Mapping[Ref, Ref]:
        memberships = (await self.reading()).memberships
        found = await memberships.runs_of([ref.key for ref in executions if isinstance(ref.key, int)])
        return {Ref(EntityKind.EXECUTION, id_): Ref(EntityKind.RUN, run) for id_, run in found.items()}

    async def runs_holding(self, artifacts: Sequence[Ref]) -> Mapping[Ref, Ref]:
        memberships = (await self.reading()).memberships
        found = await memberships.holders_of([ref.key for ref in artifacts if isinstance(ref.key, int)])
        return {Ref(EntityKind.ARTIFACT, id_): runs[0].ref for id_, runs in found.items() if runs}

    async def run_states(self, runs: Sequence[Ref]) -> Mapping[Ref, Mapping[ExecutionState, int]]:
        return await (await self.reading()).states.of_runs(runs)

    async def counts(self) -> StoreCounts:
        reading = await self.reading()
        workspaces, runs = [await self.count(Search(kind)) for kind in (EntityKind.WORKSPACE, EntityKind.RUN)]
        ids: dict[NodeKind, list[int]] = {NodeKind.ARTIFACT: [], NodeKind.EXECUTION: []}
        for kind, found in ids.items():
            async for nodes in reading.lister.pages(Listing(kind)):
                found += [node.id for node in nodes]
        events = sum(
            len(at) for at in (await reading.tables.events(NodeKind.EXECUTION, ids[NodeKind.EXECUTION])).values()
        )
        return StoreCounts(workspaces, runs, len(ids[NodeKind.EXECUTION]), len(ids[NodeKind.ARTIFACT]), events)
