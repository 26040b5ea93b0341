"""Checks of whole drafts, before anything is read or written.

What depends on the store, such as ids and the properties of its types, is
checked where it is looked up, and that is before the first write too.

Every function raises InvalidArgument with the path of the first bad value.
"""

from __future__ import annotations

from collections.abc import Sequence

from lineageql.catalog.recording import checks
from lineageql.catalog.recording.checks import refused, under
from lineageql.model.conventions.kubeflow import EXECUTION_TYPE, context_name
from lineageql.model.drafts import (
    ArtifactDraft,
    ArtifactTypeDraft,
    ExecutionDraft,
    ExecutionRecord,
    PortArtifact,
    RunDraft,
    WorkspaceDraft,
)
from lineageql.model.identity import EntityKind, Ref, RunName

RESERVED_TYPES = ("mlmd.", "kubeflow.org/alpha/")
FACT_ARGUMENTS = {
    "model_type": "modelType",
    "training_framework": "trainingFramework",
    "hyperparameters": "hyperparameters",
    "query": "query",
    "metrics_type": "metricsType",
    "values": "values",
}
"""The members of the Kubeflow Metadata SDK's objects by the names that the API has for them."""

_TEXT_FACTS = frozenset({"model_type", "query", "metrics_type"})
_NAMED_FACTS = frozenset({"hyperparameters", "values"})


def check_context(draft: WorkspaceDraft | RunDraft) -> None:
    """A workspace or a run."""
    checks.name(draft.name, "name")
    checks.optional_text(draft.description, "description")
    checks.labels(draft.labels)
    checks.custom_properties(draft.custom_properties)


def check_run_name(run: RunName, argument: str) -> None:
    """The names of a run and its workspace, which together name a context."""
    size = len(context_name(run))
    if size > checks.MAX_NAME:
        words = f"has with its workspace's name, as <workspace>/<run>, {size} characters; the most is {checks.MAX_NAME}"
        raise refused(argument, words)


def check_execution(draft: ExecutionDraft) -> None:
    """An execution."""
    checks.name(draft.name, "name")
    if draft.type is not None:
        checks.name(draft.type, "type")
        if draft.type.startswith(RESERVED_TYPES) and draft.type != EXECUTION_TYPE:
            raise refused("type", f"is {draft.type!r}, a reserved name")
    check_times(draft.start_time, draft.end_time)
    checks.optional_text(draft.description, "description")
    checks.labels(draft.labels)
    checks.custom_properties(draft.custom_properties)
    checks.optional_name(draft.external_id, "externalId")


def check_times(start: int | None, end: int | None, argument: str = "endTime") -> None:
    """When an execution began and ended; the argument is what an error names."""
    if start is not None and end is not None and end < start:
        raise refused(argument, "contradicts the other: an execution does not end before it begins")


def check_artifact(draft: ArtifactDraft) -> None:
    """An artifact that may be new."""
    with under(draft.member):
        checks.name(draft.type, "type")
        if draft.member == "custom" and draft.type.startswith(RESERVED_TYPES):
            raise refused(
                "type", f"is {draft.type!r}: models, data sets and metrics are recorded as such, not as custom"
            )
        checks.name(draft.name, "name")
        checks.uri(draft.uri, "uri")
        for argument, value in (
            ("version", draft.version),
            ("owner", draft.owner),
            ("description", draft.description),
        ):
            checks.optional_text(value, argument)
        _check_facts(draft)
        for argument, ref in (("modelId", draft.model), ("dataSetId", draft.data_set)):
            if ref is not None:
                checks.kind(ref, EntityKind.ARTIFACT, argument)
        for name, value in draft.properties.items():
            checks.property_name(name, "properties")
            checks.json_value(value, f"properties.{name}")
        checks.labels(draft.labels)
        checks.custom_properties(draft.custom_properties)
        checks.optional_name(draft.external_id, "externalId")


def _check_facts(draft: ArtifactDraft) -> None:
    for name, value in draft.facts.items():
        argument = FACT_ARGUMENTS[name]
        if value is None:
            continue
        if name in _TEXT_FACTS:
            checks.optional_text(value, argument)
        elif name in _NAMED_FACTS:
            checks.named_values(value, argument)
        else:
            checks.json_value(value, argument)


def check_port_artifact(item: PortArtifact) -> None:
    """An artifact, known or new, at a port."""
    with under("artifact"):
        if isinstance(item.artifact, Ref):
            checks.kind(item.artifact, EntityKind.ARTIFACT, "id")
        else:
            check_artifact(item.artifact)
    checks.optional_name(item.port, "port")


def check_record(record: ExecutionRecord) -> None:
    """An execution with its artifacts."""
    checks.name(record.workspace, "workspace")
    if record.run is not None:
        checks.name(record.run, "run")
        check_run_name(RunName(record.workspace, record.run), "run")
    with under("execution"):
        check_execution(record.execution)
    for argument, items in (("inputs", record.inputs), ("outputs", record.outputs)):
        for place, item in enumerate(items):
            with under(f"{argument}[{place}]"):
                check_port_artifact(item)


def check_records(records: Sequence[ExecutionRecord]) -> None:
    """Several executions that are recorded as one."""
    known: set[str] = set()
    for place, record in enumerate(records):
        with under(f"[{place}]"):
            check_record(record)
            external_id = record.execution.external_id
            if external_id is not None and external_id in known:
                raise refused("execution.externalId", "is that of another of these executions")
            known.update([external_id] if external_id is not None else [])
            if record.workspace != records[0].workspace:
                # MLMD's atomic call ties every execution in it to every context in it.
                words = f"is not {records[0].workspace!r}: what is recorded as one belongs to one workspace"
                raise refused("workspace", words)


def check_type(draft: ArtifactTypeDraft) -> None:
    """An artifact type; its properties are checked where they are read."""
    checks.name(draft.name, "name")
    if draft.name.startswith(RESERVED_TYPES):
        raise refused("name", f"is {draft.name!r}, a reserved name")
    for name in draft.properties:
        checks.property_name(name, "properties")
