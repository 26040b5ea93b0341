"""The inputs of the mutations, and the drafts they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry

from lineageql.api.scalars import JSON, DateTime
from lineageql.errors import InvalidArgument
from lineageql.model import drafts
from lineageql.model.conventions.kubeflow import DATA_SET_TYPE, METRICS_TYPE, MODEL_TYPE
from lineageql.model.entities import ExecutionState
from lineageql.model.identity import EntityKind, Ref, parse_ref
from lineageql.model.kinds import ArtifactKind

_field = strawberry.field
_LABELS = "Labels, each key once."
_CUSTOM = "An object of values of your own; numbers, strings, booleans, lists and objects read back as they were given."
_EXTERNAL = "An id of your own, unique in its kind; recording the same again under it changes nothing."
_DESCRIPTION = "What it is."
_START = "When it began."
_END = "When it ended, which is not before it began."


def json_object(value: JSON | None, path: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidArgument("this takes an object of values by name", path)
    return value


@strawberry.input(description="A label.")
class LabelInput:
    key: str = _field(description="The label's key.")
    value: str = _field(description="The label's value.")


def pairs(labels: list[LabelInput] | None) -> list[tuple[str, str]]:
    """Labels as pairs, in the client's order."""
    return [(label.key, label.value) for label in labels or ()]


@strawberry.input(description="A workspace to make.")
class CreateWorkspaceInput:
    name: str = _field(description="Its name, once in the store.")
    description: str | None = _field(default=None, description=_DESCRIPTION)
    labels: list[LabelInput] | None = _field(default=None, description=_LABELS)
    custom_properties: JSON | None = _field(default=None, description=_CUSTOM)
    reuse: bool = _field(
        default=True,
        description="Answer the workspace of this name, unchanged, where there is one; else ALREADY_EXISTS.",
    )

    def draft(self) -> drafts.WorkspaceDraft:
        custom = json_object(self.custom_properties, "customProperties")
        return drafts.WorkspaceDraft(self.name, self.description, pairs(self.labels), custom)


@strawberry.input(description="A run to make.")
class CreateRunInput:
    workspace_id: strawberry.ID = _field(description="The workspace it belongs to.")
    name: str = _field(description="Its name, once in the workspace.")
    description: str | None = _field(default=None, description=_DESCRIPTION)
    labels: list[LabelInput] | None = _field(default=None, description=_LABELS)
    custom_properties: JSON | None = _field(default=None, description=_CUSTOM)
    reuse: bool = _field(
        default=True, description="Answer the run of this name, unchanged, where there is one; else ALREADY_EXISTS."
    )

    def draft(self) -> drafts.RunDraft:
        custom = json_object(self.custom_properties, "customProperties")
        return drafts.RunDraft(self.name, self.description, pairs(self.labels), custom)


@strawberry.input(description="An execution to make.")
class CreateExecutionInput:
    workspace_id: strawberry.ID = _field(description="The workspace it belongs to.")
    run_id: strawberry.ID | None = _field(default=None, description="The run it belongs to, of that workspace.")
    name: str = _field(description="Its name.")
    type: str | None = _field(
        default=None, description="Its MLMD type, made where there is none; `kubeflow.org/alpha/execution` if null."
    )
    description: str | None = _field(default=None, description=_DESCRIPTION)
    state: ExecutionState | None = _field(default=None, description="Its state; UNKNOWN if null.")
    start_time: DateTime | None = _field(default=None, description=_START)
    end_time: DateTime | None = _field(default=None, description=_END)
    labels: list[LabelInput] | None = _field(default=None, description=_LABELS)
    custom_properties: JSON | None = _field(default=None, description=_CUSTOM)
    external_id: str | None = _field(default=None, description=_EXTERNAL)

    def draft(self) -> drafts.ExecutionDraft:
        return _execution(self)


def _execution(given: CreateExecutionInput | RecordedExecutionInput) -> drafts.ExecutionDraft:
    return drafts.ExecutionDraft(
        name=given.name,
        type=given.type,
        description=given.description,
        state=given.state,
        start_time=given.start_time,
        end_time=given.end_time,
        labels=pairs(given.labels),
        custom_properties=json_object(given.custom_properties, "customProperties"),
        external_id=given.external_id,
    )


@strawberry.input(description="What to change of an execution; what is left out stays.")
class UpdateExecutionInput:
    id: strawberry.ID = _field(description="The execution.")
    state: ExecutionState | None = _field(default=None, description="Its new state.")
    start_time: DateTime | None = _field(default=None, description=_START)
    end_time: DateTime | None = _field(default=None, description=_END)
    description: str | None = _field(default=None, description="Its new description; an empty one removes it.")
    custom_properties: JSON | None = _field(
        default=None, description="An object of values to set by name, beside those that are there; null removes one."
    )


@strawberry.input
class _ArtifactInput:
    name: str = _field(description="Its name.")
    uri: str = _field(description="Where it lies.")
    version: str | None = _field(default=None, description="Its version.")
    owner: str | None = _field(default=None, description="Its owner.")
    description: str | None = _field(default=None, description=_DESCRIPTION)
    labels: list[LabelInput] | None = _field(default=None, description=_LABELS)
    custom_properties: JSON | None = _field(default=None, description=_CUSTOM)
    external_id: str | None = _field(default=None, description=_EXTERNAL)

    def _draft(self, member: str, type_: str, **own: Any) -> drafts.ArtifactDraft:
        return drafts.ArtifactDraft(
            member=member,
            type=type_,
            name=self.name,
            uri=self.uri,
            version=self.version,
            owner=self.owner,
            description=self.description,
            labels=pairs(self.labels),
            custom_properties=json_object(self.custom_properties, "customProperties"),
            external_id=self.external_id,
            **own,
        )


_REUSED = "One of the same uri, name, version and workspace is reused, unchanged."


@strawberry.input(description=f"A trained model. {_REUSED}")
class ModelInput(_ArtifactInput):
    model_type: str | None = _field(default=None, description="What kind of model it is.")
    training_framework: JSON | None = _field(default=None, description="What it was trained with.")
    hyperparameters: JSON | None = _field(default=None, description="An object of its hyperparameters.")

    def draft(self) -> drafts.ArtifactDraft:
        hyperparameters = self.hyperparameters and json_object(self.hyperparameters, "hyperparameters")
        facts = {
            "model_type": self.model_type,
            "training_framework": self.training_framework,
            "hyperparameters": hyperparameters,
        }
        return self._draft("model", MODEL_TYPE, facts=facts)


@strawberry.input(description=f"A data set. {_REUSED}")
class DataSetInput(_ArtifactInput):
    query: str | None = _field(default=None, description="How it was fetched from its source.")

    def draft(self) -> drafts.ArtifactDraft:
        return self._draft("dataSet", DATA_SET_TYPE, facts={"query": self.query})


@strawberry.input(description="Metrics of a model. They are always new.")
class MetricsInput(_ArtifactInput):
    metrics_type: str | None = _field(
        default=None, description="Such as `training`, `validation`, `testing`, `production`."
    )
    values: JSON | None = _field(default=None, description="An object of the metric values.")
    model_id: strawberry.ID | None = _field(
        default=None,
        description="The model they are of. One of the same request has no id yet: it has the metrics that are output "
        "by the execution that wrote or read it.",
    )
    data_set_id: strawberry.ID | None = _field(default=None, description="The data set they were taken on.")

    def draft(self) -> drafts.ArtifactDraft:
        values = None if self.values is None else json_object(self.values, "values")
        return self._draft(
            "metrics",
            METRICS_TYPE,
            facts={"metrics_type": self.metrics_type, "values": values},
            model=_artifact_ref(self.model_id, "modelId"),
            data_set=_artifact_ref(self.data_set_id, "dataSetId"),
        )


@strawberry.input(description=f"An artifact of a type of your own; see createArtifactType. {_REUSED}")
class CustomArtifactInput(_ArtifactInput):
    type: str = _field(description="The name of its MLMD type, which must be there.")
    properties: JSON | None = _field(default=None, description="An object of values of the type's declared properties.")

    def draft(self) -> drafts.ArtifactDraft:
        return self._draft("custom", self.type, properties=json_object(self.properties, "properties"))


def _artifact_ref(id_: str | None, path: str) -> Ref | None:
    return None if id_ is None else parse_ref(id_, expected=EntityKind.ARTIFACT, argument=path)


@strawberry.input(one_of=True, description="An artifact: one that is there, or a new one of some sort.")
class ArtifactInput:
    id: strawberry.ID | None = _field(default=strawberry.UNSET, description="An artifact that is there.")
    model: ModelInput | None = _field(default=strawberry.UNSET, description="A model.")
    data_set: DataSetInput | None = _field(default=strawberry.UNSET, description="A data set.")
    metrics: MetricsInput | None = _field(default=strawberry.UNSET, description="Metrics.")
    custom: CustomArtifactInput | None = _field(default=strawberry.UNSET, description="An artifact of your own type.")

    def draft(self) -> Ref | drafts.ArtifactDraft:
        if self.id:
            return parse_ref(self.id, expected=EntityKind.ARTIFACT, argument="artifact.id")
        for member, given in (
            ("model", self.model),
            ("dataSet", self.data_set),
            ("metrics", self.metrics),
            ("custom", self.custom),
        ):
            if given:
                try:
                    return given.draft()
                except InvalidArgument as fault:
                    raise fault.under(f"artifact.{member}") from None
        raise InvalidArgument("an artifact takes one of id, model, dataSet, metrics and custom", "artifact")


@strawberry.input(description="An artifact that an execution reads or writes.")
class LogArtifactInput:
    execution_id: strawberry.ID = _field(description="The execution.")
    artifact: ArtifactInput = _field(description="The artifact.")
    port: str | None = _field(default=None, description="The input or output of the execution that it is at.")

    def draft(self) -> drafts.PortArtifact:
        return drafts.PortArtifact(self.artifact.draft(), self.port)


@strawberry.input(description="An artifact at an input or output of the recorded execution.")
class PortArtifactInput:
    artifact: ArtifactInput = _field(description="The artifact.")
    port: str | None = _field(default=None, description="The input or output of the execution that it is at.")


@strawberry.input(description="An execution to record.")
class RecordedExecutionInput:
    name: str = _field(description="Its name.")
    type: str | None = _field(
        default=None, description="Its MLMD type, made where there is none; `kubeflow.org/alpha/execution` if null."
    )
    description: str | None = _field(default=None, description=_DESCRIPTION)
    state: ExecutionState | None = _field(default=None, description="Its state; COMPLETE if null.")
    start_time: DateTime | None = _field(default=None, description=_START)
    end_time: DateTime | None = _field(default=None, description=_END)
    labels: list[LabelInput] | None = _field(default=None, description=_LABELS)
    custom_properties: JSON | None = _field(default=None, description=_CUSTOM)
    external_id: str | None = _field(default=None, description=_EXTERNAL)


@strawberry.input(description="An execution with all that it read and wrote, recorded as one: all of it or nothing.")
class RecordExecutionInput:
    workspace: str = _field(description="The name of its workspace, made where there is none.")
    run: str | None = _field(default=None, description="The name of its run, made where there is none.")
    execution: RecordedExecutionInput = _field(description="The execution.")
    inputs: list[PortArtifactInput] | None = _field(default=None, description="What it read.")
    outputs: list[PortArtifactInput] | None = _field(default=None, description="What it wrote.")

    def draft(self) -> drafts.ExecutionRecord:
        try:
            execution = _execution(self.execution)
        except InvalidArgument as fault:
            raise fault.under("execution") from None
        inputs, outputs = _ports(self.inputs, "inputs"), _ports(self.outputs, "outputs")
        return drafts.ExecutionRecord(self.workspace, execution, self.run, inputs, outputs)


def records(given: list[RecordExecutionInput]) -> list[drafts.ExecutionRecord]:
    """The drafts of several executions."""
    return [_record(item, f"[{place}]") for place, item in enumerate(given)]


def _record(given: RecordExecutionInput, path: str) -> drafts.ExecutionRecord:
    try:
        return given.draft()
    except InvalidArgument as fault:
        raise fault.under(path) from None


def _ports(given: list[PortArtifactInput] | None, path: str) -> list[drafts.PortArtifact]:
    return [_port(item, f"{path}[{place}]") for place, item in enumerate(given or ())]


def _port(given: PortArtifactInput, path: str) -> drafts.PortArtifact:
    try:
        return drafts.PortArtifact(given.artifact.draft(), given.port)
    except InvalidArgument as fault:
        raise fault.under(path) from None


@strawberry.input(description="Labels to set beside those that are there.")
class SetLabelsInput:
    id: strawberry.ID = _field(description="The workspace, run, execution or artifact.")
    labels: list[LabelInput] = _field(description=_LABELS)


@strawberry.input(description="Labels to remove.")
class RemoveLabelsInput:
    id: strawberry.ID = _field(description="The workspace, run, execution or artifact.")
    keys: list[str] = _field(description="The keys of the labels; those that are not there are passed over.")


@strawberry.input(description="An artifact type to make.")
class CreateArtifactTypeInput:
    name: str = _field(description="Its name, once in the store.")
    kind: ArtifactKind = _field(default=ArtifactKind.OTHER, description="What its artifacts are to their users.")
    properties: JSON | None = _field(
        default=None,
        description="An object that declares properties: `STRING`, `INT`, `DOUBLE`, `BOOLEAN` or `STRUCT` by name.",
    )

    def draft(self) -> drafts.ArtifactTypeDraft:
        return drafts.ArtifactTypeDraft(self.name, self.kind, json_object(self.properties, "properties"))
