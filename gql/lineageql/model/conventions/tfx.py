"""The convention of TensorFlow Extended, with its IR runner and before it.

IR runner: `pipeline` is the parent of `pipeline_run`; a context `node`, called
`<pipeline>.<node>`, says which step an execution is. Executions are called by a
UUID, their types by the component's class path.
Before, and in notebooks: a `run` names its pipeline in a property, and an
execution its step. Names of artifacts may end with the time of the run, and their
states are words in a property. Stores hold both where TFX was upgraded, and the
types of artifacts are the same, so this is one convention.
"""

from __future__ import annotations

from lineageql.model.conventions.convention import Clock, Column, Convention, Role, TypeAndId, UriTail, either
from lineageql.model.conventions.generic import ARTIFACT, CONTEXT, ENCODING, EXECUTION, LABELS, METRICS, parameters
from lineageql.model.conventions.kfp import declares_steps
from lineageql.model.conventions.places import ContextSuffix, EventKey, TypeName
from lineageql.model.nodes import NodeKind, NodeType
from lineageql.model.predicates import Field

_ROLES = {"pipeline": Role.WORKSPACE, "pipeline_run": Role.RUN, "run": Role.RUN}
_CERTAIN_CONTEXTS = frozenset({"pipeline_run", "component_run", "execution_cache"})
_OF_THE_RUN = frozenset({"pipeline_name", "pipeline_root", "run_id", "component_id", "checksum_md5"})
"""Properties in which an execution says where it belongs, and no parameter."""
_COMMON_CONTEXTS = frozenset({"pipeline", "run", "node"})
"""Words that others use as well: they are TFX's where one of the certain names is there too."""


def _owns(type_: NodeType) -> bool:
    if type_.kind is NodeKind.CONTEXT:
        return type_.name in _CERTAIN_CONTEXTS
    return type_.name.startswith("tfx.") or (declares_steps(type_) and "pipeline_root" in type_.properties)


def _adopts(type_: NodeType) -> bool:
    # Artifact types are called by their class, execution types of users' own components by its path.
    return type_.kind is not NodeKind.CONTEXT or type_.name in _COMMON_CONTEXTS


TFX = Convention(
    name="tfx",
    owns=_owns,
    adopts=_adopts,
    kind_fields={
        NodeKind.ARTIFACT: {
            **ARTIFACT,
            Field.NAME: (*either("name", stamped=True), EventKey(), Column("name"), UriTail(), TypeAndId()),
        },
        NodeKind.EXECUTION: {
            **EXECUTION,
            Field.NAME: (*either("component_id"), ContextSuffix("node", "pipeline"), TypeName("."), TypeAndId()),
        },
        NodeKind.CONTEXT: CONTEXT,
    },
    labels=LABELS,
    role=lambda type_: _ROLES.get(type_.name, Role.NEITHER),
    # What TFX keeps in custom properties of every artifact, whatever it is.
    bookkeeping=frozenset({"is_external", "tfx_version"}),
    encoding=ENCODING,
    items=(METRICS, parameters(*_OF_THE_RUN)),
    clock=Clock(begun=frozenset({2, 3, 4, 5, 6}), ended=frozenset({3, 4, 5, 6})),
    run_workspace="pipeline_name",
)
