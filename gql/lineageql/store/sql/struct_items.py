"""Items in Structs, such as the parameters of Kubeflow Pipelines: MLMD keeps a Struct as a text of its own."""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam, select, true

from lineageql.model.conventions.convention import StructMembers
from lineageql.model.identity import EntityKind
from lineageql.model.items import found_in
from lineageql.model.predicates import Group, Item, Predicate
from lineageql.model.type_catalog import TypeCatalog
from lineageql.model.values import STRUCT_PREFIX, JSONValue, struct_members
from lineageql.store.ports import Search
from lineageql.store.sql.dialects import one_of
from lineageql.store.sql.driver import Rows, Script, fetch
from lineageql.store.sql.entities import NODE_KINDS
from lineageql.store.sql.searches import Searches

_READ = 5_000
"""How many Structs are read at a time."""


def in_structs(types: TypeCatalog, search: Search) -> bool:
    """Whether what a search orders by may stand in a Struct."""
    by = search.order.field
    return isinstance(by, Item) and has_structs(types, search.kind, by.group)


def has_structs(types: TypeCatalog, kind: EntityKind, group: Group) -> bool:
    """Whether an item of a group may stand in a Struct, of entities of a kind."""
    groups = types.item_groups(NODE_KINDS[kind], group)
    return any(isinstance(place, StructMembers) for _, place, _ in groups)


def struct_values(searches: Searches, kind: EntityKind, item: Item, within: Predicate) -> Script[dict[int, JSONValue]]:
    """The values of an item in Structs, by the ids of the entities that have it and make a predicate true."""
    start = yield from searches.start(Search(kind, within))
    source = start.source
    # Every Struct with the item holds this, whether it is a name or a path.
    needed = item.name.partition(".")[0]
    values: dict[int, JSONValue] = {}
    for _, place, type_ids in searches.types.item_groups(NODE_KINDS[kind], item.group):
        if not isinstance(place, StructMembers):
            continue
        row = source.properties.alias()
        conditions = [
            row.c.owner_id == source.id,
            row.c.name == place.property,
            row.c.is_custom_property == true(),
            searches.dialect.in_prefix_range(row.c.string_value, STRUCT_PREFIX),
            one_of(source.type_id, type_ids),
            searches.clauses.of(within, source),
            source.id > bindparam("after", -1, BigInteger()),
        ]
        if start.access is not None:
            conditions.append(start.access)
        query = select(source.id, row.c.string_value).select_from(source.from_, row).where(*conditions)
        query = query.order_by(source.id).limit(_READ)
        statement = searches.dialect.compile(query).meant("Structs that may hold an item")
        rows: Rows | None = None
        while rows is None or len(rows) == _READ:
            rows = yield from fetch(statement if rows is None else statement.given(after=rows[-1][0]))
            for id_, text in rows:
                value = found_in(struct_members(text, needed), item.name)
                if value is not None:
                    values[id_] = value
    return values
