"""The types of a lineage."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any

import strawberry
from graphql import FieldNode

from lineageql.api.connections import IMPLIED, later, texts_of
from lineageql.api.context import Info
from lineageql.api.entity import ArtifactIdentity, ExecutionIdentity
from lineageql.api.scalars import DateTime
from lineageql.api.selection import fields_of, needs, only_ids, selected
from lineageql.api.types import Artifact, Execution, LineageNode
from lineageql.api.written_json import Parts, in_parts
from lineageql.catalog import graphs
from lineageql.catalog.adjacency import NodeNumber, ref_of
from lineageql.catalog.lineage import Graph, Limit
from lineageql.model.entities import Entity
from lineageql.model.event_ports import port_of
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import Event, EventType


@strawberry.type(description="How many have a value.")
class Facet:
    value: str = strawberry.field(description="The value.")
    count: int = strawberry.field(description="How many have it.")


@strawberry.type(description="How many nodes of each sort there are.")
class LineageCounts:
    artifacts: int = strawberry.field(description="Artifacts.")
    executions: int = strawberry.field(description="Executions.")
    by_kind: list[Facet] = strawberry.field(description="Artifacts by kind, most first.")
    by_type: list[Facet] = strawberry.field(description="Artifacts and executions by MLMD type, most first.")


class Step:
    """A node of a graph and its distance."""

    __slots__ = ("hops", "node")

    def __init__(self, node: Entity | None, hops: int) -> None:
        self.node = node
        self.hops = hops


@strawberry.type(description="A node of a lineage and how far it is.")
class LineageStep:
    hops: int = strawberry.field(description="The least number of steps from a root; 0 for a root.")
    node: LineageNode = strawberry.field(description="The artifact or execution.")


class Edge:
    """An event with the entities at its ends, as far as they are selected."""

    __slots__ = ("artifact", "event", "execution")

    def __init__(self, event: Event, artifact: Entity | None, execution: Entity | None) -> None:
        self.event = event
        self.artifact = artifact
        self.execution = execution

    # Of a lineage there are very many; these are read without a call of Python's.
    event_type = property(attrgetter("event.type"))
    event_time = property(attrgetter("event.time"))
    implied = property(attrgetter("event.implied"))


@strawberry.type(description="An event: the execution read or wrote the artifact.")
class LineageEdge:
    artifact: Artifact = strawberry.field(description="The artifact.")
    execution: Execution = strawberry.field(description="The execution.")
    event_type: EventType = strawberry.field(description="MLMD's type of the event.")
    event_time: DateTime | None = strawberry.field(description="When it happened, where the writer says so.")
    implied: bool = strawberry.field(description=IMPLIED)

    @strawberry.field(
        description="The input or output of the execution that the artifact was at, where the writer names it."
    )
    def port(self, info: Info, parent: strawberry.Parent[Edge]) -> str | None:
        if parent.execution is None:
            return None
        convention = parent.execution.convention
        found = info.context.loaders.path_by_event.load(parent.event, lambda path: port_of(path, convention))
        return later(found)  # type: ignore[no-any-return]

    @strawberry.field(description="MLMD's event path, indexes as digits.")
    def path(self, info: Info, parent: strawberry.Parent[Edge]) -> list[str]:
        return later(info.context.loaders.path_by_event.load(parent.event, texts_of))  # type: ignore[no-any-return]


_ARTIFACT, _EXECUTION = attrgetter("artifact_id"), attrgetter("execution_id")
_IDENTITIES = {EntityKind.ARTIFACT: ArtifactIdentity, EntityKind.EXECUTION: ExecutionIdentity}


async def edges_of(info: Info, events: Sequence[Event]) -> Sequence[Edge] | Parts[Edge]:
    """The edges of events, with no more of the entities at their ends than is selected."""
    return await in_parts(len(events), lambda start, end, keep: _edges(info, events[start:end], keep=keep))


async def _edges(info: Info, events: Sequence[Event], *, keep: bool) -> Sequence[Edge]:
    selection = selected(info)
    artifacts, executions = list(map(_ARTIFACT, events)), list(map(_EXECUTION, events))
    wanted = {end: end in selection for end in ("artifact", "execution")}
    artifact_by_id: Mapping[int, Any] = {}
    execution_by_id: Mapping[int, Any] = {}
    if wanted["artifact"]:
        artifact_by_id = await _entities(info, selection["artifact"], EntityKind.ARTIFACT, set(artifacts), keep=keep)
    if wanted["execution"] or "port" in selection:
        fields = selection.get("execution", [])
        execution_by_id = await _entities(
            info, fields, EntityKind.EXECUTION, set(executions), keep=keep, with_type="port" in selection
        )
    edges = list(map(Edge, events, map(artifact_by_id.get, artifacts), map(execution_by_id.get, executions)))
    # An event may name a node that is not in the store.
    for end in ("artifact", "execution"):
        if wanted[end] and None in map(attrgetter(end), edges):
            edges = [edge for edge in edges if getattr(edge, end) is not None]
    return edges


async def _entities(
    info: Info,
    fields: Sequence[FieldNode],
    kind: EntityKind,
    ids: Collection[int],
    *,
    keep: bool,
    with_type: bool = False,
) -> Mapping[int, Any]:
    """Entities by MLMD's id, with what is selected below some fields; what is not there is left out."""
    loaders = info.context.loaders
    if only_ids(fields) and not with_type:
        return await loaders.identities(kind, ids, _IDENTITIES[kind])
    found = await loaders.entities([Ref(kind, id_) for id_ in ids], needs([fields_of(info, fields)]), keep=keep)
    return {ref.key: entity for ref, entity in found.items()}  # type: ignore[misc]


async def _steps(info: Info, distances: Mapping[NodeNumber, int], *, keep: bool) -> list[Step]:
    """Nodes with their distances. An event may name a node that is not in the store."""
    fields = selected(info).get("node", [])
    if only_ids(fields):
        of_kind = [
            await _entities(info, fields, kind, [node >> 1 for node in distances if node & 1 == execution], keep=keep)
            for execution, kind in enumerate(_IDENTITIES)
        ]
        nodes = [of_kind[node & 1].get(node >> 1) for node in distances]
    else:
        refs = list(map(ref_of, distances))
        found = await info.context.loaders.entities(refs, needs([fields_of(info, fields)]), keep=keep)
        nodes = list(map(found.get, refs))
    return [step for step in map(Step, nodes, distances.values()) if step.node is not None]


@strawberry.type(
    description="The lineage of one or several nodes, and whether it is whole. Where a limit cut it short, asking "
    "again with the frontier as roots gives the rest, a part of them at a time where they are more than maxNodes; walk "
    "one direction at a time for that."
)
class Lineage:
    complete: bool = strawberry.field(description="Whether it is whole.")
    limits: list[Limit] = strawberry.field(description="What cut it short; empty when it is whole.")

    @strawberry.field(description="The roots: the nodes at 0 hops.")
    def roots(self, info: Info, parent: strawberry.Parent[Graph]) -> list[LineageNode]:
        refs = [ref for ref, hops in parent.hops.items() if hops == 0]
        return later(info.context.loaders.entity_by_ref.load_many(refs))  # type: ignore[no-any-return]

    @strawberry.field(description="The nodes, the roots among them, by hops, then by MLMD id.")
    async def nodes(self, info: Info, parent: strawberry.Parent[Graph]) -> list[LineageStep]:
        distances = parent.distances

        async def make(start: int, end: int, keep: bool) -> list[Step]:
            return await _steps(info, dict(islice(distances.items(), start, end)), keep=keep)

        return await in_parts(len(distances), make)  # type: ignore[return-value]

    @strawberry.field(description="All events between the nodes, oldest first.")
    async def edges(self, info: Info, parent: strawberry.Parent[Graph]) -> list[LineageEdge]:
        return await edges_of(info, parent.edges)  # type: ignore[return-value]

    @strawberry.field(
        description="The events that lead from the nodes to nodes of the frontier that are not among them."
    )
    async def crossing_edges(self, info: Info, parent: strawberry.Parent[Graph]) -> list[LineageEdge]:
        return await edges_of(info, parent.crossing)  # type: ignore[return-value]

    @strawberry.field(description="How many nodes of each sort there are.")
    def counts(self, info: Info, parent: strawberry.Parent[Graph]) -> LineageCounts:
        return later(graphs.counts(info.context.finder, parent))  # type: ignore[no-any-return]

    @strawberry.field(description="Nodes that were not expanded because of a limit: ask again with these as roots.")
    def frontier(self, parent: strawberry.Parent[Graph]) -> list[strawberry.ID]:
        return [strawberry.ID(str(ref)) for ref in parent.frontier]
