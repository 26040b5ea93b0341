"""What is answered. Generated from schema.graphql by clients/python/scripts/generate.py; edit neither."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from lineageql_client.comparisons import LineageDiffMethods, RunComparisonMethods
from lineageql_client.entities import EntityMethods, LineageNodeMethods, NodeMethods, Ref
from lineageql_client.lineage import LineageMethods, LineagePathMethods

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from lineageql_client.generated.inputs import (
        ArtifactFilter,
        ArtifactKind,
        ArtifactOrder,
        ArtifactOrderField,
        ArtifactState,
        EventType,
        ExecutionFilter,
        ExecutionOrder,
        ExecutionOrderField,
        ExecutionState,
        LineageEvents,
        LineageFilter,
        LineageLimit,
        Role,
        RunFilter,
        RunOrder,
        RunOrderField,
    )
    from lineageql_client.pages import Pages


@dataclass(frozen=True)
class ArtifactEdge:
    """A row of a connection."""

    TYPE: ClassVar[str] = "ArtifactEdge"
    node: Artifact
    """The row's entity."""


@dataclass(frozen=True)
class ArtifactEventEdge:
    """A row that is an event: an execution read or wrote an artifact."""

    TYPE: ClassVar[str] = "ArtifactEventEdge"
    node: Artifact
    """What is at the other end of the event."""
    event_type: EventType
    """MLMD's type of the event."""
    implied: bool
    """Whether the writer's convention says so, without an event of MLMD's: a deployment of model-registry reads
    the model of the version that it names.
    """
    event_time: datetime | None
    """When it happened, where the writer says so."""
    port: str | None
    """The input or output of the execution that the artifact was at, where the writer names it."""
    path: tuple[str, ...]
    """MLMD's event path, indexes as digits."""


@dataclass(frozen=True)
class ComparisonRow:
    """One field of several runs."""

    TYPE: ClassVar[str] = "ComparisonRow"
    section: str
    """`parameters`, `metrics`, `inputs` or `outputs`."""
    field: str
    """The step, model or metrics, a dot, and the parameter, value or port; of the run itself the parameter
    alone. A step inside others is called by its way, such as `for-loop-1[0]/train`; several of one name are
    numbered.
    """
    values: tuple[Any, ...]
    """Its value in each run, in their order; null where it lacks it."""
    same: bool
    """Whether it is the same in all."""


@dataclass(frozen=True)
class CreateArtifactTypePayload:
    """The answer to createArtifactType."""

    TYPE: ClassVar[str] = "CreateArtifactTypePayload"
    type: EntityType
    """The type."""
    created: bool
    """Whether it is new; false where the same was there."""


@dataclass(frozen=True)
class CreateExecutionPayload:
    """The answer to createExecution."""

    TYPE: ClassVar[str] = "CreateExecutionPayload"
    execution: Execution
    """The execution."""
    created: bool
    """Whether it is new; false where one that was there is answered, unchanged."""


@dataclass(frozen=True)
class CreateRunPayload:
    """The answer to createRun."""

    TYPE: ClassVar[str] = "CreateRunPayload"
    run: Run
    """The run."""
    created: bool
    """Whether a context was made for it; false where one that was there is answered, unchanged."""


@dataclass(frozen=True)
class CreateWorkspacePayload:
    """The answer to createWorkspace."""

    TYPE: ClassVar[str] = "CreateWorkspacePayload"
    workspace: Workspace
    """The workspace."""
    created: bool
    """Whether it is new; false where one that was there is answered, unchanged."""


@dataclass(frozen=True)
class EntityEdge:
    """A row of a connection."""

    TYPE: ClassVar[str] = "EntityEdge"
    node: Entity
    """The row's entity."""


@dataclass(frozen=True)
class EntityType:
    """An MLMD type."""

    TYPE: ClassVar[str] = "EntityType"
    name: str
    """The type's name."""
    version: str | None
    """The type's version, where it has one."""
    id: str
    """The type's id."""
    description: str | None = None
    """What the type is for, where the writer says so."""
    mlmd_id: int | None = None
    """MLMD's own id of the type."""
    properties: Any = None
    """The declared properties: an object of MLMD's names of their value types, by name."""


@dataclass(frozen=True)
class ExecutionEdge:
    """A row of a connection."""

    TYPE: ClassVar[str] = "ExecutionEdge"
    node: Execution
    """The row's entity."""


@dataclass(frozen=True)
class ExecutionEventEdge:
    """A row that is an event: an execution read or wrote an artifact."""

    TYPE: ClassVar[str] = "ExecutionEventEdge"
    node: Execution
    """What is at the other end of the event."""
    event_type: EventType
    """MLMD's type of the event."""
    implied: bool
    """Whether the writer's convention says so, without an event of MLMD's: a deployment of model-registry reads
    the model of the version that it names.
    """
    event_time: datetime | None
    """When it happened, where the writer says so."""
    port: str | None
    """The input or output of the execution that the artifact was at, where the writer names it."""
    path: tuple[str, ...]
    """MLMD's event path, indexes as digits."""


@dataclass(frozen=True)
class Facet:
    """How many have a value."""

    TYPE: ClassVar[str] = "Facet"
    value: str
    """The value."""
    count: int
    """How many have it."""


@dataclass(frozen=True)
class FieldDifference:
    """A field in which two nodes differ."""

    TYPE: ClassVar[str] = "FieldDifference"
    field: str
    """The field: `version`, `labels.stage`, `hyperparameters.lr`, `values.acc`; of a step `parameters.lr`;
    `metrics.evaluation.acc` of the metrics that were written with the node.
    """
    left: Any
    """Its value on the left; null where there is none."""
    right: Any
    """Its value on the right; null where there is none."""


@dataclass(frozen=True)
class Lineage(LineageMethods):
    """The lineage of one or several nodes, and whether it is whole. Where a limit cut it short, asking again
    with the frontier as roots gives the rest, a part of them at a time where they are more than maxNodes;
    walk one direction at a time for that.
    """

    TYPE: ClassVar[str] = "Lineage"
    complete: bool
    """Whether it is whole."""
    limits: tuple[LineageLimit, ...]
    """What cut it short; empty when it is whole."""
    roots: tuple[Ref, ...]
    """The roots: the nodes at 0 hops."""
    nodes: tuple[LineageStep, ...]
    """The nodes, the roots among them, by hops, then by MLMD id."""
    edges: tuple[LineageEdge, ...]
    """All events between the nodes, oldest first."""
    crossing_edges: tuple[LineageEdge, ...]
    """The events that lead from the nodes to nodes of the frontier that are not among them."""
    counts: LineageCounts
    """How many nodes of each sort there are."""
    frontier: tuple[str, ...]
    """Nodes that were not expanded because of a limit: ask again with these as roots."""


@dataclass(frozen=True)
class LineageCounts:
    """How many nodes of each sort there are."""

    TYPE: ClassVar[str] = "LineageCounts"
    artifacts: int
    """Artifacts."""
    executions: int
    """Executions."""
    by_kind: tuple[Facet, ...]
    """Artifacts by kind, most first."""
    by_type: tuple[Facet, ...]
    """Artifacts and executions by MLMD type, most first."""


@dataclass(frozen=True)
class LineageDiff(LineageDiffMethods):
    """What the lineages of two nodes share. Nodes that only one has play the same part where they stand at the
    same port of the same part of a run, have the same kind and name, or both.
    """

    TYPE: ClassVar[str] = "LineageDiff"
    only_left: tuple[LineageNode, ...]
    """What only the left lineage has, nearest first."""
    only_right: tuple[LineageNode, ...]
    """What only the right lineage has, nearest first."""
    both: tuple[LineageNode, ...]
    """What both have."""
    changed: tuple[NodeDifference, ...]
    """The two nodes themselves where they differ, then those that play the same part and differ."""
    complete: bool
    """Whether both lineages are whole."""


@dataclass(frozen=True)
class LineageEdge:
    """An event: the execution read or wrote the artifact."""

    TYPE: ClassVar[str] = "LineageEdge"
    artifact: Ref
    """The artifact."""
    execution: Ref
    """The execution."""
    event_type: EventType
    """MLMD's type of the event."""
    event_time: datetime | None
    """When it happened, where the writer says so."""
    implied: bool
    """Whether the writer's convention says so, without an event of MLMD's: a deployment of model-registry reads
    the model of the version that it names.
    """
    port: str | None
    """The input or output of the execution that the artifact was at, where the writer names it."""
    path: tuple[str, ...]
    """MLMD's event path, indexes as digits."""


@dataclass(frozen=True)
class LineageNodeEdge:
    """A node of a lineage, as a row."""

    TYPE: ClassVar[str] = "LineageNodeEdge"
    node: LineageNode
    """The artifact or execution."""
    hops: int
    """The least number of steps to it."""


@dataclass(frozen=True)
class LineagePath(LineagePathMethods):
    """A shortest directed path between two nodes."""

    TYPE: ClassVar[str] = "LineagePath"
    found: bool
    """Whether there is a path."""
    complete: bool
    """Whether the search was whole: where false and nothing was found, a bound ended it before it knew."""
    steps: tuple[LineageNode, ...]
    """The nodes of the path, from the one end to the other; empty where none was found."""
    edges: tuple[LineageEdge, ...]
    """The events between the nodes, in the same order."""


@dataclass(frozen=True)
class LineageStep:
    """A node of a lineage and how far it is."""

    TYPE: ClassVar[str] = "LineageStep"
    hops: int
    """The least number of steps from a root; 0 for a root."""
    node: LineageNode
    """The artifact or execution."""


@dataclass(frozen=True)
class LogArtifactPayload:
    """The answer to logInput and logOutput."""

    TYPE: ClassVar[str] = "LogArtifactPayload"
    artifact: Artifact
    """The artifact."""
    execution: Execution
    """The execution."""
    created: bool
    """Whether the artifact is new; false where one that was there is used."""


@dataclass(frozen=True, repr=False, eq=False)
class Node(NodeMethods):
    """Whatever has a global id."""

    TYPE: ClassVar[str] = "Node"
    id: str
    """Opaque and global; stable for the life of the store."""


@dataclass(frozen=True, repr=False, eq=False)
class Entity(EntityMethods, Node):
    """What workspaces, runs, executions and artifacts have in common."""

    TYPE: ClassVar[str] = "Entity"
    mlmd_id: int | None
    """MLMD's own id; null for a run or a workspace that is only a name."""
    name: str
    """The name, by the convention of the system that wrote it."""
    type: EntityType
    """The MLMD type."""
    description: str | None
    """What it is, in the writer's words."""
    labels: dict[str, str]
    """The labels, by key."""
    properties: Any
    """An object of the declared properties that the writer stored, its bookkeeping left out."""
    custom_properties: Any
    """An object of the custom properties that the writer stored, the convention's own encoding left out."""
    external_id: str | None
    """The id that the writer gave it, unique in its kind."""
    create_time: datetime | None
    """When it was recorded."""
    update_time: datetime | None
    """When it was last changed."""


@dataclass(frozen=True, repr=False, eq=False)
class LineageNode(LineageNodeMethods, Entity):
    """Artifact and Execution: what lineage is made of."""

    TYPE: ClassVar[str] = "LineageNode"

    def upstream(
        self,
        where: LineageFilter | None = None,
        *,
        max_hops: int | None = None,
        events: LineageEvents = "ALL",
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Pages[LineageNodeEdge]:
        """What it came from, over any number of steps: nearest first, then by id."""
        return self._related("upstream", {"maxHops": max_hops, "where": where, "events": events}, {}, limit, page_size)

    def downstream(
        self,
        where: LineageFilter | None = None,
        *,
        max_hops: int | None = None,
        events: LineageEvents = "ALL",
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Pages[LineageNodeEdge]:
        """What came from it, over any number of steps: nearest first, then by id."""
        return self._related(
            "downstream", {"maxHops": max_hops, "where": where, "events": events}, {}, limit, page_size
        )


@dataclass(frozen=True, repr=False, eq=False)
class Artifact(LineageNode):
    """What executions read and write: models, data sets, metrics and all else."""

    TYPE: ClassVar[str] = "Artifact"
    kind: ArtifactKind
    """What it is to its users, whichever system wrote it."""
    uri: str | None
    """Where it lies."""
    state: ArtifactState
    """MLMD's state of it."""
    version: str | None
    """Its version, by the writer's convention."""
    owner: str | None
    """Its owner, by the writer's convention."""
    workspace: Ref | None
    """The workspace it belongs to; the one that recorded it, where it belongs to several."""
    workspaces: tuple[Ref, ...]
    """All workspaces that it belongs to, in the order of their ids."""
    run: Ref | None
    """The run of the execution that was the first to write it."""
    producer: Ref | None
    """The execution that was the first to write it."""

    def producers(
        self,
        where: ExecutionFilter | None = None,
        *,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[ExecutionFilter],
    ) -> Pages[ExecutionEventEdge]:
        """The executions that wrote it, by event.

        Keywords are fields of ExecutionFilter that must hold as well as `where`.
        """
        return self._related("producers", {"where": where}, short, limit, page_size)

    def consumers(
        self,
        where: ExecutionFilter | None = None,
        *,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[ExecutionFilter],
    ) -> Pages[ExecutionEventEdge]:
        """The executions that read it, by event.

        Keywords are fields of ExecutionFilter that must hold as well as `where`.
        """
        return self._related("consumers", {"where": where}, short, limit, page_size)


@dataclass(frozen=True, repr=False, eq=False)
class CustomArtifact(Artifact):
    """An artifact of any other type."""

    TYPE: ClassVar[str] = "CustomArtifact"


@dataclass(frozen=True, repr=False, eq=False)
class DataSet(Artifact):
    """A data set."""

    TYPE: ClassVar[str] = "DataSet"
    query: str | None
    """How it was fetched from its source."""


@dataclass(frozen=True, repr=False, eq=False)
class Execution(LineageNode):
    """A step that read and wrote artifacts."""

    TYPE: ClassVar[str] = "Execution"
    state: ExecutionState
    """Its last known state."""
    start_time: datetime | None
    """When it began, as it was recorded or as its writer keeps executions; null where nothing says it."""
    end_time: datetime | None
    """When it ended, as it was recorded or as its writer keeps executions; null where nothing says it."""
    parameters: Any
    """An object of its parameters, as its writer's convention keeps them: what the step was run with, without
    what says which step it was.
    """
    workspace: Ref | None
    """The workspace it belongs to."""
    run: Ref | None
    """The run it belongs to."""
    parent: Ref | None
    """The execution that encloses it, such as a DAG, where the writer records one."""

    def inputs(
        self,
        where: ArtifactFilter | None = None,
        *,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[ArtifactFilter],
    ) -> Pages[ArtifactEventEdge]:
        """The artifacts it read, by event.

        Keywords are fields of ArtifactFilter that must hold as well as `where`.
        """
        return self._related("inputs", {"where": where}, short, limit, page_size)

    def outputs(
        self,
        where: ArtifactFilter | None = None,
        *,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[ArtifactFilter],
    ) -> Pages[ArtifactEventEdge]:
        """The artifacts it wrote, by event.

        Keywords are fields of ArtifactFilter that must hold as well as `where`.
        """
        return self._related("outputs", {"where": where}, short, limit, page_size)


@dataclass(frozen=True, repr=False, eq=False)
class Metrics(Artifact):
    """Metrics of a model or of a step."""

    TYPE: ClassVar[str] = "Metrics"
    metrics_type: str | None
    """Such as `training`, `validation`, `testing`, `production`."""
    values: Any
    """An object of the metric values, as the writer's convention keeps them: where there is no such object, of
    its properties that are numbers.
    """
    model: Ref | None
    """The model that these metrics name."""
    data_set: Ref | None
    """The data set that these metrics name."""


@dataclass(frozen=True, repr=False, eq=False)
class Model(Artifact):
    """A trained model."""

    TYPE: ClassVar[str] = "Model"
    model_type: str | None
    """What kind of model it is, such as `neural network`."""
    training_framework: Any
    """What it was trained with."""
    hyperparameters: Any
    """An object of its hyperparameters, as its writer's convention keeps them; null where it keeps none."""

    def metrics(
        self,
        where: ArtifactFilter | None = None,
        *,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[ArtifactFilter],
    ) -> Pages[Artifact]:
        """The metrics that name this model, or were written by an execution that wrote or read it.

        Keywords are fields of ArtifactFilter that must hold as well as `where`.
        """
        return self._related("metrics", {"where": where}, short, limit, page_size)


@dataclass(frozen=True)
class NodeDifference:
    """Two nodes that play the same part, and what differs between them."""

    TYPE: ClassVar[str] = "NodeDifference"
    left: LineageNode
    """The node of the left lineage."""
    right: LineageNode
    """The node of the right lineage."""
    differences: tuple[FieldDifference, ...]
    """What differs, by field."""


@dataclass(frozen=True)
class RecordExecutionPayload:
    """The answer to recordExecution."""

    TYPE: ClassVar[str] = "RecordExecutionPayload"
    workspace: Workspace
    """The workspace."""
    run: Run | None
    """The run, where one was named."""
    execution: Execution
    """The execution."""
    inputs: tuple[Ref, ...]
    """What it read, each artifact once."""
    outputs: tuple[Ref, ...]
    """What it wrote, each artifact once."""
    created: bool
    """Whether the execution is new; false where its external id was there before, and nothing changed."""


@dataclass(frozen=True)
class RecordLineagePayload:
    """The answer to recordLineage."""

    TYPE: ClassVar[str] = "RecordLineagePayload"
    executions: tuple[Execution, ...]
    """The executions, in the order of the input."""
    created: tuple[bool, ...]
    """For each execution whether it is new; false where its external id was there before, and nothing of it
    changed.
    """


@dataclass(frozen=True)
class RemoveLabelsPayload:
    """The answer to removeLabels."""

    TYPE: ClassVar[str] = "RemoveLabelsPayload"
    entity: Entity
    """What the labels were removed from."""


@dataclass(frozen=True, repr=False, eq=False)
class Run(Entity):
    """A run of a pipeline or a notebook: a context of MLMD's, or a name that executions carry."""

    TYPE: ClassVar[str] = "Run"
    workspace: Ref | None
    """The workspace it belongs to."""
    state: ExecutionState
    """What its executions' states amount to: FAILED if one failed, else RUNNING if one runs or some are still
    NEW beside others, else the first of NEW, COMPLETE, CACHED and CANCELED that one of them is in; UNKNOWN if
    none is known.
    """

    def executions(
        self,
        where: ExecutionFilter | None = None,
        *,
        order_by: ExecutionOrder | ExecutionOrderField | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[ExecutionFilter],
    ) -> Pages[Execution]:
        """Its executions.

        Keywords are fields of ExecutionFilter that must hold as well as `where`.
        """
        return self._related("executions", {"where": where, "orderBy": order_by}, short, limit, page_size)

    def inputs(
        self,
        where: ArtifactFilter | None = None,
        *,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[ArtifactFilter],
    ) -> Pages[Artifact]:
        """The artifacts that its executions read and none of them wrote.

        Keywords are fields of ArtifactFilter that must hold as well as `where`.
        """
        return self._related("inputs", {"where": where}, short, limit, page_size)

    def outputs(
        self,
        where: ArtifactFilter | None = None,
        *,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[ArtifactFilter],
    ) -> Pages[Artifact]:
        """The artifacts that its executions wrote.

        Keywords are fields of ArtifactFilter that must hold as well as `where`.
        """
        return self._related("outputs", {"where": where}, short, limit, page_size)


@dataclass(frozen=True)
class RunComparison(RunComparisonMethods):
    """Runs side by side."""

    TYPE: ClassVar[str] = "RunComparison"
    runs: tuple[Run, ...]
    """The runs, in the order of their ids."""
    rows: tuple[ComparisonRow, ...]
    """The rows, by section, then by field."""


@dataclass(frozen=True)
class RunEdge:
    """A row of a connection."""

    TYPE: ClassVar[str] = "RunEdge"
    node: Run
    """The row's entity."""


@dataclass(frozen=True)
class SetLabelsPayload:
    """The answer to setLabels."""

    TYPE: ClassVar[str] = "SetLabelsPayload"
    entity: Entity
    """What was labelled."""


@dataclass(frozen=True)
class Store:
    """The store that is served."""

    TYPE: ClassVar[str] = "Store"
    url: str
    """Its address, without credentials. Where there is a policy, only ADMIN may see it."""
    backend: str
    """What keeps it: `sqlite`, `mysql`, `postgresql`, or `grpc` for MLMD's service before it."""
    schema_version: int | None
    """MLMD's schema version."""
    writable: bool
    """Whether mutations are served; `lineageql query` opens a store for writing only where it runs one."""
    counts: StoreCounts
    """How many of each there are."""
    version: str
    """The version of LineageQL that serves it."""


@dataclass(frozen=True)
class StoreCounts:
    """How many of each there are. Counted when asked for: a pass over the store."""

    TYPE: ClassVar[str] = "StoreCounts"
    workspaces: int
    """Workspaces."""
    runs: int
    """Runs, those that are only names among them."""
    executions: int
    """Executions."""
    artifacts: int
    """Artifacts."""
    events: int
    """Events."""


@dataclass(frozen=True)
class UpdateExecutionPayload:
    """The answer to updateExecution."""

    TYPE: ClassVar[str] = "UpdateExecutionPayload"
    execution: Execution
    """The execution, changed."""


@dataclass(frozen=True)
class Viewer:
    """Who asks, and what they may do."""

    TYPE: ClassVar[str] = "Viewer"
    name: str | None
    """The name that the caller is known by; null for one who is not known."""
    roles: tuple[Role, ...]
    """What the caller may do in some workspaces at least; all where there is no policy."""
    workspaces: tuple[str, ...] | None
    """The patterns of the names of the workspaces that the caller may see; the empty one stands for what is in
    no workspace. Null for all.
    """


@dataclass(frozen=True, repr=False, eq=False)
class Workspace(Entity):
    """A group of runs, executions and artifacts."""

    TYPE: ClassVar[str] = "Workspace"

    def runs(
        self,
        where: RunFilter | None = None,
        *,
        order_by: RunOrder | RunOrderField | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[RunFilter],
    ) -> Pages[Run]:
        """Its runs.

        Keywords are fields of RunFilter that must hold as well as `where`.
        """
        return self._related("runs", {"where": where, "orderBy": order_by}, short, limit, page_size)

    def executions(
        self,
        where: ExecutionFilter | None = None,
        *,
        order_by: ExecutionOrder | ExecutionOrderField | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[ExecutionFilter],
    ) -> Pages[Execution]:
        """Its executions.

        Keywords are fields of ExecutionFilter that must hold as well as `where`.
        """
        return self._related("executions", {"where": where, "orderBy": order_by}, short, limit, page_size)

    def artifacts(
        self,
        where: ArtifactFilter | None = None,
        *,
        order_by: ArtifactOrder | ArtifactOrderField | None = None,
        limit: int | None = None,
        page_size: int | None = None,
        **short: Unpack[ArtifactFilter],
    ) -> Pages[Artifact]:
        """Its artifacts.

        Keywords are fields of ArtifactFilter that must hold as well as `where`.
        """
        return self._related("artifacts", {"where": where, "orderBy": order_by}, short, limit, page_size)


@dataclass(frozen=True)
class WorkspaceEdge:
    """A row of a connection."""

    TYPE: ClassVar[str] = "WorkspaceEdge"
    node: Workspace
    """The row's entity."""
