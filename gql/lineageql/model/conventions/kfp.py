"""The conventions of Kubeflow Pipelines: of its second version, and of its first one's metadata writer.

KFP v2: pipelines are `system.Pipeline`, runs `system.PipelineRun`, and executions
name the DAG that encloses them. Everything stands in custom properties. An
artifact's type is its schema's title, which a component's author may choose.

KFP v1: runs are `KfpRun`; there is nothing above them. Execution types are
called after components, artifact types as their authors like.
"""

from __future__ import annotations

from lineageql.model.conventions.convention import (
    Clock,
    Column,
    Convention,
    Custom,
    Items,
    Nesting,
    Role,
    StructMembers,
    TypeAndId,
    UriTail,
    either,
)
from lineageql.model.conventions.generic import ARTIFACT, CONTEXT, ENCODING, EXECUTION, LABELS, METRICS, parameters
from lineageql.model.conventions.places import EventKey
from lineageql.model.nodes import NodeKind, NodeType
from lineageql.model.predicates import Field, Group

PIPELINE_TYPE = "system.Pipeline"
PIPELINE_RUN_TYPE = "system.PipelineRun"
RUN_TYPE = "KfpRun"

_STEP = frozenset({"pipeline_name", "run_id", "component_id"})
"""What KFP v1's execution types declare."""


def declares_steps(type_: NodeType) -> bool:
    """Whether a type is one of KFP v1's executions or of TFX's before its IR runner."""
    return type_.kind is NodeKind.EXECUTION and type_.properties.keys() >= _STEP


def _owns_v1(type_: NodeType) -> bool:
    if type_.kind is NodeKind.CONTEXT:
        return type_.name == RUN_TYPE
    # TFX's own execution types declare these too, and where the pipeline's files are.
    return declares_steps(type_) and "pipeline_root" not in type_.properties


def _is_artifact(type_: NodeType) -> bool:
    return type_.kind is NodeKind.ARTIFACT


KFP_V2 = Convention(
    name="kfp-v2",
    owns=lambda type_: type_.name.startswith("system."),
    adopts=_is_artifact,
    kind_fields={
        NodeKind.ARTIFACT: {
            **ARTIFACT,
            Field.NAME: (*either("display_name"), EventKey(), Column("name"), UriTail(), TypeAndId()),
        },
        NodeKind.EXECUTION: {
            **EXECUTION,
            # Only the root DAG has a name of its own, `run/<run id>`.
            Field.NAME: (*either("display_name"), *either("task_name"), Column("name"), TypeAndId()),
        },
        NodeKind.CONTEXT: CONTEXT,
    },
    labels=LABELS,
    role=lambda type_: {PIPELINE_TYPE: Role.WORKSPACE, PIPELINE_RUN_TYPE: Role.RUN}.get(type_.name, Role.NEITHER),
    bookkeeping=frozenset({"store_session_info", "cache_fingerprint", "cached_execution_id", "parent_dag_id"}),
    encoding=ENCODING,
    items=(METRICS, Items(Group.PARAMETERS, NodeType.is_execution, StructMembers("inputs"))),
    parent=(Custom("parent_dag_id"),),
    nesting=Nesting(
        task=(*either("task_name"), *either("display_name")),
        iteration=(Custom("iteration_index"),),
        frames=frozenset({"system.DAGExecution"}),
    ),
    # A task that is CANCELED was never triggered.
    clock=Clock(begun=frozenset({2, 3, 4, 5}), ended=frozenset({3, 4, 5})),
)

KFP_V1 = Convention(
    name="kfp-v1",
    owns=_owns_v1,
    adopts=_is_artifact,
    kind_fields={
        NodeKind.ARTIFACT: {
            **ARTIFACT,
            Field.NAME: (*either("name"), EventKey(), Column("name"), UriTail(), TypeAndId()),
        },
        NodeKind.EXECUTION: {**EXECUTION, Field.NAME: (*either("component_id"), Column("name"), TypeAndId())},
        NodeKind.CONTEXT: CONTEXT,
    },
    labels=LABELS,
    role=lambda type_: Role.RUN if type_.name == RUN_TYPE else Role.NEITHER,
    bookkeeping=frozenset({"argo_artifact"}),
    encoding=ENCODING,
    items=(METRICS, parameters(*_STEP, "kfp_pod_name", "cache_key")),
)
