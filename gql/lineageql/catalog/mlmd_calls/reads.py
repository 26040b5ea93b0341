"""What a call that reads is answered to a caller who does not see the whole store.

What MLMD answers is looked through, and what is hidden is left out. An id that the caller
does not see, be it hidden or of nothing, is asked for as one of nothing. Methods whose
answers say more than their rows do, such as filters by text, are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineageql.catalog.mlmd_calls.permissions import Places
from lineageql.errors import Forbidden, TooExpensive
from lineageql.model.conventions.kubeflow import RUN_NAME, WORKSPACE_NAME
from lineageql.model.nodes import NodeKind
from lineageql.store.mlmd.faults import body
from lineageql.store.mlmd.frames import Reply, Status

ARTIFACT, EXECUTION, CONTEXT = NodeKind.ARTIFACT, NodeKind.EXECUTION, NodeKind.CONTEXT
NOTHING = 2**31 - 1
"""An id of nothing: MLMD counts up from 1, and some databases go no further."""
MOST_CONTEXTS = 1_000
"""Contexts of one reply that are looked at: where each stands may take calls of its own."""

_OPEN = frozenset(
    f"Get{noun}Type{rest}"
    for noun in ("Artifact", "Execution", "Context")
    for rest in ("", "s", "sByID", "sByExternalIds")
)
"""Methods about types, which belong to no workspace."""
_NAMED: Mapping[str, tuple[str, NodeKind]] = {
    "GetArtifactsByID": ("artifact_ids", ARTIFACT),
    "GetExecutionsByID": ("execution_ids", EXECUTION),
    "GetContextsByID": ("context_ids", CONTEXT),
    "GetEventsByArtifactIDs": ("artifact_ids", ARTIFACT),
    "GetEventsByExecutionIDs": ("execution_ids", EXECUTION),
    "GetContextsByArtifact": ("artifact_id", ARTIFACT),
    "GetContextsByExecution": ("execution_id", EXECUTION),
    "GetArtifactsByContext": ("context_id", CONTEXT),
    "GetExecutionsByContext": ("context_id", CONTEXT),
    "GetParentContextsByContext": ("context_id", CONTEXT),
    "GetChildrenContextsByContext": ("context_id", CONTEXT),
}
"""Methods that name nodes by ids: in which field, and nodes of which kind."""
_FOUND = frozenset(
    f"Get{noun}{rest}"
    for noun in ("Artifact", "Execution", "Context")
    for rest in ("s", "sByType", "ByTypeAndName", "sByExternalIds")
) | {"GetArtifactsByURI"}
"""Methods that find nodes by something else."""
_REFUSES_NONE = {
    "GetContextsByArtifact": "No contexts found for artifact_id: {0.artifact_id}",
    "GetContextsByExecution": "No contexts found for execution_id: {0.execution_id}",
    "GetArtifactsByExternalIds": "No artifacts found for external_ids.",
    "GetExecutionsByExternalIds": "No executions found for external_ids.",
    "GetContextsByExternalIds": "No contexts found for external_ids.",
}
"""Methods that MLMD answers NOT_FOUND where there is nothing, and its words."""
_LISTS = {
    **dict.fromkeys(("artifacts", "artifact"), ARTIFACT),
    **dict.fromkeys(("executions", "execution"), EXECUTION),
    **dict.fromkeys(("contexts", "context"), CONTEXT),
}
"""Where replies have nodes, and of which kind."""


async def narrow(rpc: str, request: Any, places: Places) -> None:
    """Makes a request one that names nothing which the caller does not see.

    Raises:
        Forbidden: it asks in a way whose answer could tell of what is hidden.
    """
    if rpc in _OPEN:
        return
    if rpc not in _NAMED and rpc not in _FOUND:
        raise Forbidden(f"{rpc} is only for callers who may see the whole store: ask at /graphql")
    if "options" in request.DESCRIPTOR.fields_by_name and request.HasField("options"):
        options = request.options
        if getattr(options, "filter_query", ""):
            raise Forbidden("filter_query is only for callers who may see the whole store: ask at /graphql")
        if options.order_by_field.field not in (0, type(options).OrderByField.ID):
            raise Forbidden("only callers who may see the whole store may order by times: order by ID")
    if rpc in _NAMED:
        name, kind = _NAMED[rpc]
        given = getattr(request, name)
        ids = [given] if isinstance(given, int) else list(given)
        seen = await _seen_ids(kind, ids, places)
        if isinstance(given, int):
            if given not in seen:
                setattr(request, name, NOTHING)
        else:
            given[:] = [id_ if id_ in seen else NOTHING for id_ in ids]


async def _seen_ids(kind: NodeKind, ids: list[int], places: Places) -> set[int]:
    if kind is not CONTEXT:
        return await places.seen(kind, ids)
    _check_number(len(ids))
    return await places.seen_contexts(list((await places.by_id(CONTEXT, ids)).values()))


def _check_number(contexts: int) -> None:
    if contexts > MOST_CONTEXTS:
        words = f"{contexts:,} contexts are asked for, or found; the most for a caller who sees a part of the store"
        raise TooExpensive(f"{words} is {MOST_CONTEXTS:,}: ask in pages, or at /graphql")


async def narrowed(rpc: str, request: Any, reply: Reply, places: Places) -> Reply:
    """A reply without what the caller does not see.

    Raises:
        TooExpensive: it has too many contexts to look at.
    """
    if reply.code != Status.OK or rpc in _OPEN:
        return reply
    response = getattr(places.service, f"{rpc}Response").FromString(body(rpc, reply))
    fields = response.DESCRIPTOR.fields_by_name
    for name in fields:
        if name == "events":
            await _narrow_events(response.events, places)
        elif name in _LISTS:
            plural = name.endswith("s")
            nodes = list(getattr(response, name)) if plural else [response_node(response, name)]
            kept = await _kept(_LISTS[name], [node for node in nodes if node is not None], places)
            response.ClearField(name)
            if plural:
                getattr(response, name).extend(kept)
            elif kept:
                getattr(response, name).CopyFrom(kept[0])
            if not kept and rpc in _REFUSES_NONE:
                return Reply(Status.NOT_FOUND, _REFUSES_NONE[rpc].format(request).encode(), b"")
    return Reply(Status.OK, reply.message, response.SerializeToString())


def response_node(response: Any, name: str) -> Any:
    """The one node of a reply, apart from it; None where it has none."""
    if not response.HasField(name):
        return None
    found = type(getattr(response, name))()
    found.CopyFrom(getattr(response, name))
    return found


async def _kept(kind: NodeKind, messages: list[Any], places: Places) -> list[Any]:
    if kind is CONTEXT:
        _check_number(len(messages))
        seen = await places.seen_contexts(await places.nodes(CONTEXT, messages))
    else:
        seen = await places.seen(kind, (message.id for message in messages))
    kept = []
    for message in messages:
        if message.id in seen:
            named = message.custom_properties
            if WORKSPACE_NAME in named and not places.rights.sees.holds(named[WORKSPACE_NAME].string_value):
                # Beside the run's, the name of a workspace that the caller does not see.
                for name in (WORKSPACE_NAME, RUN_NAME):
                    named.pop(name, None)
            kept.append(message)
    return kept


async def _narrow_events(events: Any, places: Places) -> None:
    artifacts = await places.seen(ARTIFACT, (event.artifact_id for event in events))
    executions = await places.seen(EXECUTION, (event.execution_id for event in events))
    kept = [event for event in events if event.artifact_id in artifacts and event.execution_id in executions]
    del events[:]
    events.extend(kept)
