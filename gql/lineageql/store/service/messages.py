"""MLMD's messages to nodes, types and events, and the names of its methods for each kind of node."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from lineageql.model.nodes import Event, EventType, Node, NodeKind, NodeType, Packed, PropertyType, RawValue
from lineageql.model.values import STRUCT_PREFIX

NOUNS = {NodeKind.ARTIFACT: "Artifact", NodeKind.EXECUTION: "Execution", NodeKind.CONTEXT: "Context"}
"""How MLMD's methods and messages call each kind of node."""

_EVENT_TYPES = {type_.value: type_ for type_ in EventType}
_PROPERTY_TYPES = {type_.value: type_ for type_ in PropertyType}


def type_of(kind: NodeKind, message: Any) -> NodeType:
    """A type from `ArtifactType`, `ExecutionType` or `ContextType`."""
    declared = {name: _PROPERTY_TYPES.get(number, PropertyType.UNKNOWN) for name, number in message.properties.items()}
    return NodeType(
        id=message.id,
        kind=kind,
        name=message.name,
        version=message.version or None,
        description=message.description or None,
        properties=dict(sorted(declared.items())),
        bases=_bases(kind, message),
    )


def _bases(kind: NodeKind, message: Any) -> tuple[str, ...]:
    # MLMD's own simple types are enums here: DATASET is `mlmd.Dataset`.
    if kind is NodeKind.CONTEXT or not message.base_type:
        return ()
    return (f"mlmd.{message.SystemDefinedBaseType.Name(message.base_type).capitalize()}",)


def node_of(kind: NodeKind, message: Any, type_by_id: Callable[[int], NodeType]) -> Node:
    """A node from `Artifact`, `Execution` or `Context`."""
    state = _STATES.get(kind)
    return Node(
        type=type_by_id(message.type_id),
        id=message.id,
        name=_text(message, "name"),
        uri=_text(message, "uri") if kind is NodeKind.ARTIFACT else None,
        state=getattr(message, state) if state is not None and message.HasField(state) else None,
        external_id=_text(message, "external_id"),
        create_time=message.create_time_since_epoch,
        update_time=message.last_update_time_since_epoch,
        properties={name: raw_value(value) for name, value in message.properties.items()},
        custom_properties={name: raw_value(value) for name, value in message.custom_properties.items()},
    )


_STATES = {NodeKind.ARTIFACT: "state", NodeKind.EXECUTION: "last_known_state"}


def _text(message: Any, name: str) -> str | None:
    return getattr(message, name) if message.HasField(name) else None


def raw_value(value: Any) -> RawValue:
    """A property's value as MLMD's database holds it."""
    kind = value.WhichOneof("value")
    if kind == "struct_value":
        octets = value.struct_value.SerializeToString(deterministic=True)
        return STRUCT_PREFIX + base64.b64encode(octets).decode("ascii")
    if kind == "proto_value":
        return Packed(base64.b64encode(value.proto_value.SerializeToString(deterministic=True)).decode("ascii"))
    return None if kind is None else getattr(value, kind)


def event_of(message: Any, position: int) -> Event | None:
    """An event with its path; None for one of a type that this release does not know.

    MLMD's service gives events no ids. They are told apart, and put in the order
    in which they were most likely written, by their time, their execution and
    their position among the events of that.
    """
    type_ = _EVENT_TYPES.get(message.type)
    if type_ is None:
        return None
    path = tuple(step.index if step.WhichOneof("value") == "index" else step.key for step in message.path.steps)
    time = message.milliseconds_since_epoch
    id_ = (max(time, 0) << 64 | message.execution_id) << 32 | position
    return Event(id_, message.artifact_id, message.execution_id, type_, time or None, path)


def key_of_event(event: Event) -> tuple[int, int, int]:
    """What an event's id is made of, each part no longer than 64 bits, as cursors hold it."""
    return event.id >> 96, event.id >> 32 & (1 << 64) - 1, event.id & (1 << 32) - 1


def can_be_sent(text: str) -> bool:
    """Whether a message, and so a store, can hold a text: no half of a surrogate pair, and no NUL."""
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)
