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
    Items,
    Place,
    Role,
    Stored,
    TypeAndId,
    UnderName,
    UriTail,
)
from lineageql.model.conventions.generic import ARTIFACT, CONTEXT, ENCODING, EXECUTION, LABELS, METRICS, parameters
from lineageql.model.conventions.places import OwnedName
from lineageql.model.kinds import is_model
from lineageql.model.nodes import NodeKind, NodeType
from lineageql.model.predicates import Field, Group

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
_METRICS = frozenset({"kf.Metric", "kf.MetricHistory"})
_PARAMETER = "kf.Parameter"
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
    items=(
        # A metric is an artifact, as is a parameter of a run; of a model it is what the user says of it.
        Items(Group.VALUES, lambda type_: type_.name in _METRICS, UnderName("value")),
        METRICS,
        Items(Group.PARAMETERS, lambda type_: type_.name == _PARAMETER, UnderName("value")),
        Items(Group.PARAMETERS, is_model, Stored(declared=False)),
        parameters(_SERVED_VERSION, declared=False),
    ),
    run_holds=True,
    implied=ImpliedInputs(
        property=_SERVED_VERSION,
        executions=lambda type_: type_.kind is NodeKind.EXECUTION and _own_name(type_) == "ServeModel",
        contexts=lambda type_: type_.kind is NodeKind.CONTEXT and _own_name(type_) == "ModelVersion",
        artifacts=lambda type_: type_.kind is NodeKind.ARTIFACT and is_model(type_),
    ),
)
