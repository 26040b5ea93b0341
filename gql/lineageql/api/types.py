"""The entities as GraphQL types.

A resolver's parent is an entity of the model: fields without a resolver are its
attributes. Links to other entities go through the request's loaders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from lineageql.api.connections import (
    ORDER,
    WHERE,
    After,
    ArtifactOrder,
    Before,
    Connection,
    EventConnection,
    ExecutionOrder,
    First,
    Last,
    PageInfo,
    RunOrder,
    later,
    total,
    under,
)
from lineageql.api.context import Info
from lineageql.api.entity import Entity, always
from lineageql.api.filters import ArtifactFilter, ExecutionFilter, LineageFilter, RunFilter
from lineageql.api.scalars import JSON, DateTime
from lineageql.api.unknown_names import of_nodes, warn_of_names
from lineageql.catalog.adjacency import Events
from lineageql.catalog.closures import Closure
from lineageql.catalog.lineage import Direction, NodeFilter
from lineageql.catalog.pages import Edge, Page, PageRequest
from lineageql.errors import InvalidArgument
from lineageql.model import entities
from lineageql.model.entities import ArtifactState, ExecutionState
from lineageql.model.identity import EntityKind, Ref
from lineageql.model.kinds import ArtifactKind
from lineageql.store.ports import Link


@strawberry.type(description="A group of runs, executions and artifacts.")
class Workspace(Entity):
    is_type_of = classmethod(always)

    @strawberry.field(description="Its runs.")
    def runs(
        self,
        info: Info,
        parent: strawberry.Parent[entities.Workspace],
        where: Annotated[RunFilter | None, WHERE] = None,
        order_by: Annotated[RunOrder | None, ORDER] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Run]:
        request = PageRequest(first, after, last, before)
        return under(info, Link.WORKSPACE_RUNS, parent.ref, request, where, order_by)  # type: ignore[no-any-return]

    @strawberry.field(description="Its executions.")
    def executions(
        self,
        info: Info,
        parent: strawberry.Parent[entities.Workspace],
        where: Annotated[ExecutionFilter | None, WHERE] = None,
        order_by: Annotated[ExecutionOrder | None, ORDER] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Execution]:
        request = PageRequest(first, after, last, before)
        return under(info, Link.WORKSPACE_EXECUTIONS, parent.ref, request, where, order_by)  # type: ignore[no-any-return]

    @strawberry.field(description="Its artifacts.")
    def artifacts(
        self,
        info: Info,
        parent: strawberry.Parent[entities.Workspace],
        where: Annotated[ArtifactFilter | None, WHERE] = None,
        order_by: Annotated[ArtifactOrder | None, ORDER] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Artifact]:
        request = PageRequest(first, after, last, before)
        return under(info, Link.WORKSPACE_ARTIFACTS, parent.ref, request, where, order_by)  # type: ignore[no-any-return]


@strawberry.type(description="A run of a pipeline or a notebook: a context of MLMD's, or a name that executions carry.")
class Run(Entity):
    is_type_of = classmethod(always)

    @strawberry.field(description="The workspace it belongs to.")
    def workspace(self, info: Info, parent: strawberry.Parent[entities.Run]) -> Workspace | None:
        return later(info.context.loaders.workspace_by_member.load(parent.ref))  # type: ignore[no-any-return]

    @strawberry.field(
        description="What its executions' states amount to: FAILED if one failed, else RUNNING if one runs or some "
        "are still NEW beside others, else the first of NEW, COMPLETE, CACHED and CANCELED that one of them is in; "
        "UNKNOWN if none is known."
    )
    def state(self, info: Info, parent: strawberry.Parent[entities.Run]) -> ExecutionState:
        return later(info.context.loaders.state_by_run.load(parent.ref))  # type: ignore[no-any-return]

    @strawberry.field(description="Its executions.")
    def executions(
        self,
        info: Info,
        parent: strawberry.Parent[entities.Run],
        where: Annotated[ExecutionFilter | None, WHERE] = None,
        order_by: Annotated[ExecutionOrder | None, ORDER] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Execution]:
        request = PageRequest(first, after, last, before)
        return under(info, Link.RUN_EXECUTIONS, parent.ref, request, where, order_by)  # type: ignore[no-any-return]

    @strawberry.field(description="The artifacts that its executions read and none of them wrote.")
    def inputs(
        self,
        info: Info,
        parent: strawberry.Parent[entities.Run],
        where: Annotated[ArtifactFilter | None, WHERE] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Artifact]:
        return under(info, Link.RUN_INPUTS, parent.ref, PageRequest(first, after, last, before), where)  # type: ignore[no-any-return]

    @strawberry.field(description="The artifacts that its executions wrote.")
    def outputs(
        self,
        info: Info,
        parent: strawberry.Parent[entities.Run],
        where: Annotated[ArtifactFilter | None, WHERE] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Artifact]:
        return under(info, Link.RUN_OUTPUTS, parent.ref, PageRequest(first, after, last, before), where)  # type: ignore[no-any-return]


MaxHops = Annotated[
    int | None,
    strawberry.argument(
        description="How many steps to go, artifact to execution being one; as far as it goes if null."
    ),
]
Shown = Annotated[
    LineageFilter | None, strawberry.argument(description="What is shown; the walk goes through every node.")
]

EVENTS = strawberry.argument(description="Which events to walk over.")
WhichEvents = Annotated[Events, EVENTS]


def closure(
    info: Info,
    root: Ref,
    direction: Direction,
    max_hops: int | None,
    where: LineageFilter | None,
    events: Events,
    request: PageRequest,
) -> Any:
    """The page of nodes that lie one way from a node."""
    if max_hops is not None and max_hops < 0:
        raise InvalidArgument(f"maxHops is {max_hops}; it takes 0 or more", "maxHops")
    shown = NodeFilter() if where is None else where.predicates()

    async def seen(pages: Sequence[Page[Edge]]) -> None:
        if request.after is None and request.before is None and not any(page.edges for page in pages):
            await warn_of_names(info, of_nodes(shown))

    return later(info.context.loaders.closures(Closure(direction, shown, request, max_hops, events), seen).load(root))


@strawberry.interface(description="Artifact and Execution: what lineage is made of.")
class LineageNode(Entity):
    @strawberry.field(description="What it came from, over any number of steps: nearest first, then by id.")
    def upstream(
        self,
        info: Info,
        parent: strawberry.Parent[entities.Entity],
        max_hops: MaxHops = None,
        where: Shown = None,
        events: WhichEvents = Events.ALL,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> LineageNodeConnection:
        request = PageRequest(first, after, last, before)
        return closure(info, parent.ref, Direction.UPSTREAM, max_hops, where, events, request)  # type: ignore[no-any-return]

    @strawberry.field(description="What came from it, over any number of steps: nearest first, then by id.")
    def downstream(
        self,
        info: Info,
        parent: strawberry.Parent[entities.Entity],
        max_hops: MaxHops = None,
        where: Shown = None,
        events: WhichEvents = Events.ALL,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> LineageNodeConnection:
        request = PageRequest(first, after, last, before)
        return closure(info, parent.ref, Direction.DOWNSTREAM, max_hops, where, events, request)  # type: ignore[no-any-return]


@strawberry.type(description="A node of a lineage, as a row.")
class LineageNodeEdge:
    cursor: str = strawberry.field(description="Where the row stands; for `after` and `before` of the same arguments.")
    node: LineageNode = strawberry.field(description="The artifact or execution.")
    hops: int = strawberry.field(description="The least number of steps to it.")


@strawberry.type(description="A page of a node's lineage, nearest first.")
class LineageNodeConnection:
    edges: list[LineageNodeEdge] = strawberry.field(description="The page's rows.")
    nodes: list[LineageNode] = strawberry.field(description="The nodes of the page's edges.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(
        resolver=total, description="How many nodes the walk found, under the filter, on all pages."
    )
    complete: bool = strawberry.field(
        description="Whether the walk found everything, so that totalCount counts all there are: false where maxHops, "
        "the limit of nodes or time cut it short. Whether this page shows all that were found is in pageInfo."
    )


@strawberry.type(description="A step that read and wrote artifacts.")
class Execution(LineageNode):
    is_type_of = classmethod(always)

    state: ExecutionState = strawberry.field(description="Its last known state.")
    start_time: DateTime | None = strawberry.field(
        description="When it began, as it was recorded or as its writer keeps executions; null where nothing says it."
    )
    end_time: DateTime | None = strawberry.field(
        description="When it ended, as it was recorded or as its writer keeps executions; null where nothing says it."
    )

    parameters: JSON = strawberry.field(
        description="An object of its parameters, as its writer's convention keeps them: what the step was run with, "
        "without what says which step it was."
    )

    @strawberry.field(description="The workspace it belongs to.")
    def workspace(self, info: Info, parent: strawberry.Parent[entities.Execution]) -> Workspace | None:
        return later(info.context.loaders.workspace_by_member.load(parent.ref))  # type: ignore[no-any-return]

    @strawberry.field(description="The run it belongs to.")
    def run(self, info: Info, parent: strawberry.Parent[entities.Execution]) -> Run | None:
        return later(info.context.loaders.run_by_execution.load(parent))  # type: ignore[no-any-return]

    @strawberry.field(description="The execution that encloses it, such as a DAG, where the writer records one.")
    def parent(self, info: Info, parent: strawberry.Parent[entities.Execution]) -> Execution | None:
        return _by_id(info, EntityKind.EXECUTION, parent.parent_id)  # type: ignore[no-any-return]

    @strawberry.field(description="The artifacts it read, by event.")
    def inputs(
        self,
        info: Info,
        parent: strawberry.Parent[entities.Execution],
        where: Annotated[ArtifactFilter | None, WHERE] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> EventConnection[Artifact]:
        return under(info, Link.EXECUTION_INPUTS, parent.ref, PageRequest(first, after, last, before), where)  # type: ignore[no-any-return]

    @strawberry.field(description="The artifacts it wrote, by event.")
    def outputs(
        self,
        info: Info,
        parent: strawberry.Parent[entities.Execution],
        where: Annotated[ArtifactFilter | None, WHERE] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> EventConnection[Artifact]:
        return under(info, Link.EXECUTION_OUTPUTS, parent.ref, PageRequest(first, after, last, before), where)  # type: ignore[no-any-return]


@strawberry.interface(description="What executions read and write: models, data sets, metrics and all else.")
class Artifact(LineageNode):
    kind: ArtifactKind = strawberry.field(description="What it is to its users, whichever system wrote it.")
    uri: str | None = strawberry.field(description="Where it lies.")
    state: ArtifactState = strawberry.field(description="MLMD's state of it.")
    version: str | None = strawberry.field(description="Its version, by the writer's convention.")
    owner: str | None = strawberry.field(description="Its owner, by the writer's convention.")

    @strawberry.field(description="The workspace it belongs to; the one that recorded it, where it belongs to several.")
    def workspace(self, info: Info, parent: strawberry.Parent[entities.Artifact]) -> Workspace | None:
        return later(info.context.loaders.workspace_by_member.load(parent.ref))  # type: ignore[no-any-return]

    @strawberry.field(description="All workspaces that it belongs to, in the order of their ids.")
    def workspaces(self, info: Info, parent: strawberry.Parent[entities.Artifact]) -> list[Workspace]:
        return later(info.context.loaders.workspaces_by_artifact.load(parent.ref))  # type: ignore[no-any-return]

    @strawberry.field(description="The run of the execution that was the first to write it.")
    def run(self, info: Info, parent: strawberry.Parent[entities.Artifact]) -> Run | None:
        return later(info.context.loaders.run_by_artifact.load(parent.ref))  # type: ignore[no-any-return]

    @strawberry.field(description="The execution that was the first to write it.")
    def producer(self, info: Info, parent: strawberry.Parent[entities.Artifact]) -> Execution | None:
        return later(info.context.loaders.producer_by_artifact.load(parent.ref))  # type: ignore[no-any-return]

    @strawberry.field(description="The executions that wrote it, by event.")
    def producers(
        self,
        info: Info,
        parent: strawberry.Parent[entities.Artifact],
        where: Annotated[ExecutionFilter | None, WHERE] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> EventConnection[Execution]:
        return under(info, Link.ARTIFACT_PRODUCERS, parent.ref, PageRequest(first, after, last, before), where)  # type: ignore[no-any-return]

    @strawberry.field(description="The executions that read it, by event.")
    def consumers(
        self,
        info: Info,
        parent: strawberry.Parent[entities.Artifact],
        where: Annotated[ExecutionFilter | None, WHERE] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> EventConnection[Execution]:
        return under(info, Link.ARTIFACT_CONSUMERS, parent.ref, PageRequest(first, after, last, before), where)  # type: ignore[no-any-return]


@strawberry.type(description="A trained model.")
class Model(Artifact):
    is_type_of = classmethod(always)

    model_type: str | None = strawberry.field(description="What kind of model it is, such as `neural network`.")
    training_framework: JSON | None = strawberry.field(description="What it was trained with.")
    hyperparameters: JSON | None = strawberry.field(
        description="An object of its hyperparameters, as its writer's convention keeps them; null where it keeps none."
    )

    @strawberry.field(
        description="The metrics that name this model, or were written by an execution that wrote or read it."
    )
    def metrics(
        self,
        info: Info,
        parent: strawberry.Parent[entities.Artifact],
        where: Annotated[ArtifactFilter | None, WHERE] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Artifact]:
        return under(info, Link.MODEL_METRICS, parent.ref, PageRequest(first, after, last, before), where)  # type: ignore[no-any-return]


@strawberry.type(description="A data set.")
class DataSet(Artifact):
    is_type_of = classmethod(always)

    query: str | None = strawberry.field(description="How it was fetched from its source.")


@strawberry.type(description="Metrics of a model or of a step.")
class Metrics(Artifact):
    is_type_of = classmethod(always)

    metrics_type: str | None = strawberry.field(
        description="Such as `training`, `validation`, `testing`, `production`."
    )
    values: JSON = strawberry.field(
        description="An object of the metric values, as the writer's convention keeps them: where there is no such "
        "object, of its properties that are numbers."
    )

    @strawberry.field(description="The model that these metrics name.")
    def model(self, info: Info, parent: strawberry.Parent[entities.Artifact]) -> Artifact | None:
        return _by_id(info, EntityKind.ARTIFACT, parent.model_id)  # type: ignore[no-any-return]

    @strawberry.field(description="The data set that these metrics name.")
    def data_set(self, info: Info, parent: strawberry.Parent[entities.Artifact]) -> Artifact | None:
        return _by_id(info, EntityKind.ARTIFACT, parent.data_set_id)  # type: ignore[no-any-return]


def _by_id(info: Info, kind: EntityKind, id_: int | None) -> Any:
    return None if id_ is None else later(info.context.loaders.entity_by_ref.load(Ref(kind, id_)))


@strawberry.type(description="An artifact of any other type.")
class CustomArtifact(Artifact):
    is_type_of = classmethod(always)


ENTITY_TYPES = (Workspace, Run, Execution, Model, DataSet, Metrics, CustomArtifact)
