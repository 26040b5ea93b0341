"""The enums and inputs of the schema.

Generated from schema.graphql by clients/python/scripts/generate.py; edit neither.
The keys of inputs are the schema's own names.
What is short for what: `lineageql_client.arguments`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from lineageql_client.generated.entities import Node

ArtifactKind = Literal["MODEL", "DATA_SET", "METRICS", "STATISTICS", "OTHER"]
"""What an artifact is to its users, whichever system wrote it."""

ArtifactOrderField = Literal[
    "ID", "NAME", "CREATE_TIME", "UPDATE_TIME", "TYPE", "URI", "STATE", "VALUE", "PARAMETER", "PROPERTY"
]
"""What artifacts can be ordered by; ties come by id."""

ArtifactState = Literal["UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE"]
"""MLMD's state of an artifact."""

EntityKind = Literal["WORKSPACE", "RUN", "EXECUTION", "ARTIFACT"]
"""The kinds of entities."""

EventType = Literal[
    "DECLARED_OUTPUT", "DECLARED_INPUT", "INPUT", "OUTPUT", "INTERNAL_INPUT", "INTERNAL_OUTPUT", "PENDING_OUTPUT"
]
"""MLMD's type of an event. Those with INPUT lead from the artifact to the execution, those with OUTPUT back."""

ExecutionOrderField = Literal[
    "ID", "NAME", "CREATE_TIME", "UPDATE_TIME", "TYPE", "STATE", "START_TIME", "END_TIME", "PARAMETER", "PROPERTY"
]
"""What executions can be ordered by; ties come by id."""

ExecutionState = Literal["UNKNOWN", "NEW", "RUNNING", "COMPLETE", "FAILED", "CACHED", "CANCELED"]
"""The state of an execution or a run."""

FacetBy = Literal[
    "KIND",
    "TYPE",
    "WRITER",
    "STATE",
    "WORKSPACE",
    "RUN",
    "LABEL_KEY",
    "LABEL_VALUE",
    "PROPERTY_NAME",
    "VALUE_NAME",
    "PARAMETER_NAME",
]
"""By what entities can be counted. Only artifacts have a KIND and a VALUE_NAME, and runs have no RUN and no
names.
"""

LineageDirection = Literal["UPSTREAM", "DOWNSTREAM", "BOTH", "CONNECTED"]
"""Which way lineage is walked."""

LineageEvents = Literal["ALL", "MADE"]
"""Which events lineage is walked over."""

LineageLimit = Literal["MAX_HOPS", "MAX_NODES", "TIME", "HIDDEN"]
"""What cut a lineage short."""

LineageNodeKind = Literal["ARTIFACT", "EXECUTION"]
"""What lineage is made of."""

OrderDirection = Literal["ASC", "DESC"]
"""Which way an order goes."""

Role = Literal["READ", "RECORD", "ADMIN"]
"""What a rule of the policy lets a caller do in some workspaces."""

RunOrderField = Literal["ID", "NAME", "CREATE_TIME", "UPDATE_TIME", "VALUE"]
"""What runs can be ordered by; ties come by id."""

WorkspaceOrderField = Literal["ID", "NAME", "CREATE_TIME", "UPDATE_TIME", "LATEST_RUN"]
"""What workspaces can be ordered by; ties come by id."""

ArtifactFilter = TypedDict(
    "ArtifactFilter",
    {
        "ids": "Sequence[str | Node] | None",
        "mlmdIds": "Sequence[int] | None",
        "name": "StringFilter | str | None",
        "type": "StringFilter | str | None",
        "labels": "Sequence[LabelFilter] | Mapping[str, str] | None",
        "labelSelector": "str | None",
        "properties": "Sequence[PropertyFilter] | Mapping[str, Any] | None",
        "externalId": "StringFilter | str | None",
        "createTime": "TimeFilter | None",
        "updateTime": "TimeFilter | None",
        "kind": "Sequence[ArtifactKind] | ArtifactKind | None",
        "uri": "StringFilter | str | None",
        "version": "StringFilter | str | None",
        "owner": "StringFilter | str | None",
        "state": "Sequence[ArtifactState] | ArtifactState | None",
        "workspace": "ContextFilter | str | Node | None",
        "run": "ContextFilter | str | Node | None",
        "producedBy": "ExecutionFilter | None",
        "consumedBy": "ExecutionFilter | None",
        "descendsFrom": "LineageFilter | None",
        "leadsTo": "LineageFilter | None",
        "values": "Sequence[PropertyFilter] | Mapping[str, Any] | None",
        "parameters": "Sequence[PropertyFilter] | Mapping[str, Any] | None",
        "and": "Sequence[ArtifactFilter] | None",
        "or": "Sequence[ArtifactFilter] | None",
        "not": "ArtifactFilter | None",
    },
    total=False,
)
"""Which artifacts. All fields that are given must hold; an empty filter always does."""


class ArtifactInput(TypedDict, total=False):
    id: str | Node | None
    model: ModelInput | None
    dataSet: DataSetInput | None
    metrics: MetricsInput | None
    custom: CustomArtifactInput | None


"""An artifact: one that is there, or a new one of some sort."""


class _ArtifactOrderNeeds(TypedDict):
    field: ArtifactOrderField


class _ArtifactOrderTakes(TypedDict, total=False):
    key: str | None
    direction: OrderDirection | None


class ArtifactOrder(_ArtifactOrderNeeds, _ArtifactOrderTakes):
    """An order of artifacts."""


class ContextFilter(TypedDict, total=False):
    id: str | Node | None
    ids: Sequence[str | Node] | None
    name: StringFilter | str | None
    labelSelector: str | None


"""Which workspace or run. All that are given must hold."""


class _CreateArtifactTypeInputNeeds(TypedDict):
    name: str


class _CreateArtifactTypeInputTakes(TypedDict, total=False):
    kind: ArtifactKind | None
    properties: Any


class CreateArtifactTypeInput(_CreateArtifactTypeInputNeeds, _CreateArtifactTypeInputTakes):
    """An artifact type to make."""


class _CreateExecutionInputNeeds(TypedDict):
    workspaceId: str | Node
    name: str


class _CreateExecutionInputTakes(TypedDict, total=False):
    runId: str | Node | None
    type: str | None
    description: str | None
    state: ExecutionState | None
    startTime: datetime | str | None
    endTime: datetime | str | None
    labels: Sequence[LabelInput] | Mapping[str, str] | None
    customProperties: Any
    externalId: str | None


class CreateExecutionInput(_CreateExecutionInputNeeds, _CreateExecutionInputTakes):
    """An execution to make."""


class _CreateRunInputNeeds(TypedDict):
    workspaceId: str | Node
    name: str


class _CreateRunInputTakes(TypedDict, total=False):
    description: str | None
    labels: Sequence[LabelInput] | Mapping[str, str] | None
    customProperties: Any
    reuse: bool | None


class CreateRunInput(_CreateRunInputNeeds, _CreateRunInputTakes):
    """A run to make."""


class _CreateWorkspaceInputNeeds(TypedDict):
    name: str


class _CreateWorkspaceInputTakes(TypedDict, total=False):
    description: str | None
    labels: Sequence[LabelInput] | Mapping[str, str] | None
    customProperties: Any
    reuse: bool | None


class CreateWorkspaceInput(_CreateWorkspaceInputNeeds, _CreateWorkspaceInputTakes):
    """A workspace to make."""


class _CustomArtifactInputNeeds(TypedDict):
    name: str
    uri: str
    type: str


class _CustomArtifactInputTakes(TypedDict, total=False):
    version: str | None
    owner: str | None
    description: str | None
    labels: Sequence[LabelInput] | Mapping[str, str] | None
    customProperties: Any
    externalId: str | None
    properties: Any


class CustomArtifactInput(_CustomArtifactInputNeeds, _CustomArtifactInputTakes):
    """An artifact of a type of your own; see createArtifactType. One of the same uri, name, version and
    workspace is reused, unchanged.
    """


class _DataSetInputNeeds(TypedDict):
    name: str
    uri: str


class _DataSetInputTakes(TypedDict, total=False):
    version: str | None
    owner: str | None
    description: str | None
    labels: Sequence[LabelInput] | Mapping[str, str] | None
    customProperties: Any
    externalId: str | None
    query: str | None


class DataSetInput(_DataSetInputNeeds, _DataSetInputTakes):
    """A data set. One of the same uri, name, version and workspace is reused, unchanged."""


ExecutionFilter = TypedDict(
    "ExecutionFilter",
    {
        "ids": "Sequence[str | Node] | None",
        "mlmdIds": "Sequence[int] | None",
        "name": "StringFilter | str | None",
        "type": "StringFilter | str | None",
        "labels": "Sequence[LabelFilter] | Mapping[str, str] | None",
        "labelSelector": "str | None",
        "properties": "Sequence[PropertyFilter] | Mapping[str, Any] | None",
        "externalId": "StringFilter | str | None",
        "createTime": "TimeFilter | None",
        "updateTime": "TimeFilter | None",
        "state": "Sequence[ExecutionState] | ExecutionState | None",
        "workspace": "ContextFilter | str | Node | None",
        "run": "ContextFilter | str | Node | None",
        "startTime": "TimeFilter | None",
        "endTime": "TimeFilter | None",
        "inputs": "ArtifactFilter | None",
        "outputs": "ArtifactFilter | None",
        "descendsFrom": "LineageFilter | None",
        "leadsTo": "LineageFilter | None",
        "parameters": "Sequence[PropertyFilter] | Mapping[str, Any] | None",
        "and": "Sequence[ExecutionFilter] | None",
        "or": "Sequence[ExecutionFilter] | None",
        "not": "ExecutionFilter | None",
    },
    total=False,
)
"""Which executions. All fields that are given must hold; an empty filter always does."""


class _ExecutionOrderNeeds(TypedDict):
    field: ExecutionOrderField


class _ExecutionOrderTakes(TypedDict, total=False):
    key: str | None
    direction: OrderDirection | None


class ExecutionOrder(_ExecutionOrderNeeds, _ExecutionOrderTakes):
    """An order of executions."""


class _LabelFilterNeeds(TypedDict):
    key: str


_LabelFilterTakes = TypedDict(
    "_LabelFilterTakes",
    {
        "eq": "str | None",
        "ne": "str | None",
        "in": "Sequence[str] | None",
        "notIn": "Sequence[str] | None",
        "exists": "bool | None",
    },
    total=False,
)


class LabelFilter(_LabelFilterNeeds, _LabelFilterTakes):
    """Tests of the text of one label; with none but the key, that the label is there. A test of something that
    an entity lacks does not hold, but for `ne`, `notIn` and `isNull: true` (`exists: false` for labels and
    properties), which do. `not` turns the answer of its filter round: every filter either holds or does not.
    """


class _LabelInputNeeds(TypedDict):
    key: str
    value: str


class _LabelInputTakes(TypedDict, total=False):
    pass


class LabelInput(_LabelInputNeeds, _LabelInputTakes):
    """A label."""


class LineageFilter(TypedDict, total=False):
    artifacts: ArtifactFilter | None
    executions: ExecutionFilter | None
    only: LineageNodeKind | None


"""Which nodes of a lineage. Artifacts must meet the filter of artifacts where there is one, executions that of
executions.
"""


class _LogArtifactInputNeeds(TypedDict):
    executionId: str | Node
    artifact: ArtifactInput


class _LogArtifactInputTakes(TypedDict, total=False):
    port: str | None


class LogArtifactInput(_LogArtifactInputNeeds, _LogArtifactInputTakes):
    """An artifact that an execution reads or writes."""


class _MetricsInputNeeds(TypedDict):
    name: str
    uri: str


class _MetricsInputTakes(TypedDict, total=False):
    version: str | None
    owner: str | None
    description: str | None
    labels: Sequence[LabelInput] | Mapping[str, str] | None
    customProperties: Any
    externalId: str | None
    metricsType: str | None
    values: Any
    modelId: str | Node | None
    dataSetId: str | Node | None


class MetricsInput(_MetricsInputNeeds, _MetricsInputTakes):
    """Metrics of a model. They are always new."""


class _ModelInputNeeds(TypedDict):
    name: str
    uri: str


class _ModelInputTakes(TypedDict, total=False):
    version: str | None
    owner: str | None
    description: str | None
    labels: Sequence[LabelInput] | Mapping[str, str] | None
    customProperties: Any
    externalId: str | None
    modelType: str | None
    trainingFramework: Any
    hyperparameters: Any


class ModelInput(_ModelInputNeeds, _ModelInputTakes):
    """A trained model. One of the same uri, name, version and workspace is reused, unchanged."""


class _PortArtifactInputNeeds(TypedDict):
    artifact: ArtifactInput


class _PortArtifactInputTakes(TypedDict, total=False):
    port: str | None


class PortArtifactInput(_PortArtifactInputNeeds, _PortArtifactInputTakes):
    """An artifact at an input or output of the recorded execution."""


class _PropertyFilterNeeds(TypedDict):
    name: str


_PropertyFilterTakes = TypedDict(
    "_PropertyFilterTakes",
    {
        "eq": "Any",
        "ne": "Any",
        "in": "Sequence[Any] | None",
        "gt": "Any",
        "gte": "Any",
        "lt": "Any",
        "lte": "Any",
        "contains": "str | None",
        "exists": "bool | None",
    },
    total=False,
)


class PropertyFilter(_PropertyFilterNeeds, _PropertyFilterTakes):
    """Tests of one property: of the declared property of this name, else of the custom property. Numbers are
    compared with numbers, integers and doubles alike, texts with texts by code points, booleans with
    booleans; a value of another type meets no test, but an integer beyond 2^53 meets those by its digits as a
    string, too. With none but the name, that the property is there. A test of something that an entity lacks
    does not hold, but for `ne`, `notIn` and `isNull: true` (`exists: false` for labels and properties), which
    do. `not` turns the answer of its filter round: every filter either holds or does not.
    """


class _RecordExecutionInputNeeds(TypedDict):
    workspace: str
    execution: RecordedExecutionInput


class _RecordExecutionInputTakes(TypedDict, total=False):
    run: str | None
    inputs: Sequence[PortArtifactInput] | None
    outputs: Sequence[PortArtifactInput] | None


class RecordExecutionInput(_RecordExecutionInputNeeds, _RecordExecutionInputTakes):
    """An execution with all that it read and wrote, recorded as one: all of it or nothing."""


class _RecordedExecutionInputNeeds(TypedDict):
    name: str


class _RecordedExecutionInputTakes(TypedDict, total=False):
    type: str | None
    description: str | None
    state: ExecutionState | None
    startTime: datetime | str | None
    endTime: datetime | str | None
    labels: Sequence[LabelInput] | Mapping[str, str] | None
    customProperties: Any
    externalId: str | None


class RecordedExecutionInput(_RecordedExecutionInputNeeds, _RecordedExecutionInputTakes):
    """An execution to record."""


class _RemoveLabelsInputNeeds(TypedDict):
    id: str | Node
    keys: Sequence[str]


class _RemoveLabelsInputTakes(TypedDict, total=False):
    pass


class RemoveLabelsInput(_RemoveLabelsInputNeeds, _RemoveLabelsInputTakes):
    """Labels to remove."""


RunFilter = TypedDict(
    "RunFilter",
    {
        "ids": "Sequence[str | Node] | None",
        "mlmdIds": "Sequence[int] | None",
        "name": "StringFilter | str | None",
        "type": "StringFilter | str | None",
        "labels": "Sequence[LabelFilter] | Mapping[str, str] | None",
        "labelSelector": "str | None",
        "properties": "Sequence[PropertyFilter] | Mapping[str, Any] | None",
        "externalId": "StringFilter | str | None",
        "createTime": "TimeFilter | None",
        "updateTime": "TimeFilter | None",
        "state": "Sequence[ExecutionState] | ExecutionState | None",
        "workspace": "ContextFilter | str | Node | None",
        "executions": "ExecutionFilter | None",
        "inputs": "ArtifactFilter | None",
        "outputs": "ArtifactFilter | None",
        "and": "Sequence[RunFilter] | None",
        "or": "Sequence[RunFilter] | None",
        "not": "RunFilter | None",
    },
    total=False,
)
"""Which runs. All fields that are given must hold; an empty filter always does."""


class _RunOrderNeeds(TypedDict):
    field: RunOrderField


class _RunOrderTakes(TypedDict, total=False):
    key: str | None
    direction: OrderDirection | None


class RunOrder(_RunOrderNeeds, _RunOrderTakes):
    """An order of runs."""


class _SetLabelsInputNeeds(TypedDict):
    id: str | Node
    labels: Sequence[LabelInput] | Mapping[str, str]


class _SetLabelsInputTakes(TypedDict, total=False):
    pass


class SetLabelsInput(_SetLabelsInputNeeds, _SetLabelsInputTakes):
    """Labels to set beside those that are there."""


StringFilter = TypedDict(
    "StringFilter",
    {
        "eq": "str | None",
        "ne": "str | None",
        "in": "Sequence[str] | None",
        "notIn": "Sequence[str] | None",
        "startsWith": "str | None",
        "endsWith": "str | None",
        "contains": "str | None",
        "ignoreCase": "bool | None",
        "isNull": "bool | None",
    },
    total=False,
)
"""Tests of a text, which is compared by code points. All that are given must hold. A test of something that an
entity lacks does not hold, but for `ne`, `notIn` and `isNull: true` (`exists: false` for labels and
properties), which do. `not` turns the answer of its filter round: every filter either holds or does not.
"""


class TimeFilter(TypedDict, total=False):
    after: datetime | str | None
    atOrAfter: datetime | str | None
    before: datetime | str | None
    atOrBefore: datetime | str | None


"""Tests of a time. All that are given must hold; a time that was not recorded meets none."""


class _UpdateExecutionInputNeeds(TypedDict):
    id: str | Node


class _UpdateExecutionInputTakes(TypedDict, total=False):
    state: ExecutionState | None
    startTime: datetime | str | None
    endTime: datetime | str | None
    description: str | None
    customProperties: Any


class UpdateExecutionInput(_UpdateExecutionInputNeeds, _UpdateExecutionInputTakes):
    """What to change of an execution; what is left out stays."""


WorkspaceFilter = TypedDict(
    "WorkspaceFilter",
    {
        "ids": "Sequence[str | Node] | None",
        "mlmdIds": "Sequence[int] | None",
        "name": "StringFilter | str | None",
        "type": "StringFilter | str | None",
        "labels": "Sequence[LabelFilter] | Mapping[str, str] | None",
        "labelSelector": "str | None",
        "properties": "Sequence[PropertyFilter] | Mapping[str, Any] | None",
        "externalId": "StringFilter | str | None",
        "createTime": "TimeFilter | None",
        "updateTime": "TimeFilter | None",
        "runs": "RunFilter | None",
        "executions": "ExecutionFilter | None",
        "artifacts": "ArtifactFilter | None",
        "and": "Sequence[WorkspaceFilter] | None",
        "or": "Sequence[WorkspaceFilter] | None",
        "not": "WorkspaceFilter | None",
    },
    total=False,
)
"""Which workspaces. All fields that are given must hold; an empty filter always does."""


class _WorkspaceOrderNeeds(TypedDict):
    field: WorkspaceOrderField


class _WorkspaceOrderTakes(TypedDict, total=False):
    direction: OrderDirection | None


class WorkspaceOrder(_WorkspaceOrderNeeds, _WorkspaceOrderTakes):
    """An order of workspaces."""
