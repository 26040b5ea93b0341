"""Relations between entities: what is at the other end of each, for many entities at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from lineageql.model.entities import Entity, Execution
from lineageql.model.identity import EntityKind
from lineageql.model.nodes import INPUT_EVENTS, OUTPUT_EVENTS, Event, EventType, Node, NodeKind
from lineageql.model.predicates import Relation
from lineageql.store.service.entities import NODE_KINDS, Entities
from lineageql.store.service.holdings import Holdings
from lineageql.store.service.memberships import Memberships
from lineageql.store.service.node_cache import Tables

Related = list[list[Entity]]
"""For each entity that is asked about, those at the other end."""

EVENTS: dict[Relation, frozenset[EventType]] = {
    Relation.PRODUCED_BY: OUTPUT_EVENTS,
    Relation.CONSUMED_BY: INPUT_EVENTS,
    Relation.INPUTS: INPUT_EVENTS,
    Relation.OUTPUTS: OUTPUT_EVENTS,
}


class Relations:
    """Follows relations in one operation."""

    def __init__(self, tables: Tables, entities: Entities, memberships: Memberships, holdings: Holdings) -> None:
        self.tables = tables
        self.entities = entities
        self.memberships = memberships
        self.holdings = holdings
        self.runs = memberships.runs

    async def of(self, relation: Relation, kind: EntityKind, entities: Sequence[Entity]) -> Related:
        """The entities at the other end of a relation of each of some entities of a kind."""
        if relation.by_event:
            return await self._by_event(relation, kind, entities)
        ways: dict[tuple[Relation, EntityKind], Callable[[Sequence[Entity]], Awaitable[Related]]] = {
            (Relation.WORKSPACE, EntityKind.ARTIFACT): self._spaces,
            (Relation.WORKSPACE, EntityKind.EXECUTION): self._spaces,
            (Relation.WORKSPACE, EntityKind.RUN): self._spaces_of_runs,
            (Relation.RUN, EntityKind.EXECUTION): self._runs_of_executions,
            (Relation.RUN, EntityKind.ARTIFACT): self._runs_of_artifacts,
            (Relation.EXECUTIONS, EntityKind.RUN): self._executions_of_runs,
            (Relation.RUN_INPUTS, EntityKind.RUN): self._inputs_of_runs,
            (Relation.RUN_OUTPUTS, EntityKind.RUN): self._outputs_of_runs,
            (Relation.RUNS, EntityKind.WORKSPACE): self._runs_of_spaces,
            (Relation.EXECUTIONS, EntityKind.WORKSPACE): self._executions_of_spaces,
            (Relation.ARTIFACTS, EntityKind.WORKSPACE): self._artifacts_of_spaces,
        }
        return await ways[relation, kind](entities)

    async def _by_event(self, relation: Relation, kind: EntityKind, entities: Sequence[Entity]) -> Related:
        types, here, there = EVENTS[relation], NODE_KINDS[kind], NODE_KINDS[relation.target]
        events = await self.tables.events(here, [entity.node.id for entity in entities], types)
        lists = [[_end(event, there) for event in events[entity.node.id] if event.type in types] for entity in entities]
        return await self._by_id(relation.target, lists)

    async def _by_id(self, kind: EntityKind, lists: Sequence[Iterable[int]]) -> Related:
        nodes = await self.tables.nodes(NODE_KINDS[kind], (id_ for ids in lists for id_ in ids))
        made = dict(zip(nodes, self.entities.of(kind, nodes.values()), strict=True))
        # An event may name a node that is not in the store.
        return [[made[id_] for id_ in ids if id_ in made] for ids in lists]

    async def _spaces(self, entities: Sequence[Entity]) -> Related:
        spaces = await self.memberships.spaces(entities[0].entity_kind, [entity.node.id for entity in entities])
        return [self.entities.of(EntityKind.WORKSPACE, spaces[entity.node.id]) for entity in entities]

    async def _spaces_of_runs(self, entities: Sequence[Entity]) -> Related:
        spaces = await self.memberships.workspaces_of_runs([entity.ref for entity in entities])
        lists = [[spaces[entity.ref]] if entity.ref in spaces else [] for entity in entities]
        return await self._by_id(EntityKind.WORKSPACE, lists)

    async def _executions_of_runs(self, runs: Sequence[Entity]) -> Related:
        found = await self.holdings.states.executions_of([run.ref for run in runs])
        return [self.entities.of(EntityKind.EXECUTION, found[run.ref]) for run in runs]

    async def _inputs_of_runs(self, runs: Sequence[Entity]) -> Related:
        return await self._artifacts_of_runs(runs, inputs=True)

    async def _outputs_of_runs(self, runs: Sequence[Entity]) -> Related:
        return await self._artifacts_of_runs(runs, inputs=False)

    async def _artifacts_of_runs(self, runs: Sequence[Entity], *, inputs: bool) -> Related:
        found = await self.holdings.artifacts_of_runs([run.ref for run in runs], inputs=inputs)
        return await self._by_id(EntityKind.ARTIFACT, [found[run.ref] for run in runs])

    async def _runs_of_spaces(self, spaces: Sequence[Entity]) -> Related:
        found = await self.holdings.runs_of([space.ref for space in spaces])
        return [list(found[space.ref]) for space in spaces]

    async def _executions_of_spaces(self, spaces: Sequence[Entity]) -> Related:
        return await self._members_of_spaces(EntityKind.EXECUTION, spaces)

    async def _artifacts_of_spaces(self, spaces: Sequence[Entity]) -> Related:
        return await self._members_of_spaces(EntityKind.ARTIFACT, spaces)

    async def _members_of_spaces(self, kind: EntityKind, spaces: Sequence[Entity]) -> Related:
        found = await self.holdings.members(NODE_KINDS[kind], [space.node.id for space in spaces])
        return [self.entities.of(kind, found[space.node.id]) for space in spaces]

    async def _runs_of_executions(self, entities: Sequence[Entity]) -> Related:
        ids = [entity.node.id for entity in entities]
        contexts: dict[int, list[Node]] = {id_: [] for id_ in ids}
        if self.runs.are_contexts:
            contexts = await self.tables.contexts(NodeKind.EXECUTION, ids)
        together = {node.id: node for found in contexts.values() for node in found}
        runs = {run.node.id: run for run in await self.runs.of_contexts(list(together.values()))}
        names = {entity.node.id: entity.run_name for entity in entities if isinstance(entity, Execution)}
        named = await self.runs.named(name for name in names.values() if name is not None)
        found: Related = []
        for entity in entities:
            id_, name = entity.node.id, names[entity.node.id]
            mine: list[Entity] = [runs[node.id] for node in contexts[id_] if node.id in runs]
            found.append([*mine, named[name]] if name is not None and name in named else mine)
        return found

    async def _runs_of_artifacts(self, entities: Sequence[Entity]) -> Related:
        """The runs of the execution that was the first to output each, and those that hold it without an event."""
        ids = [entity.node.id for entity in entities]
        events = await self.tables.events(NodeKind.ARTIFACT, ids)
        firsts = {
            id_: next((event.execution_id for event in events[id_] if event.type in OUTPUT_EVENTS), None) for id_ in ids
        }
        nodes = await self.tables.nodes(NodeKind.EXECUTION, {id_ for id_ in firsts.values() if id_ is not None})
        executions = self.entities.of(EntityKind.EXECUTION, nodes.values())
        runs = dict(zip(nodes, await self._runs_of_executions(executions), strict=True)) if executions else {}
        holders = await self.memberships.holders_of(ids)
        return [[*runs.get(firsts[id_] or 0, ()), *holders.get(id_, ())] for id_ in ids]


def _end(event: Event, kind: NodeKind) -> int:
    return event.artifact_id if kind is NodeKind.ARTIFACT else event.execution_id
