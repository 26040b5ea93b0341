"""Tests of property values: strings with strings, numbers with numbers, booleans with booleans."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, literal, not_, or_, select

from lineageql.model.conventions.convention import Convention
from lineageql.model.conventions.kubeflow import EXACT_PREFIX
from lineageql.model.evaluate import comparison, operands_by_family
from lineageql.model.operators import Access, Family, Operands
from lineageql.model.predicates import Operator, Test
from lineageql.model.values import STRUCT_PREFIX
from lineageql.store.sql.dialects import Dialect
from lineageql.store.sql.json_documents import member_of
from lineageql.store.sql.operators import compared, said
from lineageql.store.sql.sources import Source

Clause = ColumnElement[bool]
Expression = ColumnElement[Any]


_GREATEST = sys.float_info.max


def property_clause(convention: Convention, test: Test, name: str, source: Source, dialect: Dialect) -> Clause:
    """Whether the declared property of this name, else the custom one, else the writer's extra meets a test."""
    clauses, absent = layers_meet(test, property_layers(convention, name), source, dialect)
    extras = convention.extras.get(source.node_kind)
    if extras is not None:
        member, found, _ = member_of(extras, name, source, dialect)
        clauses.append(and_(*absent, exists(select(literal(1)).where(found, member_meets(test, member, dialect)))))
    return func.coalesce(or_(false(), *clauses), false())


def property_layers(convention: Convention, name: str) -> Sequence[tuple[str, bool]]:
    """The properties of a name, the foremost first, each with whether it is custom; none where it is no user's."""
    if convention.conceals(name):
        return ()
    # Bookkeeping is shown among the custom properties, where a custom one of the same name hides it.
    return ((name, True), (name, False)) if convention.bookkeeps(name) else ((name, False), (name, True))


def layers_meet(
    test: Test, layers: Iterable[tuple[str, bool]], source: Source, dialect: Dialect, *, numbers: bool = False
) -> tuple[list[Clause], list[Clause]]:
    """Whether the first of some properties that is there meets a test.

    Args:
        layers: the names of the properties, each with whether it is a custom one.
        numbers: whether nothing but a number meets it.

    Returns:
        The clauses of which one is true where it does, and those that are all true where none of them is there.
    """
    clauses: list[Clause] = []
    absent: list[Clause] = []  # so far
    for name, custom in layers:
        clauses.append(and_(*absent, _layer_meets(test, name, source, dialect, custom=custom, numbers=numbers)))
        row, found = property_row(source, name, custom=custom)
        absent.append(not_(exists().where(found, row_has_value(row))))
    return clauses, absent


def _layer_meets(test: Test, name: str, source: Source, dialect: Dialect, *, custom: bool, numbers: bool) -> Clause:
    row, found = property_row(source, name, custom=custom)
    if numbers:
        return _number_meets(test, name, source, dialect, custom=custom)
    if test.operator is Operator.EXISTS:
        return exists().where(found, row_has_value(row))
    # MLMD keeps six decimals; where that is not the number, the number's text stands beside it.
    beside, is_beside = property_row(source, EXACT_PREFIX + name, custom=True)
    exact, is_exact = property_row(source, EXACT_PREFIX + name, custom=True)
    has_exact = exists().where(is_beside, dialect.is_json(beside.c.string_value))
    number = dialect.json_number(exact.c.string_value)
    return or_(
        and_(exists().where(found, _row_meets(test, row, dialect)), not_(has_exact)),
        exists().where(found, row_has_value(row), is_exact, _by_type(test, dialect, numbers=[number])),
    )


def _number_meets(test: Test, name: str, source: Source, dialect: Dialect, *, custom: bool) -> Clause:
    """Whether a property is a number that meets a test."""
    row, found = property_row(source, name, custom=custom)
    beside, is_beside = property_row(source, EXACT_PREFIX + name, custom=True)
    exact, is_exact = property_row(source, EXACT_PREFIX + name, custom=True)
    has_exact = exists().where(is_beside, dialect.is_json(beside.c.string_value))

    # What has no end, and what is no number to those who compute, is none.
    tests = [Test(test.subject, Operator.GTE, -_GREATEST), Test(test.subject, Operator.LTE, _GREATEST)]
    if test.operator is not Operator.EXISTS:
        tests.append(test)

    def meets(*columns: Expression) -> Clause:
        return and_(*(_by_type(one, dialect, numbers=list(columns)) for one in tests))

    plain = meets(dialect.number(row.c.int_value), dialect.number(row.c.double_value))
    return or_(
        and_(exists().where(found, plain), not_(has_exact)),
        exists().where(found, row_has_value(row), is_exact, meets(dialect.json_number(exact.c.string_value))),
    )


def property_row(source: Source, name: str | Expression, *, custom: bool) -> tuple[Any, Clause]:
    """The row of a property of the source's row: its table, and the clause that finds it."""
    row = source.properties.alias()
    return row, and_(row.c.owner_id == source.id, row.c.name == name, row.c.is_custom_property == custom)


def row_has_value(row: Any) -> Clause:
    """Whether a property's row holds anything."""
    columns = (row.c.int_value, row.c.double_value, row.c.string_value, row.c.byte_value, row.c.proto_value)
    return or_(*(column.is_not(None) for column in columns), row.c.bool_value.is_not(None))


def _row_meets(test: Test, row: Any, dialect: Dialect) -> Clause:
    if test.operator is Operator.EXISTS:
        return row_has_value(row)
    # A part of no octets is NULL in SQLite, so the empty text neither begins with a prefix nor does not.
    struct = func.coalesce(dialect.starts_with(row.c.string_value, STRUCT_PREFIX), false())
    plain = and_(dialect.holds_text(row.c.string_value), not_(struct))
    return _by_type(
        test,
        dialect,
        strings=(plain, row.c.string_value),
        numbers=[dialect.number(row.c.int_value), dialect.number(row.c.double_value)],
        boolean=row.c.bool_value,
    )


def member_meets(test: Test, member: Any, dialect: Dialect) -> Clause:
    """Whether a member of a JSON object meets a test."""
    return func.coalesce(_member_meets(test, member, dialect), false())


def _member_meets(test: Test, member: Any, dialect: Dialect) -> Clause:
    if test.operator is Operator.EXISTS:
        is_there: Clause = member.c.type != "null"
        return is_there
    is_number = member.c.type.in_(["integer", "real"])
    is_boolean = member.c.type.in_(["true", "false"])
    return or_(
        and_(is_number, _by_type(test, dialect, numbers=[dialect.member_number(member)])),
        and_(is_boolean, _by_type(test, dialect, boolean=dialect.member_boolean(member))),
        _by_type(test, dialect, strings=(member.c.type == "text", dialect.member_text(member))),
    )


def _by_type(
    test: Test,
    dialect: Dialect,
    *,
    strings: tuple[Clause, Expression] | None = None,
    numbers: list[Expression] | None = None,
    boolean: Expression | None = None,
) -> Clause:
    """The test of whichever of the columns has the operand's type."""
    clauses: list[Clause] = []
    operands = operands_by_family(test)
    if strings is not None:
        is_string, column = strings
        clauses.append(and_(is_string, compared(test, dialect, column, Family.TEXT)))
    if boolean is not None and Family.BOOLEAN in operands:
        clauses.append(_boolean_meets(test, boolean))
    bound = bindable(test.operator, operands[Family.NUMBER]) if numbers and Family.NUMBER in operands else None
    if bound is not None:
        operator, number = bound
        clauses.extend(said(operator, dialect, column, number) for column in numbers or ())
    return func.coalesce(or_(false(), *clauses), false())


def _boolean_meets(test: Test, boolean: Expression) -> Clause:
    """Whether a boolean, which databases compare in ways of their own, meets a test: it is one of two."""
    meets = comparison(test)
    return boolean.in_([value for value in (False, True) if meets(value)])


def bindable(operator: Operator, numbers: Sequence[int | float]) -> tuple[Operator, Any] | None:
    """A test of numbers, as the operator and the operand that a driver can bind; None where no number meets it.

    Drivers take integers of 64 bits. A larger one is equal to a double or lies between two, and nothing but doubles
    is as large, so a test says the same of it as of the nearer of these.
    """
    if operator.meaning.operands is Operands.MANY:
        return operator, tuple(near for number in numbers if (near := _near(number)) == number)
    near = _near(numbers[0])
    if near == numbers[0]:
        return operator, near
    if operator.meaning.access is Access.EQUALITY:
        return None
    if operator not in _BETWEEN:
        raise NotImplementedError(f"nothing says how {operator.value} compares with a number between two doubles")
    return _BETWEEN[operator][near > numbers[0]], near


_BETWEEN = {
    Operator.GT: (Operator.GT, Operator.GTE),
    Operator.GTE: (Operator.GT, Operator.GTE),
    Operator.LT: (Operator.LTE, Operator.LT),
    Operator.LTE: (Operator.LTE, Operator.LT),
}
"""What a test by a number between two doubles says of the lesser of them, and of the greater."""


def _near(number: int | float) -> int | float:
    if isinstance(number, float) or -(2**63) <= number < 2**63:
        return number
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
