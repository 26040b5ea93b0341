"""Tests of the items of groups: of metric values and parameters, wherever a writer's convention keeps them."""

from __future__ import annotations

import operator
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, literal, not_, or_, select, true

from lineageql.model.conventions.convention import (
    Convention,
    Custom,
    Document,
    ItemPlace,
    Kept,
    Mapped,
    Stored,
    StructMembers,
    UnderName,
)
from lineageql.model.operators import Operator
from lineageql.model.predicates import Field, Item, Test
from lineageql.model.type_catalog import TypeCatalog
from lineageql.store.sql.dialects import Dialect, one_of
from lineageql.store.sql.field_expressions import text_of_field
from lineageql.store.sql.json_documents import foreign_document
from lineageql.store.sql.property_tests import layers_meet, member_meets
from lineageql.store.sql.sources import Source

Clause = ColumnElement[bool]


def item_clause(test: Test, item: Item, source: Source, types: TypeCatalog, dialect: Dialect) -> Clause:
    """Whether an item of the source's row meets a test.

    What stands in a Struct no database reads: `store.sql.struct_items` says of which rows it meets one.
    """
    clauses = [
        (one_of(source.type_id, type_ids), _at(place, convention, test, item.name, source, types, dialect))
        for convention, place, type_ids in types.item_groups(source.node_kind, item.group)
        if not isinstance(place, StructMembers)
    ]
    return case(*clauses, else_=false()) if clauses else false()


def _at(
    place: ItemPlace,
    convention: Convention,
    test: Test,
    name: str,
    source: Source,
    types: TypeCatalog,
    dialect: Dialect,
) -> Clause:
    clauses: list[Clause] = []
    match place:
        case Kept():
            clauses, _ = layers_meet(test, [(own, True) for own in place.names(name)], source, dialect)
            clauses += _in_document(place.document, test, name, source, dialect)
        case Stored():
            clauses, _ = layers_meet(test, layers_of(place, convention, name), source, dialect, numbers=place.numbers)
        case UnderName(property):
            called = text_of_field(Field.NAME, source, types, dialect)
            clauses, _ = layers_meet(test, [(property, False), (property, True)], source, dialect)
            clauses = [and_(func.coalesce(dialect.compared(operator.eq, called, name), false()), or_(*clauses))]
        case Mapped():
            clauses = _mapped(place, convention, test, name, source, dialect)
    return func.coalesce(or_(false(), *clauses), false())


def _mapped(
    place: Mapped, convention: Convention, test: Test, name: str, source: Source, dialect: Dialect
) -> list[Clause]:
    """Whether the first of the properties that may be an item, else the member of a document, meets a test."""
    clauses, absent = layers_meet(test, layers_of(place, convention, name), source, dialect)
    if place.document is not None:
        whole, *below = _in_document(place.document, test, name, source, dialect)
        # The path leads nowhere where a property is in place of the member that it begins with.
        head = layers_of(place, convention, name.partition(".")[0])
        _, unhidden = layers_meet(test, head, source, dialect)
        clauses.append(and_(true(), *absent, or_(whole, *(and_(true(), *unhidden, one) for one in below))))
    return clauses


def layers_of(place: Stored | Mapped, convention: Convention, name: str) -> list[tuple[str, bool]]:
    """The properties of which the first that is there is the item of a name, each with whether it is a custom one."""
    if isinstance(place, Mapped):
        places = (one for one in place.properties(name) if not convention.conceals(one.name))
        return [(one.name, isinstance(one, Custom)) for one in places]
    if name in place.omitted or convention.bookkeeps(name) or convention.conceals(name):
        return []
    return [(name, False), (name, True)] if place.declared else [(name, True)]


def _in_document(document: Document, test: Test, name: str, source: Source, dialect: Dialect) -> list[Clause]:
    """Whether the member of a name in another writer's document, else the one at the path that it is, meets a test."""
    whole = has_member(document, [name], test, source, dialect)
    if "." not in name:
        return [whole]
    there = has_member(document, [name], Test(test.subject, Operator.EXISTS), source, dialect)
    return [whole, and_(not_(there), has_member(document, name.split("."), test, source, dialect))]


def has_member(document: Document, path: list[str], test: Test, source: Source, dialect: Dialect) -> Clause:
    """Whether the member at a path of another writer's document meets a test."""
    row, member, found = member_along(document, path, source, dialect)
    return exists(select(literal(1)).select_from(row).where(found, member_meets(test, member, dialect)))


def member_along(document: Document, path: list[str], source: Source, dialect: Dialect) -> tuple[Any, Any, Clause]:
    """The member at a path of another writer's document: the row of its text, its table, and the clause that finds it.

    See `json_documents.member_of` for the row.
    """
    row, found = foreign_document(document, source, dialect)
    member = dialect.members(row.c.string_value, document.member)
    clauses = [found, member.c.key == path[0]]
    for key in path[1:]:
        member = dialect.members_within(member)
        clauses.append(member.c.key == key)
    return row, member, and_(*clauses)
