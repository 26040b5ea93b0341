"""Which writer a type is of, and what that writer's contexts and names mean.

Said anew from the documentation of the conventions, `docs/conventions.md`.
"""

from __future__ import annotations

import re
from enum import Enum

from tests.store.sql.expected import first_text, text_of
from tests.store.sql.records import ARTIFACT, CONTEXT, EXECUTION, NodeRecord, StoreRecord, TypeRecord


class Writer(Enum):
    """The writers with conventions of their own, and all others."""

    KUBEFLOW = 0
    KFP_V2 = 1
    KFP_V1 = 2
    TFX = 3
    MODEL_REGISTRY = 4
    CMF = 5
    GENERIC = 6


WORKSPACES = {
    "kubeflow.org/alpha/workspace",
    *("system.Pipeline", "pipeline", "kf.RegisteredModel", "odh.RegisteredModel", "kf.Experiment", "Parent_Context"),
    "kf.ServingEnvironment",
}
RUNS = {
    *("system.PipelineRun", "KfpRun", "pipeline_run", "run"),
    *("kf.ModelVersion", "kf.ExperimentRun", "kf.InferenceService"),
}
CMF_ARTIFACTS = {"Dataset", "Model", "Metrics", "Step_Metrics", "Dataslice", "Environment", "Label"}
BOOKKEEPING = {
    Writer.KFP_V2: {"store_session_info", "cache_fingerprint", "cached_execution_id", "parent_dag_id"},
    Writer.KFP_V1: {"argo_artifact"},
    Writer.TFX: {"is_external", "tfx_version"},
}


def clocked(writer: Writer) -> tuple[set[int], set[int]]:
    """The states in which a writer's executions have begun and ended, told by when they were made and changed last."""
    if writer is Writer.KFP_V2:
        return {2, 3, 4, 5}, {3, 4, 5}  # who is CANCELED never began
    return ({2, 3, 4, 5, 6}, {3, 4, 5, 6}) if writer is Writer.TFX else (set(), set())


def _sure(type_: TypeRecord) -> Writer:
    """The writer that a type shows by itself."""
    steps = type_.kind == EXECUTION and {"pipeline_name", "run_id", "component_id"} <= set(type_.declares)
    if type_.name.startswith("kubeflow.org/") or "__ALL_META__" in type_.declares:
        return Writer.KUBEFLOW
    if type_.name.startswith("system."):
        return Writer.KFP_V2
    if type_.kind == CONTEXT and type_.name in ("pipeline_run", "component_run", "execution_cache"):
        return Writer.TFX
    if type_.kind != CONTEXT and (type_.name.startswith("tfx.") or (steps and "pipeline_root" in type_.declares)):
        return Writer.TFX
    if steps or (type_.kind == CONTEXT and type_.name == "KfpRun"):
        return Writer.KFP_V1
    if type_.name.startswith(("kf.", "odh.")):
        return Writer.MODEL_REGISTRY
    if type_.kind == CONTEXT and type_.name in ("Parent_Context", "Pipeline_Stage"):
        return Writer.CMF
    if type_.kind == EXECUTION and {"Context_Type", "Context_ID", "Pipeline_Type"} <= set(type_.declares):
        return Writer.CMF
    return Writer.GENERIC


def writers_of(types: tuple[TypeRecord, ...]) -> dict[int, Writer]:
    """The writer of each type; a type that shows none is of the narrowest writer whose contexts are there."""
    found = {type_.id: _sure(type_) for type_ in types}
    present = {found[type_.id] for type_ in types if type_.kind == CONTEXT}

    def adopted(type_: TypeRecord) -> Writer:
        artifact = type_.kind == ARTIFACT
        if Writer.CMF in present and artifact and type_.name in CMF_ARTIFACTS:
            return Writer.CMF
        if Writer.TFX in present and (type_.kind != CONTEXT or type_.name in ("pipeline", "run", "node")):
            return Writer.TFX
        if artifact and Writer.KFP_V1 in present:
            return Writer.KFP_V1
        return Writer.KFP_V2 if artifact and Writer.KFP_V2 in present else Writer.GENERIC

    for type_ in types:
        if found[type_.id] is Writer.GENERIC and not type_.name.startswith("mlmd."):
            found[type_.id] = adopted(type_)
    return found


def is_owned(name: str) -> bool:
    """Whether a name begins with its owner's id, or with a UUID in place of one."""
    owner, colon, _ = name.partition(":")
    return bool(colon and re.fullmatch(r"[0-9]+|[0-9a-fA-F-]{36}", owner))


def before_time(name: str | None) -> str | None:
    """A name without the time of its run after it, which Python wrote with or without microseconds."""
    for length in (19, 26):
        head, colon, time = (name or "")[: -length - 1], (name or "")[-length - 1 : -length], (name or "")[-length:]
        pattern = re.sub(r"[0-9]", "0", time)
        if head and colon == ":" and pattern == "0000-00-00T00:00:00.000000"[:length]:
            return head
    return name


def event_key(store: StoreRecord, artifact: int) -> str | None:
    """The first key in the paths of an artifact's events: of those that output it, else of any."""
    events = sorted(store.events, key=lambda event: (event.type not in (1, 4, 6, 7), event.id))
    keys = [step for e in events if e.artifact == artifact for step in e.path if isinstance(step, str) and step]
    return keys[0] if keys else None


def node_name(store: StoreRecord, execution: int) -> str | None:
    """What the name of an execution's `node` context adds to that of its `pipeline`, else what follows its last dot."""
    mine = [node for node in store.contexts if (node.id, execution) in store.associations]
    nodes = [node for node in mine if node.type.name == "node"]
    heads = [f"{node.name}." for node in mine if node.type.name == "pipeline"]
    added = [
        (-len(head), node.id, str(node.name)[len(head) :])
        for node in nodes
        for head in heads
        if str(node.name).startswith(head)
    ]
    if added:
        return min(added)[2]
    return str(nodes[0].name).rpartition(".")[2] if nodes else None


def name_of(store: StoreRecord, node: NodeRecord, writer: Writer) -> str:
    """The name of a node, by its writer's convention."""

    def either(name: str) -> list[str | None]:
        return [text_of(node.declared.get(name)), text_of(node.custom.get(name))]

    called = node.name or ""
    artifact = node.type.kind == ARTIFACT
    if node.type.kind == CONTEXT or writer is Writer.MODEL_REGISTRY:
        owned = called.partition(":")[2] if writer is Writer.MODEL_REGISTRY and is_owned(called) else None
        best = [owned, called]
    elif writer is Writer.KUBEFLOW:
        best = [text_of(node.declared.get("name")), called, text_of(node.custom.get("name"))]
    elif writer is Writer.CMF:
        hashed = called.find(f":{node.uri}") if node.uri else -1
        best = [called[:hashed] if hashed > 0 else None, called] if artifact else [node.type.name]
    elif writer is Writer.TFX and not artifact:
        best = [*either("component_id"), node_name(store, node.id), node.type.name.rpartition(".")[2]]
    elif writer is Writer.GENERIC:
        best = [called, *either("name")]
    elif writer is Writer.TFX:
        best = [*map(before_time, either("name")), event_key(store, node.id), called]
    elif artifact:
        best = [*either("display_name" if writer is Writer.KFP_V2 else "name"), event_key(store, node.id), called]
    elif writer is Writer.KFP_V2:
        best = [*either("display_name"), *either("task_name"), called]
    else:
        best = [*either("component_id"), called]
    if artifact and writer is not Writer.KUBEFLOW:
        best.append((node.uri or "").rstrip("/").split("/")[-1])
    return first_text(*best, f"{node.type.name}/{node.id}") or ""
