"""What rows are ordered by where it is a property or an item: the number or the text of its name, as SQL.

They say the same as `model.orders.sort_key` of the values of `model.items` and of
properties, and are NULL where the value is of another family.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
)

from lineageql.model.conventions.convention import Convention, Document, ItemPlace, Kept, Mapped, Stored, UnderName
from lineageql.model.conventions.kubeflow import EXACT_PREFIX
from lineageql.model.operators import Family, Operator
from lineageql.model.orders import Named, is_by_best
from lineageql.model.predicates import Field, Item, Property, Test
from lineageql.model.values import STRUCT_PREFIX
from lineageql.store.sql.compiler import Compiler
from lineageql.store.sql.dialects import Dialect, one_of
from lineageql.store.sql.field_expressions import text_of_field
from lineageql.store.sql.item_tests import has_member, layers_of, member_along
from lineageql.store.sql.json_documents import member_of
from lineageql.store.sql.property_tests import property_layers, property_row, row_has_value
from lineageql.store.sql.relations import outputs_of_run
from lineageql.store.sql.sources import Source

Expression = ColumnElement[Any]
Layers = Sequence[tuple[str, bool]]
"""Names of properties, each with whether it is a custom one: the first that has a value is the one."""


def order_value(compiler: Compiler, by: Named, family: Family, source: Source) -> Expression:
    """The number or the text of a name in the source's row; NULL where the value is no such one.

    Of a run it is its best number, which an order that ascends takes for another one than an order that descends:
    see `best_value`. This one only tells whether there is one.
    """
    types, dialect = compiler.types, compiler.dialect
    if is_by_best(source.kind, by):
        assert isinstance(by, Item)
        return best_value(compiler, by, source, descending=False)
    if isinstance(by, Item):
        places = types.item_groups(source.node_kind, by.group)
        values = [
            (type_ids, _of_item(compiler, place, convention, by.name, family, source))
            for convention, place, type_ids in places
        ]
    else:
        groups = types.groups(source.node_kind)
        values = [(type_ids, _of_property(convention, by, family, source, dialect)) for convention, type_ids in groups]
    of_types = [(one_of(source.type_id, type_ids), value) for type_ids, value in values if value is not None]
    if of_types:
        return case(*of_types, else_=null())
    # PostgreSQL takes a NULL of no type for a text, which has no least number.
    return dialect.double(null()) if family is Family.NUMBER else null()


def _of_property(
    convention: Convention, by: Property, family: Family, source: Source, dialect: Dialect
) -> Expression | None:
    layers, extras = property_layers(convention, by.name), convention.extras.get(source.node_kind)
    if extras is None:
        return _of_layers(layers, family, source, dialect)
    member, found, row = member_of(extras, by.name, source, dialect)
    return _of_layers(layers, family, source, dialect, _of_member(member, row, found, family, dialect))


def _of_item(
    compiler: Compiler, place: ItemPlace, convention: Convention, name: str, family: Family, source: Source
) -> Expression | None:
    """The value of an item at its place; None where no database reads it."""
    dialect = compiler.dialect
    match place:
        case Kept():
            # Of what LineageQL wrote no document is read, and nobody else writes such properties.
            own = [_of_row(one, True, family, source, dialect) for one in place.names(name)]
            return func.coalesce(*own, _in_document(place.document, name, family, source, dialect))
        case Stored():
            if place.numbers and family is not Family.NUMBER:
                return None
            return _of_layers(layers_of(place, convention, name), family, source, dialect)
        case Mapped():
            layers = layers_of(place, convention, name)
            if place.document is None:
                return _of_layers(layers, family, source, dialect)
            # A path leads nowhere where a property is in place of the member that it begins with.
            heads = layers_of(place, convention, name.partition(".")[0])
            hidden = or_(false(), *(_is_there(head, custom, source) for head, custom in heads))
            beyond = _in_document(place.document, name, family, source, dialect, hidden)
            return _of_layers(layers, family, source, dialect, beyond)
        case UnderName(property):
            called = text_of_field(Field.NAME, source, compiler.types, dialect)
            value = _of_layers([(property, False), (property, True)], family, source, dialect)
            return case((dialect.compared(operator.eq, called, name), value))
    return None


def _of_layers(
    layers: Layers, family: Family, source: Source, dialect: Dialect, beyond: Expression | None = None
) -> Expression | None:
    """The value of the first of some properties that is there, else what is beyond them."""
    if not layers:
        return beyond
    values = [
        (_is_there(name, custom, source), _of_row(name, custom, family, source, dialect)) for name, custom in layers
    ]
    if beyond is None:
        *before, (_, last) = values
        return case(*before, else_=last) if before else last
    return case(*values, else_=beyond)


def _is_there(name: str, custom: bool, source: Source) -> ColumnElement[bool]:
    row, found = property_row(source, name, custom=custom)
    return select(literal(1)).where(found, row_has_value(row)).exists()


def number_of(name: Expression, custom: bool, source: Source, dialect: Dialect) -> Expression:
    """The number that a property of the source's row is, NULL where it is none; the name may be another row's."""
    return _of_row(name, custom, Family.NUMBER, source, dialect)


def _of_row(name: str | Expression, custom: bool, family: Family, source: Source, dialect: Dialect) -> Expression:
    row, found = property_row(source, name, custom=custom)
    # MLMD keeps six decimals; where that is not the number, the number's text stands beside it.
    exact, is_beside = property_row(source, EXACT_PREFIX + name, custom=True)
    has_exact = func.coalesce(dialect.is_json(exact.c.string_value), false())
    if family is Family.NUMBER:
        number = func.coalesce(*(dialect.double(dialect.number(one)) for one in (row.c.int_value, row.c.double_value)))
        value = case((has_exact, dialect.double(dialect.json_number(exact.c.string_value))), else_=number)
    else:
        struct = func.coalesce(dialect.starts_with(row.c.string_value, STRUCT_PREFIX), false())
        plain = and_(dialect.holds_text(row.c.string_value), not_(struct), not_(has_exact))
        value = case((plain, row.c.string_value))
    joined = row.outerjoin(exact, is_beside)
    return select(value).select_from(joined).where(found).scalar_subquery()


def _in_document(
    document: Document,
    name: str,
    family: Family,
    source: Source,
    dialect: Dialect,
    hidden: ColumnElement[bool] | None = None,
) -> Expression:
    """The member of a name in another writer's document, else the one at the path that it is, if that is not hidden."""
    row, member, found = member_along(document, [name], source, dialect)
    whole = _of_member(member, row, found, family, dialect)
    if "." not in name:
        return whole
    there = has_member(document, [name], Test(Property(name), Operator.EXISTS), source, dialect)
    row, member, found = member_along(document, name.split("."), source, dialect)
    below = _of_member(member, row, found, family, dialect)
    return case((there, whole), else_=below if hidden is None else case((not_(hidden), below)))


def _of_member(member: Any, row: Any, found: Any, family: Family, dialect: Dialect) -> Expression:
    if family is Family.NUMBER:
        is_one, value = member.c.type.in_(["integer", "real"]), dialect.double(dialect.member_number(member))
    else:
        is_one, value = member.c.type == "text", dialect.member_text(member)
    # PostgreSQL lets a member refer to one that stands before it, and the columns say what stands where.
    return select(case((found, value))).select_from(row).where(found, is_one).limit(1).scalar_subquery()


def best_value(compiler: Compiler, item: Item, runs: Source, *, descending: bool) -> Expression:
    """The best number of an item among the artifacts that a run wrote."""
    best = func.max if descending else func.min
    found: list[Any] = []
    for artifacts, tied in outputs_of_run(compiler, runs):
        one = select(best(order_value(compiler, item, Family.NUMBER, artifacts)).label("value"))
        found.append(one.where(tied).correlate(runs.from_))
    if not found:
        return compiler.dialect.double(null())
    return compiler.dialect.best_of(found, descending=descending) if found[1:] else found[0].scalar_subquery()
