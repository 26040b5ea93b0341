"""Items in Structs, such as the parameters of Kubeflow Pipelines: MLMD keeps a Struct as text that no database reads.

Before a predicate that tests one is compiled it is *grounded*: the Structs that may
decide the test are read, and beside the test stand the ids of the rows that meet it.
What else must be true of the same rows bounds what is read.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam, select, true

from lineageql.model.conventions.convention import StructMembers
from lineageql.model.evaluate import comparison
from lineageql.model.identity import EntityKind
from lineageql.model.items import found_in, tested
from lineageql.model.predicates import (
    ALWAYS,
    And,
    Field,
    Group,
    Item,
    Not,
    Operator,
    Or,
    Predicate,
    Related,
    Test,
    all_of,
)
from lineageql.model.type_catalog import TypeCatalog
from lineageql.model.values import STRUCT_PREFIX, JSONValue, struct_members
from lineageql.store.ports import Search
from lineageql.store.sql.dialects import one_of
from lineageql.store.sql.driver import Rows, Script, fetch
from lineageql.store.sql.entities import NODE_KINDS
from lineageql.store.sql.searches import Searches

_READ = 5_000
"""How many Structs are read at a time."""


def asks(predicate: Predicate, kind: EntityKind, types: TypeCatalog) -> bool:
    """Whether a predicate of entities of a kind tests an item that may stand in a Struct."""
    match predicate:
        case And(terms) | Or(terms):
            return any(asks(term, kind, types) for term in terms)
        case Not(term):
            return asks(term, kind, types)
        case Related(relation, inner):
            return asks(inner, relation.target, types)
        case Test(subject=Item(group)):
            return _in_structs(types, kind, group)
    return False


def in_structs(types: TypeCatalog, search: Search) -> bool:
    """Whether what a search orders by may stand in a Struct."""
    by = search.order.field
    return isinstance(by, Item) and _in_structs(types, search.kind, by.group)


def _in_structs(types: TypeCatalog, kind: EntityKind, group: Group) -> bool:
    groups = types.item_groups(NODE_KINDS[kind], group)
    return any(isinstance(place, StructMembers) for _, place, _ in groups)


def grounded(
    searches: Searches, kind: EntityKind, predicate: Predicate, within: Predicate = ALWAYS
) -> Script[Predicate]:
    """The predicate, true of the same entities, whose tests of items in Structs name the ids of those that meet them.

    Args:
        within: what is true of all entities of which it matters.
    """
    if not asks(predicate, kind, searches.types):
        return predicate
    match predicate:
        case And(terms):
            others = [term for term in terms if not asks(term, kind, searches.types)]
            return And((yield from _all_grounded(searches, kind, terms, all_of(within, *others))))
        case Or(terms):
            return Or((yield from _all_grounded(searches, kind, terms, within)))
        case Not(term):
            return Not((yield from grounded(searches, kind, term, within)))
        case Related(relation, inner):
            return Related(relation, (yield from grounded(searches, relation.target, inner)))
        case Test(subject=Item() as item):
            is_met = comparison(predicate)
            found = yield from struct_values(searches, kind, item, within)
            ids = tuple(id_ for id_, value in found.items() if is_met(tested(value)))
            return Or((predicate, Test(Field.ID, Operator.IN, ids)))
    raise AssertionError(predicate)


def _all_grounded(
    searches: Searches, kind: EntityKind, terms: tuple[Predicate, ...], within: Predicate
) -> Script[tuple[Predicate, ...]]:
    found: tuple[Predicate, ...] = ()
    for term in terms:
        found = (*found, (yield from grounded(searches, kind, term, within)))
    return found


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
