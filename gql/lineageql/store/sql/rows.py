"""Rows of MLMD's tables to nodes, types and events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, partial
from typing import Any

from sqlalchemy import Select, exists, func, or_, select

from lineageql.model.nodes import (
    SIMPLE_PREFIX,
    Event,
    EventType,
    Node,
    NodeKind,
    NodeType,
    Packed,
    PropertyType,
    RawValue,
)
from lineageql.model.types import TypeCatalog
from lineageql.store.sql.dialects import Dialect, Prepared, one_of
from lineageql.store.sql.tables import (
    ARTIFACT,
    EVENT,
    EVENT_PATH,
    EXECUTION,
    NODES,
    PARENT_TYPE,
    PROPERTIES,
    TYPE,
    TYPE_PROPERTY,
)

# MLMD's own simple types are in every store and seldom have nodes; without them a store of one writer is of one kind.


def _whole(query: Select[Any], dialect: Dialect, ids: Any) -> Select[Any]:
    return query


_TYPES = select(TYPE.c.id, TYPE.c.name, TYPE.c.version, TYPE.c.type_kind, TYPE.c.description).where(
    or_(
        func.substr(TYPE.c.name, 1, len(SIMPLE_PREFIX)) != SIMPLE_PREFIX,
        exists().where(ARTIFACT.c.type_id == TYPE.c.id),
        exists().where(EXECUTION.c.type_id == TYPE.c.id),
    )
)
_TYPE_PROPERTIES = select(TYPE_PROPERTY.c.type_id, TYPE_PROPERTY.c.name, TYPE_PROPERTY.c.data_type)
_PARENT_TYPES = select(PARENT_TYPE.c.type_id, TYPE.c.name).where(TYPE.c.id == PARENT_TYPE.c.parent_type_id)

TYPE_TABLES = [Prepared(partial(_whole, query)) for query in (_TYPES, _TYPE_PROPERTIES, _PARENT_TYPES)]
"""What `types_of` takes."""


def types_of(types: Sequence[Any], properties: Sequence[Any], parents: Sequence[Any]) -> list[NodeType]:
    """The types of a store that have nodes or are users' own, from the rows of its three tables of types."""
    declared: dict[int, dict[str, PropertyType]] = {}
    for type_id, name, data_type in properties:
        declared.setdefault(type_id, {})[name] = _enum(PropertyType, data_type)
    bases: dict[int, list[str]] = {}
    for type_id, name in parents:
        bases.setdefault(type_id, []).append(name)
    kinds = {kind.value: kind for kind in NodeKind}
    return [
        NodeType(
            id=id_,
            kind=kinds[kind],
            name=name or "",
            version=version or None,
            description=description or None,
            properties=dict(sorted(declared.get(id_, {}).items())),
            bases=tuple(sorted(bases.get(id_, ()))),
        )
        for id_, name, version, kind, description in types
        if kind in kinds
    ]


_COLUMNS = {
    NodeKind.ARTIFACT: (
        "name",
        "external_id",
        "create_time_since_epoch",
        "last_update_time_since_epoch",
        "state",
        "uri",
    ),
    NodeKind.EXECUTION: ("name", "external_id", "create_time_since_epoch", "last_update_time_since_epoch", "state"),
    NodeKind.CONTEXT: ("name", "external_id", "create_time_since_epoch", "last_update_time_since_epoch"),
}


def _nodes_by_id(kind: NodeKind, *columns: str) -> Prepared:
    table = NODES[kind]
    query = select(*(table.c[name] for name in ("id", "type_id", *columns)))
    return Prepared(lambda dialect, ids: query.where(dialect.within(table.c.id, ids)))


def property_rows(kind: NodeKind) -> Select[Any]:
    """The property rows of all nodes of a kind, in the columns that `nodes_of` takes."""
    table = PROPERTIES[kind]
    names = ("owner_id", "name", "is_custom_property", "string_value", "int_value", "double_value", "bool_value")
    return select(*(table.c[name] for name in (*names, "byte_value", "proto_value")))


def _properties_by_id(kind: NodeKind) -> Prepared:
    table = PROPERTIES[kind]
    return Prepared(lambda dialect, ids: property_rows(kind).where(dialect.within(table.c.owner_id, ids)))


NODES_BY_ID = {kind: _nodes_by_id(kind, *_COLUMNS[kind]) for kind in NodeKind}
"""The rows of the nodes of a kind."""

TYPES_BY_ID = {kind: _nodes_by_id(kind) for kind in NodeKind}
"""The ids and types of the nodes of a kind."""

PROPERTIES_BY_ID = {kind: _properties_by_id(kind) for kind in NodeKind}
"""The property rows of the nodes of a kind."""


def nodes_of(
    types: TypeCatalog, kind: NodeKind, nodes: Iterable[Sequence[Any]], properties: Iterable[Sequence[Any]]
) -> list[Node]:
    """Nodes with their properties, from the rows of both statements; of the nodes the ids and types will do."""
    by_id, found = types.by_id, {}
    for id_, type_id, *rest in nodes:
        type_ = by_id.get(type_id) or NodeType(type_id, kind, f"unknown type {type_id}")
        found[id_] = Node(type_, id_, *rest)
    for owner, name, custom, text, integer, double, boolean, octets, proto in properties:
        node = found.get(owner)
        if node is None:
            continue
        value: RawValue
        if text is not None:
            value = text
        elif integer is not None:
            value = integer
        elif double is not None:
            value = double
        elif boolean is not None:
            value = bool(boolean)
        elif octets is not None:
            value = octets
        else:
            value = None if proto is None else _packed(proto)
        (node.custom_properties if custom else node.properties)[name] = value
    return list(found.values())


def _packed(proto: str | bytes) -> Packed:
    # MLMD puts base64 text into a column of bytes; SQLite keeps it as the text that it was given.
    return Packed(proto if isinstance(proto, str) else bytes(proto).decode("latin-1"))


@cache
def events_at(kind: NodeKind, types: frozenset[EventType]) -> Prepared:
    """The events of these types at the nodes of a kind."""
    here = EVENT.c.artifact_id if kind is NodeKind.ARTIFACT else EVENT.c.execution_id
    wanted = sorted(type_.value for type_ in types)
    columns = [EVENT.c[name] for name in ("id", "artifact_id", "execution_id", "type", "milliseconds_since_epoch")]
    return Prepared(
        lambda dialect, ids: select(*columns).where(dialect.within(here, ids), one_of(EVENT.c.type, wanted))
    )


_STEPS = [EVENT_PATH.c[name] for name in ("event_id", "is_index_step", "step_index", "step_key")]
PATHS = Prepared(lambda dialect, ids: select(*_STEPS).where(dialect.within(EVENT_PATH.c.event_id, ids)))
"""The steps of the paths of events, in their order within an event."""

_EVENT_TYPES = {type_.value: type_ for type_ in EventType}


def event_of(row: Sequence[Any]) -> Event:
    """An event without its path."""
    id_, artifact_id, execution_id, type_, time = row
    # Of a walk there are very many, and this is how `Event` itself makes one.
    return tuple.__new__(Event, (id_, artifact_id, execution_id, _EVENT_TYPES[type_], time or None, ()))


def _enum(values: Any, number: Any) -> Any:
    try:
        return values(number or 0)
    except ValueError:
        return values(0)
