"""The names of workspaces that no context stands for, out of the properties in which nodes name them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, literal, not_, or_, select, union

from lineageql.model.conventions.convention import Custom, Declared
from lineageql.model.identity import EntityKind
from lineageql.model.nodes import NodeKind
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.dialects import Dialect
from lineageql.store.sql.dialects.texts import is_name
from lineageql.store.sql.sources import Source
from lineageql.store.sql.tables import CONTEXT, NODES, PROPERTIES, at_place

Clause = ColumnElement[bool]


def workspace_names(types: TypeCatalog, dialect: Dialect, one: ColumnElement[Any] | None) -> Any:
    """A select of names that nodes have for their workspace and no context has.

    It has all of them; or, where a parameter holds a list of one, a row where there is that one.

    Each name is taken once out of the index of values, where an index gives them in their order, so the cost follows
    the number of names and not that of nodes.
    """
    parts = [
        _names(types, dialect, kind, place, type_ids, one)
        for kind, places in types.naming.items()
        for place, type_ids in places.items()
    ]
    return union(*parts) if len(parts) > 1 else parts[0]


def _names(
    types: TypeCatalog,
    dialect: Dialect,
    kind: NodeKind,
    place: Declared | Custom,
    type_ids: Sequence[int],
    one: ColumnElement[Any] | None,
) -> Select[Any]:
    row, node, table = PROPERTIES[kind].alias(), NODES[kind].alias(), PROPERTIES[kind]
    custom = isinstance(place, Custom)
    query: Select[Any]
    if one is not None:
        query, is_it = select(literal(1).label("name")), dialect.within(row.c.string_value, one)
        known = dialect.within(CONTEXT.c.name, one)
    else:
        each = dialect.each_text(table, place.name, custom=custom)
        said = each.c.text
        query, is_it = select(said.label("name")).where(is_name(said), said != ""), row.c.string_value == said
        known = CONTEXT.c.name == said
    own = at_place(row, place), is_it
    # Others than the nodes of these types may have a property of the name. The sum keeps the index of types out.
    named = exists(
        select(literal(1)).where(*own, node.c.id == row.c.owner_id, (node.c.type_id + 0).in_(list(type_ids)))
    )
    query = query.where(named)
    contexts = list(types.naming_contexts)
    return query.where(not_(exists().where(CONTEXT.c.type_id.in_(contexts), known))) if contexts else query


def names_workspace(names: Sequence[str], source: Source, types: TypeCatalog, dialect: Dialect) -> Clause:
    """Whether a row names one of some workspaces: an artifact or an execution by its property, a run by its key."""
    if source.kind is EntityKind.RUN:
        assert source.names is not None
        return source.names.are_key & dialect.among(source.names.workspace, names)
    clauses = []
    for place, type_ids in types.naming.get(source.node_kind, {}).items():
        row = source.properties.alias()
        own = (
            row.c.owner_id == source.id,
            at_place(row, place),
        )
        there = exists().where(*own, dialect.among(row.c.string_value, names))
        clauses.append((source.type_id + 0).in_(list(type_ids)) & there)
    return or_(False, *clauses)


def naming_rows(kind: NodeKind, types: TypeCatalog, is_one: Any) -> Iterator[Select[Any]]:
    """Selects of the ids of nodes whose property is the name of a workspace; from its column to whether it is one."""
    for place, type_ids in types.naming.get(kind, {}).items():
        row, node = PROPERTIES[kind].alias(), NODES[kind].alias()
        yield select(row.c.owner_id.label("id")).where(
            at_place(row, place),
            is_one(row.c.string_value),
            node.c.id == row.c.owner_id,
            (node.c.type_id + 0).in_(list(type_ids)),
        )
