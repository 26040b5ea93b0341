"""What a call that writes did, in the words of the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lineageql.model.identity import EntityKind, global_id, type_id
from lineageql.store.mlmd import protos

_MOST = 1_000
"""Ids of one call that are told; of more it is told how many there are."""


def changes(rpc: str, request: Any, reply: bytes) -> list[dict[str, Any]]:
    """What a call did, by its reply.

    Artifacts, executions and types have their global ids, contexts MLMD's: they are no
    workspaces or runs by themselves.
    """
    _, service = protos.load()
    response = getattr(service, f"{rpc}Response").FromString(reply)
    found: dict[str, dict[str, None]] = {}
    for action, id_ in _told(rpc, request, response):
        found.setdefault(action, {})[id_] = None
    told = []
    for action, ids in found.items():
        row: dict[str, Any] = {"field": rpc, "action": action, "ids": list(ids)[:_MOST]}
        if len(ids) > _MOST:
            row["count"] = len(ids)
        told.append(row)
    return told


def _told(rpc: str, request: Any, response: Any) -> Iterator[tuple[str, str]]:
    def nodes(messages: Any, ids: Any, kind: EntityKind, new: str = "created") -> Iterator[tuple[str, str]]:
        for message, id_ in zip(messages, ids, strict=False):
            yield "changed" if message.HasField("id") else new, global_id(kind, id_)

    def contexts(new: str) -> Iterator[tuple[str, str]]:
        for message, id_ in zip(request.contexts, response.context_ids, strict=False):
            yield "changed" if message.HasField("id") else new, f"Context:{id_}"

    match rpc:
        case "PutArtifacts":
            yield from nodes(request.artifacts, response.artifact_ids, EntityKind.ARTIFACT)
        case "PutExecutions":
            yield from nodes(request.executions, response.execution_ids, EntityKind.EXECUTION)
        case "PutContexts":
            yield from contexts("created")
        case "PutEvents":
            for event in request.events:
                yield "linked", global_id(EntityKind.EXECUTION, event.execution_id)
                yield "linked", global_id(EntityKind.ARTIFACT, event.artifact_id)
        case "PutExecution":
            yield from nodes([request.execution], [response.execution_id], EntityKind.EXECUTION)
            reuses = request.options.reuse_artifact_if_already_exist_by_external_id
            for pair, id_ in zip(request.artifact_event_pairs, response.artifact_ids, strict=False):
                made = pair.HasField("artifact") and not pair.artifact.HasField("id") and not reuses
                yield "created" if made else "linked", global_id(EntityKind.ARTIFACT, id_)
            yield from contexts("linked")
        case "PutLineageSubgraph":
            reuses = request.options.reuse_artifact_if_already_exist_by_external_id
            yield from nodes(request.executions, response.execution_ids, EntityKind.EXECUTION)
            made = "linked" if reuses else "created"
            yield from nodes(request.artifacts, response.artifact_ids, EntityKind.ARTIFACT, made)
            for edge in request.event_edges:
                if edge.event.HasField("artifact_id"):
                    yield "linked", global_id(EntityKind.ARTIFACT, edge.event.artifact_id)
                if edge.event.HasField("execution_id"):
                    yield "linked", global_id(EntityKind.EXECUTION, edge.event.execution_id)
            yield from contexts("linked")
        case "PutAttributionsAndAssociations":
            for tie in request.attributions:
                yield "linked", global_id(EntityKind.ARTIFACT, tie.artifact_id)
                yield "linked", f"Context:{tie.context_id}"
            for tie in request.associations:
                yield "linked", global_id(EntityKind.EXECUTION, tie.execution_id)
                yield "linked", f"Context:{tie.context_id}"
        case "PutParentContexts":
            for link in request.parent_contexts:
                yield "linked", f"Context:{link.child_id}"
                yield "linked", f"Context:{link.parent_id}"
        case "PutTypes":
            for name in ("artifact_type_ids", "execution_type_ids", "context_type_ids"):
                for id_ in getattr(response, name):
                    yield "registered", type_id(id_)
        case "PutArtifactType" | "PutExecutionType" | "PutContextType":
            yield "registered", type_id(response.type_id)
