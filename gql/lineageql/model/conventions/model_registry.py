"""The convention of Kubeflow's model-registry, as long as it kept its data in MLMD.

A registered model or an experiment groups what it owns; a version of the model
and a run of the experiment are children of it. Names are made unique by the id
of the owner, `<id>:<name>`, or by a UUID where there is none. There are no
events: the artifacts of a version are those that are attributed to it.

A serving environment groups inference services, each a run of what serves a
model. An execution of it names the version that it serves: it reads the
version's model, though no event says so.
"""

from __future__ import annotations

from lineageql.model.conventions.convention import (
    Column,
    Convention,
    ImpliedInputs,
    Parameters,
    Place,
    Role,
    TypeAndId,
    UriTail,
)
from lineageql.model.conventions.generic import ARTIFACT, CONTEXT, ENCODING, EXECUTION, LABELS
from lineageql.model.conventions.places import OwnedName
from lineageql.model.kinds import ArtifactKind, kind_of
from lineageql.model.nodes import NodeKind, NodeType
from lineageql.model.predicates import Field

_PREFIXES = ("kf.", "odh.")
_ROLES = {
    "RegisteredModel": Role.WORKSPACE,
    "ModelVersion": Role.RUN,
    "Experiment": Role.WORKSPACE,
    "ExperimentRun": Role.RUN,
    "ServingEnvironment": Role.WORKSPACE,
    "InferenceService": Role.RUN,
}
_SERVED_VERSION = "model_version_id"
_NAME: tuple[Place, ...] = (OwnedName(), Column("name"))


def _role(type_: NodeType) -> Role:
    return _ROLES.get(_own_name(type_), Role.NEITHER)


def _own_name(type_: NodeType) -> str:
    return type_.name.partition(".")[2] if type_.name.startswith(_PREFIXES) else ""


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
    parameters=Parameters(declared=False, omitted=Parameters().omitted | {_SERVED_VERSION}),
    run_holds=True,
    implied=ImpliedInputs(
        property=_SERVED_VERSION,
        executions=lambda type_: type_.kind is NodeKind.EXECUTION and _own_name(type_) == "ServeModel",
        contexts=lambda type_: type_.kind is NodeKind.CONTEXT and _own_name(type_) == "ModelVersion",
        artifacts=lambda type_: type_.kind is NodeKind.ARTIFACT and kind_of(type_) is ArtifactKind.MODEL,
    ),
)
