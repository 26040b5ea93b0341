"""What is to be recorded, as the caller says it, before it is checked.

Labels come as pairs in the caller's order, so that an error can name the place
of a bad one. Times are set when the draft is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lineageql.model.entities import ExecutionState
from lineageql.model.identity import Ref
from lineageql.model.kinds import ArtifactKind

LabelPairs = Sequence[tuple[str, str]]
JSONObject = Mapping[str, Any]


@dataclass(frozen=True)
class WorkspaceDraft:
    """A workspace."""

    name: str
    description: str | None = None
    labels: LabelPairs = ()
    custom_properties: JSONObject = field(default_factory=dict)


@dataclass(frozen=True)
class RunDraft:
    """A run of a workspace."""

    name: str
    description: str | None = None
    labels: LabelPairs = ()
    custom_properties: JSONObject = field(default_factory=dict)


@dataclass(frozen=True)
class ExecutionDraft:
    """An execution; `type` is the Kubeflow Metadata SDK's where None, times are milliseconds since 1970."""

    name: str
    type: str | None = None
    description: str | None = None
    state: ExecutionState | None = None
    labels: LabelPairs = ()
    custom_properties: JSONObject = field(default_factory=dict)
    external_id: str | None = None
    start_time: int | None = None
    end_time: int | None = None


@dataclass(frozen=True)
class ArtifactDraft:
    """An artifact.

    Attributes:
        member: which member of the input it is: `model`, `dataSet`, `metrics` or `custom`.
        type: MLMD's type name.
        facts: the type's own fields by their names in the Kubeflow Metadata SDK: `model_type`,
            `training_framework`, `hyperparameters`, `query`, `metrics_type`, `values`; None is left out.
        properties: declared properties of a custom type.
        model: the model that metrics are of.
        data_set: the data set that metrics were taken on.
    """

    member: str
    type: str
    name: str
    uri: str
    version: str | None = None
    owner: str | None = None
    description: str | None = None
    facts: JSONObject = field(default_factory=dict)
    properties: JSONObject = field(default_factory=dict)
    model: Ref | None = None
    data_set: Ref | None = None
    labels: LabelPairs = ()
    custom_properties: JSONObject = field(default_factory=dict)
    external_id: str | None = None


@dataclass(frozen=True)
class PortArtifact:
    """An artifact, known or new, at a port of an execution."""

    artifact: Ref | ArtifactDraft
    port: str | None = None


@dataclass(frozen=True)
class ExecutionRecord:
    """One execution with all it read and wrote, recorded as one."""

    workspace: str
    execution: ExecutionDraft
    run: str | None = None
    inputs: Sequence[PortArtifact] = ()
    outputs: Sequence[PortArtifact] = ()


@dataclass(frozen=True)
class ArtifactTypeDraft:
    """An artifact type; `properties` maps names to `STRING`, `INT`, `DOUBLE`, `BOOLEAN` or `STRUCT`."""

    name: str
    kind: ArtifactKind = ArtifactKind.OTHER
    properties: JSONObject = field(default_factory=dict)
