"""MLMD's own nodes, as the store holds them, before any convention gives them a meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from lineageql.model.choice import Choice

SIMPLE_PREFIX = "mlmd."
"""How the names of MLMD's own base types begin."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A proto as MLMD keeps one: a `google.protobuf.Any`, serialized, in base64."""

    text: str


RawValue = str | int | float | bool | bytes | Packed | None
"""A property's value as its column holds it; None where every column is empty."""


class NodeKind(Choice):
    """The kinds of MLMD nodes, each a table. The value is `Type.type_kind`."""

    EXECUTION = 0
    ARTIFACT = 1
    CONTEXT = 2


class PropertyType(Choice):
    """What a type declares of a property; the value is `TypeProperty.data_type`."""

    UNKNOWN = 0
    INT = 1
    DOUBLE = 2
    STRING = 3
    STRUCT = 4
    PROTO = 5
    BOOLEAN = 6


@dataclass(frozen=True, slots=True)
class NodeType:
    """A row of `Type` with its declared properties and the names of its base types."""

    id: int
    kind: NodeKind
    name: str
    version: str | None = None
    description: str | None = None
    properties: dict[str, PropertyType] = field(default_factory=dict)
    bases: tuple[str, ...] = ()
    given_kind: Choice | None = None
    """What users of the store say that its artifacts are, see `model.kinds`."""

    @property
    def simple(self) -> bool:
        """Whether it is one of MLMD's own base types, which its type lists hide."""
        return self.name.startswith(SIMPLE_PREFIX)

    def is_execution(self) -> bool:
        """Whether its nodes are executions."""
        return self.kind is NodeKind.EXECUTION


@dataclass(slots=True)
class Node:
    """A row of `Artifact`, `Execution` or `Context` with its properties.

    Times are milliseconds since 1970 in UTC. `state` is an artifact's state or
    an execution's last known state, as MLMD's enum number. `beyond` holds the
    values of places outside the node's own rows, as far as the Reader loaded
    them: where a convention reads them and nothing before them has a value.
    """

    type: NodeType
    id: int
    name: str | None = None
    external_id: str | None = None
    create_time: int | None = None
    update_time: int | None = None
    state: int | None = None
    uri: str | None = None
    properties: dict[str, RawValue] = field(default_factory=dict)
    custom_properties: dict[str, RawValue] = field(default_factory=dict)
    beyond: dict[object, str] | None = None


class EventType(Choice):
    """MLMD's event types; the value is `Event.type`."""

    DECLARED_OUTPUT = 1
    DECLARED_INPUT = 2
    INPUT = 3
    OUTPUT = 4
    INTERNAL_INPUT = 5
    INTERNAL_OUTPUT = 6
    PENDING_OUTPUT = 7


INPUT_EVENTS = frozenset({EventType.DECLARED_INPUT, EventType.INPUT, EventType.INTERNAL_INPUT})
OUTPUT_EVENTS = frozenset(
    {EventType.DECLARED_OUTPUT, EventType.OUTPUT, EventType.INTERNAL_OUTPUT, EventType.PENDING_OUTPUT}
)


class Event(NamedTuple):
    """An execution read or wrote an artifact.

    `path` is MLMD's event path, a key as text and an index as a number; `time`
    is in milliseconds since 1970, None where the writer set none.
    """

    id: int
    artifact_id: int
    execution_id: int
    type: EventType
    time: int | None = None
    path: tuple[str | int, ...] = ()

    @property
    def implied(self) -> bool:
        """Whether no row of MLMD's says so, but the writer's convention; the ids of MLMD's own are positive."""
        return self.id < 0


IMPLIED_FROM = -(2**62)
IMPLIED_STEP = 2**32
"""What the ids of implied events are made of: they come in the order of artifacts, then of executions."""


def implied_input(artifact_id: int, execution_id: int) -> Event:
    """The event by which an execution read an artifact, though MLMD has none."""
    return Event(IMPLIED_FROM + artifact_id * IMPLIED_STEP + execution_id, artifact_id, execution_id, EventType.INPUT)
