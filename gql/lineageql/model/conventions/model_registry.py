"""The convention of Kubeflow's model-registry, as long as it kept its data in MLMD.

A registered model or an experiment groups what it owns; a version of the model
and a run of the experiment are children of it. Names are made unique by the id
of the owner, `<id>:<name>`, or by a UUID where there is none. There are no
events: the artifacts of a version are those that are attributed to it.
"""

from __future__ import annotations

from lineageql.model.conventions.convention import Column, Convention, Place, Role, TypeAndId, UriTail
from lineageql.model.conventions.generic import ARTIFACT, CONTEXT, ENCODING, EXECUTION, LABELS
from lineageql.model.conventions.places import OwnedName
from lineageql.model.nodes import NodeKind, NodeType
from lineageql.model.predicates import Field

_PREFIXES = ("kf.", "odh.")
_ROLES = {
    "RegisteredModel": Role.WORKSPACE,
    "ModelVersion": Role.RUN,
    "Experiment": Role.WORKSPACE,
    "ExperimentRun": Role.RUN,
}
_NAME: tuple[Place, ...] = (OwnedName(), Column("name"))


def _role(type_: NodeType) -> Role:
    # A serving environment and its inference services hold no lineage: they are neither.
    return _ROLES.get(type_.name.partition(".")[2], Role.NEITHER)


MODEL_REGISTRY = Convention(
    name="model-registry",
    owns=lambda type_: type_.name.startswith(_PREFIXES),
    kind_fields={
        NodeKind.ARTIFACT: {**ARTIFACT, Field.NAME: (*_NAME, UriTail(), TypeAndId())},
        NodeKind.EXECUTION: {**EXECUTION, Field.NAME: (*_NAME, TypeAndId())},
        NodeKind.CONTEXT: {**CONTEXT, Field.NAME: (*_NAME, TypeAndId())},
    },
    labels=LABELS,
    role=_role,
    encoding=ENCODING,
    run_holds=True,
)
