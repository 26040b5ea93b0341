"""Rows of MLMD's tables to nodes, types and events."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal_column, not_, null, or_, select, union_all

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
from lineageql.model.type_catalog import UNKNOWN_TYPE, TypeCatalog
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


_TYPES, _PROPERTIES, _PARENTS = range(3)


def _part(part: int, id_: Any, **columns: Any) -> Select[Any]:
    """A part of the one statement that reads all tables of types."""
    # Each table has columns of its own, as two of them may collate in two ways.
    named = (columns.get(name, null()) for name in ("name", "version", "kind", "description", "property", "data_type"))
    return select(literal_column(str(part)).label("part"), id_, *named)


def _lost_types(dialect: Dialect, kind: NodeKind) -> Select[Any]:
    """Rows as of `Type` for the types that nodes of a kind name and the store does not hold."""
    used = dialect.each(NODES[kind].c.type_id)
    number: ColumnElement[int] = literal_column(str(kind.value))
    known = exists().where(TYPE.c.id == used.c.id, TYPE.c.type_kind == number)
    query = _part(_TYPES, used.c.id, kind=number)
    return query.where(used.c.id.is_not(None), not_(known))


# Every operation begins with this statement. Without parameters PostgreSQL plans it once for each connection.
_FIRST: Any = literal_column("1")
_PREFIX: Any = literal_column(f"'{SIMPLE_PREFIX}'")
_KNOWN_TYPES: Any = _part(
    _TYPES, TYPE.c.id, name=TYPE.c.name, version=TYPE.c.version, kind=TYPE.c.type_kind, description=TYPE.c.description
).where(
    or_(
        func.substr(TYPE.c.name, _FIRST, literal_column(str(len(SIMPLE_PREFIX)))) != _PREFIX,
        *(
            # In the order of its index a table is asked for the first of these rows, and not searched for any.
            select(node.c.type_id)
            .where(node.c.type_id == TYPE.c.id)
            .order_by(node.c.name)
            .limit(_FIRST)
            .scalar_subquery()
            .is_not(None)
            for node in (ARTIFACT, EXECUTION)
        ),
    )
)
_TYPE_PROPERTIES = _part(
    _PROPERTIES, TYPE_PROPERTY.c.type_id, property=TYPE_PROPERTY.c.name, data_type=TYPE_PROPERTY.c.data_type
)
_PARENT_TYPES = _part(_PARENTS, PARENT_TYPE.c.type_id, name=TYPE.c.name).where(
    TYPE.c.id == PARENT_TYPE.c.parent_type_id
)


def _types(dialect: Dialect, ids: Any) -> Any:
    # PostgreSQL takes a column for a text that has no type in the first two parts.
    lost = (_lost_types(dialect, kind) for kind in NodeKind)
    return union_all(_TYPE_PROPERTIES, _KNOWN_TYPES, _PARENT_TYPES, *lost)


TYPES = Prepared("types", _types)
"""What `stored_types_of` takes."""


def stored_types_of(rows: Sequence[Any]) -> list[NodeType]:
    """The types of a store, from the rows of `TYPES`; see `types_of`."""
    parts: tuple[list[Any], ...] = ([], [], [])
    for part, id_, name, version, kind, description, property_, data_type in rows:
        if part == _TYPES:
            parts[part].append((id_, name, version, kind, description))
        else:
            parts[part].append((id_, property_, data_type) if part == _PROPERTIES else (id_, name))
    return types_of(*parts)


def types_of(types: Sequence[Any], properties: Sequence[Any], parents: Sequence[Any]) -> list[NodeType]:
    """The types of a store that have nodes or are users' own, from the rows of its three tables of types.

    A type without a name is one that nodes have and the store does not hold.
    """
    declared: dict[int, dict[str, PropertyType]] = {}
    for type_id, name, data_type in properties:
        declared.setdefault(type_id, {})[_text(name) or ""] = _enum(PropertyType, data_type)
    bases: dict[int, list[str]] = {}
    for type_id, name in parents:
        bases.setdefault(type_id, []).append(_text(name) or "")
    kinds = {kind.value: kind for kind in NodeKind}
    found: dict[int, NodeType] = {}
    for id_, name, version, kind, description in types:
        if kind not in kinds or not isinstance(id_, int) or (name is None and id_ in found):
            continue
        found[id_] = NodeType(
            id=id_,
            kind=kinds[kind],
            name=f"{UNKNOWN_TYPE}{id_}" if name is None else _text(name) or "",
            version=_text(version) or None,
            description=_text(description) or None,
            properties=dict(sorted(declared.get(id_, {}).items())),
            bases=tuple(sorted(bases.get(id_, ()))),
        )
    return list(found.values())


_COLUMNS = ("name", "external_id", "create_time_since_epoch", "last_update_time_since_epoch", "state", "uri")
_WIDTHS = {NodeKind.ARTIFACT: 6, NodeKind.EXECUTION: 5, NodeKind.CONTEXT: 4}
"""How many of the columns the table of a kind has."""


def _nodes_by_id(kind: NodeKind, *columns: str) -> Prepared:
    table = NODES[kind]
    query = select(*(table.c[name] for name in ("id", "type_id", *columns)))
    what = "nodes by id" if columns else "types of nodes by id"
    return Prepared(what, lambda dialect, ids: query.where(dialect.within(table.c.id, ids)))


def _ids_by_id(kind: NodeKind) -> Prepared:
    table = NODES[kind]
    return Prepared("ids that exist", lambda dialect, ids: select(table.c.id).where(dialect.within(table.c.id, ids)))


def property_rows(kind: NodeKind) -> Select[Any]:
    """The property rows of all nodes of a kind, in the columns that `nodes_of` takes."""
    table = PROPERTIES[kind]
    names = ("owner_id", "name", "is_custom_property", "string_value", "int_value", "double_value", "bool_value")
    return select(*(table.c[name] for name in (*names, "byte_value", "proto_value")))


def _properties_by_id(kind: NodeKind) -> Prepared:
    table = PROPERTIES[kind]
    return Prepared(
        "properties by id", lambda dialect, ids: property_rows(kind).where(dialect.within(table.c.owner_id, ids))
    )


NODES_BY_ID = {kind: _nodes_by_id(kind, *_COLUMNS[: _WIDTHS[kind]]) for kind in NodeKind}
"""The rows of the nodes of a kind."""

TYPES_BY_ID = {kind: _nodes_by_id(kind) for kind in NodeKind}
"""The ids and types of the nodes of a kind."""

IDS_BY_ID = {kind: _ids_by_id(kind) for kind in NodeKind}
"""Those of some ids that the nodes of a kind have."""

PROPERTIES_BY_ID = {kind: _properties_by_id(kind) for kind in NodeKind}
"""The property rows of the nodes of a kind."""


def nodes_of(
    types: TypeCatalog, kind: NodeKind, nodes: Iterable[Sequence[Any]], properties: Iterable[Sequence[Any]]
) -> list[Node]:
    """Nodes with their properties, from the rows of both statements; of the nodes the ids and types will do."""
    by_id, found = types.by_id, {}
    for id_, type_id, *columns in nodes:
        type_ = by_id.get(type_id)
        if type_ is None or type_.kind is not kind:
            type_ = NodeType(type_id, kind, f"{UNKNOWN_TYPE}{type_id}")
        # SQLite keeps what it is given, be it of a column's type or not; hardly ever is it not.
        if tuple(map(type, columns)) not in _PLAIN:
            columns = [read(value) for read, value in zip(_READS, columns, strict=False)]  # contexts have fewer
        found[id_] = Node(type_, id_, *columns)
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
            value = bool(boolean) if boolean in (0, 1) else boolean
        elif octets is not None:
            value = octets
        else:
            value = None if proto is None else _packed(proto)
        (node.custom_properties if custom else node.properties)[name] = value
    return list(found.values())


def _packed(proto: str | bytes) -> Packed:
    # MLMD puts base64 text into a column of bytes; SQLite keeps it as the text that it was given.
    return Packed(proto.decode("latin-1") if isinstance(proto, bytes) else str(proto))


@cache
def events_at(kind: NodeKind, types: frozenset[EventType]) -> Prepared:
    """The events of these types at the nodes of a kind."""
    here = EVENT.c.artifact_id if kind is NodeKind.ARTIFACT else EVENT.c.execution_id
    wanted = sorted(type_.value for type_ in types)
    columns = [EVENT.c[name] for name in ("id", "artifact_id", "execution_id", "type", "milliseconds_since_epoch")]
    return Prepared(
        "events at nodes",
        lambda dialect, ids: select(*columns).where(dialect.within(here, ids), one_of(EVENT.c.type, wanted)),
    )


_STEPS = [EVENT_PATH.c[name] for name in ("event_id", "is_index_step", "step_index", "step_key")]
PATHS = Prepared(
    "paths of events", lambda dialect, ids: select(*_STEPS).where(dialect.within(EVENT_PATH.c.event_id, ids))
)
"""The steps of the paths of events, in their order within an event."""

_EVENT_TYPES = {type_.value: type_ for type_ in EventType}


def event_of(row: Sequence[Any]) -> Event:
    """An event without its path."""
    id_, artifact_id, execution_id, type_, time = row
    moment = (time if type(time) is int else _number(time)) or None
    # Of a walk there are very many, and this is how `Event` itself makes one.
    return tuple.__new__(Event, (id_, artifact_id, execution_id, _EVENT_TYPES[type_], moment, ()))


def step_of(row: Sequence[Any]) -> tuple[int, str | int]:
    """The event and the step of its path that a row holds; what names no step is index 0, as MLMD reads it."""
    event_id, is_index, index, key = row
    return event_id, _number(index) if is_index else _text(key) or ""


def _enum(values: Any, number: Any) -> Any:
    try:
        return values(number or 0)
    except ValueError:
        return values(0)


# SQLite keeps any value in any column, and a file may have been written by others than MLMD.


def _text(value: Any) -> str | None:
    """What a column of texts holds; octets that are no text with replacement characters."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _number(value: Any) -> int:
    """What a column of whole numbers holds; 0 where it is none, which is how MLMD says that there is no time."""
    return int(value) if isinstance(value, (int, float)) and math.isfinite(value) else 0


_READS: tuple[Callable[[Any], Any], ...] = (_text, _text, _number, _number, lambda state: state, _text)
"""How the columns of nodes are read."""

_NOTHING = type(None)
_PLAIN = frozenset(
    types
    for width in (0, *_WIDTHS.values())
    for types in product(*((str, _NOTHING), (str, _NOTHING), (int,), (int,), (int, _NOTHING), (str, _NOTHING))[:width])
)
"""The types of columns that hold what they should."""
