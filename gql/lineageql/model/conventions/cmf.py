"""The convention of HPE's Common Metadata Framework (CMF).

A pipeline is a `Parent_Context`, its stages `Pipeline_Stage` below it; there are
no runs. Executions and artifacts are linked to the stage only. An execution's
type is the user's own text, known by what it declares. An artifact's uri is its
hash, its name `<path>:<hash>`; the keys of event paths repeat that name.
"""

from __future__ import annotations

from lineageql.model.conventions.convention import Column, Convention, Role, TypeAndId, UriTail
from lineageql.model.conventions.generic import ARTIFACT, CONTEXT, ENCODING, EXECUTION, LABELS, METRICS, parameters
from lineageql.model.conventions.places import HashedName, TypeName
from lineageql.model.nodes import NodeKind, NodeType
from lineageql.model.predicates import Field

PIPELINE_TYPE = "Parent_Context"
STAGE_TYPE = "Pipeline_Stage"

_ARTIFACTS = frozenset({"Dataset", "Model", "Metrics", "Step_Metrics", "Dataslice", "Environment", "Label"})


def _owns(type_: NodeType) -> bool:
    if type_.kind is NodeKind.CONTEXT:
        return type_.name in (PIPELINE_TYPE, STAGE_TYPE)
    declared = type_.properties.keys()
    return type_.kind is NodeKind.EXECUTION and declared >= {"Context_Type", "Context_ID", "Pipeline_Type"}


CMF = Convention(
    name="cmf",
    owns=_owns,
    # The names are everyone's; they are CMF's where its contexts are.
    adopts=lambda type_: type_.kind is NodeKind.ARTIFACT and type_.name in _ARTIFACTS,
    kind_fields={
        NodeKind.ARTIFACT: {**ARTIFACT, Field.NAME: (HashedName(), Column("name"), UriTail(), TypeAndId())},
        NodeKind.EXECUTION: {**EXECUTION, Field.NAME: (TypeName(), TypeAndId())},
        NodeKind.CONTEXT: CONTEXT,
    },
    labels=LABELS,
    role=lambda type_: Role.WORKSPACE if type_.name == PIPELINE_TYPE else Role.NEITHER,
    encoding=ENCODING,
    # What is declared is the framework's own.
    items=(METRICS, parameters("Python_Env", declared=False)),
    ports=False,
)
