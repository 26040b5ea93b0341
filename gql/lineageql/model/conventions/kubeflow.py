"""The convention of the Kubeflow Metadata SDK, which LineageQL's own records keep.

Workspaces are contexts. A run is only a name: executions and artifacts carry
their workspace's and their run's name as custom properties. LineageQL adds a
context for each run, and each label once more as a custom property, where the
store's index finds it.
Source: kubeflow-metadata 0.3.1, `kubeflow/metadata/metadata.py`.
"""

from __future__ import annotations

from lineageql.model.conventions.convention import (
    Column,
    Convention,
    Custom,
    Declared,
    Document,
    Items,
    Kept,
    Labels,
    Naming,
    Role,
    Stored,
    TypeAndId,
)
from lineageql.model.identity import RunName
from lineageql.model.kinds import is_metrics, is_model
from lineageql.model.nodes import NodeKind, NodeType
from lineageql.model.predicates import Field, Group

PREFIX = "kubeflow.org/"
WORKSPACE_TYPE = "kubeflow.org/alpha/workspace"
RUN_TYPE = "kubeflow.org/alpha/run"
EXECUTION_TYPE = "kubeflow.org/alpha/execution"
MODEL_TYPE = "kubeflow.org/alpha/model"
DATA_SET_TYPE = "kubeflow.org/alpha/data_set"
METRICS_TYPE = "kubeflow.org/alpha/metrics"

WORKSPACE_NAME = "__kf_workspace__"
RUN_NAME = "__kf_run__"
ALL_META = "__ALL_META__"
LABEL_PREFIX = "label:"
EXACT_PREFIX = "exact:"
WRITTEN_PREFIX = '{"labels":'
"""How the `__ALL_META__` texts of LineageQL begin; the SDK's begin `{"workspace": `."""
INDEXED_PREFIX = WRITTEN_PREFIX + " "
"""How those begin of which every metric value and every hyperparameter stands in a custom property too."""
KEPT = {
    Group.VALUES: Kept("value:", "value-path:", Document(ALL_META, "values", INDEXED_PREFIX)),
    Group.PARAMETERS: Kept("parameter:", "parameter-path:", Document(ALL_META, "hyperparameters", INDEXED_PREFIX)),
}
"""Where the values of metrics and the hyperparameters of models stand."""
_KEPT_PREFIXES = tuple(prefix for kept in KEPT.values() for prefix in (kept.prefix, kept.path_prefix))

_NAME = (Declared("name"), Column("name"), Custom("name"), TypeAndId())


def _owns(type_: NodeType) -> bool:
    # Types of users' own, the SDK's and those that LineageQL registers, declare `__ALL_META__`.
    return type_.name.startswith(PREFIX) or ALL_META in type_.properties


def _role(type_: NodeType) -> Role:
    return {WORKSPACE_TYPE: Role.WORKSPACE, RUN_TYPE: Role.RUN}.get(type_.name, Role.NEITHER)


def context_name(run: RunName) -> str:
    """The name of the context of a run, `<workspace>/<run>`, slashes in the workspace's name escaped."""
    return run.workspace.replace("%", "%25").replace("/", "%2F") + "/" + run.name


KUBEFLOW = Convention(
    name="kubeflow",
    owns=_owns,
    kind_fields={
        NodeKind.ARTIFACT: {
            Field.NAME: _NAME,
            Field.URI: (Column("uri"),),
            Field.VERSION: (Declared("version"), Custom("version")),
            Field.OWNER: (Declared("owner"), Custom("owner")),
            Field.DESCRIPTION: (Declared("description"), Custom("description")),
            Field.EXTERNAL_ID: (Column("external_id"),),
        },
        NodeKind.EXECUTION: {
            Field.NAME: _NAME,
            Field.STATE: (Declared("state"), Custom("state")),
            Field.DESCRIPTION: (Declared("description"), Custom("description")),
            Field.EXTERNAL_ID: (Column("external_id"),),
        },
        NodeKind.CONTEXT: {
            Field.NAME: (Column("name"), TypeAndId()),
            Field.DESCRIPTION: (Declared("description"), Custom("description")),
            Field.EXTERNAL_ID: (Column("external_id"),),
        },
    },
    labels={
        NodeKind.ARTIFACT: Labels((LABEL_PREFIX,), Document(ALL_META, "labels", WRITTEN_PREFIX)),
        NodeKind.EXECUTION: Labels((LABEL_PREFIX,), Document(ALL_META, "labels", WRITTEN_PREFIX)),
        # A workspace's labels stand in a property of their own. Workspaces are few: their texts are always read.
        NodeKind.CONTEXT: Labels((LABEL_PREFIX,), Document("labels")),
    },
    role=_role,
    hidden=frozenset({WORKSPACE_NAME, RUN_NAME, ALL_META}),
    encoding=(LABEL_PREFIX, EXACT_PREFIX, *_KEPT_PREFIXES),
    items=(
        Items(Group.VALUES, is_metrics, KEPT[Group.VALUES]),
        Items(Group.PARAMETERS, is_model, KEPT[Group.PARAMETERS]),
        Items(Group.PARAMETERS, NodeType.is_execution, Stored(declared=False, omitted=frozenset({"exception"}))),
    ),
    extras={NodeKind.ARTIFACT: Document(ALL_META, "kwargs", WRITTEN_PREFIX)},
    naming=dict.fromkeys(NodeKind, Naming(WORKSPACE_NAME, custom=True)),
    names_workspaces=True,
    run_naming=dict.fromkeys(NodeKind, Naming(RUN_NAME, custom=True)),
    linked=True,
)
