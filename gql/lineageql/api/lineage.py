"""The types of a lineage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import strawberry

from lineageql.api.connections import later
from lineageql.api.context import Info
from lineageql.api.scalars import DateTime
from lineageql.api.types import Artifact, Execution, LineageNode
from lineageql.catalog import graphs
from lineageql.catalog.lineage import Graph, Limit
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.nodes import Event, EventType
from lineageql.model.ports import port_of


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

    __slots__ = ("hops", "ref")

    def __init__(self, ref: Ref, hops: int) -> None:
        self.ref = ref
        self.hops = hops


@strawberry.type(description="A node of a lineage and how far it is.")
class LineageStep:
    hops: int = strawberry.field(description="The least number of steps from a root; 0 for a root.")

    @strawberry.field(description="The artifact or execution.")
    def node(self, info: Info, parent: strawberry.Parent[Step]) -> LineageNode:
        return later(info.context.loaders.entity_by_ref.load(parent.ref))  # type: ignore[no-any-return]


@strawberry.type(description="An event: the execution read or wrote the artifact.")
class LineageEdge:
    @strawberry.field(description="The artifact.")
    def artifact(self, info: Info, parent: strawberry.Parent[Event]) -> Artifact:
        return _end(info, EntityKind.ARTIFACT, parent.artifact_id)  # type: ignore[no-any-return]

    @strawberry.field(description="The execution.")
    def execution(self, info: Info, parent: strawberry.Parent[Event]) -> Execution:
        return _end(info, EntityKind.EXECUTION, parent.execution_id)  # type: ignore[no-any-return]

    @strawberry.field(description="MLMD's type of the event.")
    def event_type(self, parent: strawberry.Parent[Event]) -> EventType:
        return parent.type

    @strawberry.field(description="When it happened, where the writer says so.")
    def event_time(self, parent: strawberry.Parent[Event]) -> DateTime | None:
        return None if parent.time is None else DateTime(parent.time)

    @strawberry.field(
        description="The input or output of the execution that the artifact was at, where the writer names it."
    )
    async def port(self, info: Info, parent: strawberry.Parent[Event]) -> str | None:
        loaders = info.context.loaders
        execution = await loaders.entity_by_ref.load(Ref(EntityKind.EXECUTION, parent.execution_id))
        if execution is None:
            return None
        path = await loaders.path_by_event.load(parent)
        return port_of(replace(parent, path=path), execution.convention)

    @strawberry.field(description="MLMD's event path, indexes as digits.")
    async def path(self, info: Info, parent: strawberry.Parent[Event]) -> list[str]:
        return [str(step) for step in await info.context.loaders.path_by_event.load(parent)]


def _end(info: Info, kind: EntityKind, id_: int) -> Any:
    return later(info.context.loaders.entity_by_ref.load(Ref(kind, id_)))


@strawberry.type(
    description="The lineage of one or several nodes, and whether it is whole. Where a limit cut it short, asking "
    "again with the frontier as roots gives the rest; walk one direction at a time for that."
)
class Lineage:
    complete: bool = strawberry.field(description="Whether it is whole.")
    limits: list[Limit] = strawberry.field(description="What cut it short; empty when it is whole.")

    @strawberry.field(description="The roots: the nodes at 0 hops.")
    def roots(self, info: Info, parent: strawberry.Parent[Graph]) -> list[LineageNode]:
        refs = [ref for ref, hops in parent.hops.items() if hops == 0]
        return later(info.context.loaders.entity_by_ref.load_many(refs))  # type: ignore[no-any-return]

    @strawberry.field(description="The nodes, the roots among them, by hops, then by MLMD id.")
    def nodes(self, parent: strawberry.Parent[Graph]) -> list[LineageStep]:
        return [Step(ref, hops) for ref, hops in parent.hops.items()]  # type: ignore[misc]

    @strawberry.field(description="All events between the nodes, oldest first.")
    def edges(self, parent: strawberry.Parent[Graph]) -> list[LineageEdge]:
        return parent.edges  # type: ignore[return-value]

    @strawberry.field(
        description="The events that lead from the nodes to nodes of the frontier that are not among them."
    )
    def crossing_edges(self, parent: strawberry.Parent[Graph]) -> list[LineageEdge]:
        return parent.crossing  # type: ignore[return-value]

    @strawberry.field(description="How many nodes of each sort there are.")
    def counts(self, info: Info, parent: strawberry.Parent[Graph]) -> LineageCounts:
        return later(graphs.counts(info.context.finder, parent))  # type: ignore[no-any-return]

    @strawberry.field(description="Nodes that were not expanded because of a limit: ask again with these as roots.")
    def frontier(self, parent: strawberry.Parent[Graph]) -> list[strawberry.ID]:
        return [strawberry.ID(str(ref)) for ref in parent.frontier]
