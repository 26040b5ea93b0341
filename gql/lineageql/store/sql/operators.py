"""How SQL says the operators: a column of their table, beside `model.operators`.

What is said is exact: it is true of what meets the operator, of nothing else, and
not true of NULL. What has no words here is decided over rows; see `residuals`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, false

from lineageql.model.evaluate import folded, operands_by_family
from lineageql.model.operators import Access, Family, Operands, Operator
from lineageql.model.predicates import Test
from lineageql.store.sql.dialects import Dialect

Expression = ColumnElement[Any]
Clause = ColumnElement[bool]
Say = Callable[[Dialect, Expression, Any], Clause]
"""From a value of the store and the operand, or a tuple of the operands where there are many, to a clause."""


@dataclass(frozen=True, slots=True)
class Words:
    """What says an operator.

    Attributes:
        anywhere: in every dialect that has no words of its own; None where the others have none.
        own: by the names of dialects.
    """

    anywhere: Say | None = None
    own: Mapping[str, Say] = field(default_factory=dict)


def _compared(how: Callable[[Any, Any], Any]) -> Words:
    return Words(lambda dialect, left, right: dialect.compared(how, left, right))


def _part(say: Say) -> Words:
    """Of a part of a text; the empty text is part of every text."""
    return Words(lambda dialect, left, right: say(dialect, left, right) if right else left.is_not(None))


WORDS: dict[Operator, Words] = {
    Operator.EQ: _compared(operator.eq),
    Operator.IN: Words(lambda dialect, left, right: dialect.among(left, right)),
    Operator.STARTS_WITH: _part(lambda dialect, left, right: dialect.starts_with(left, right)),
    Operator.ENDS_WITH: _part(lambda dialect, left, right: dialect.ends_with(left, right)),
    Operator.CONTAINS: _part(lambda dialect, left, right: dialect.contains(left, right)),
    Operator.LT: _compared(operator.lt),
    Operator.LTE: _compared(operator.le),
    Operator.GT: _compared(operator.gt),
    Operator.GTE: _compared(operator.ge),
    Operator.EXISTS: Words(lambda _, left, __: left.is_not(None)),
}
"""The rows."""


def has_words(how: Operator, dialect: Dialect) -> bool:
    """Whether SQL says an operator in a dialect."""
    return _words_of(how, dialect) is not None


def _words_of(how: Operator, dialect: Dialect) -> Say | None:
    words = WORDS.get(how, Words())
    return words.own.get(dialect.name, words.anywhere)


def said(how: Operator, dialect: Dialect, left: Expression, right: Any) -> Clause:
    """The clause of an operator in a dialect.

    Raises:
        NotImplementedError: the dialect has no words for it. `residuals` has to decide the test before it comes here.
    """
    say = _words_of(how, dialect)
    if say is None:
        raise NotImplementedError(f"the operator {how.value} has no SQL for {dialect.name}")
    return say(dialect, left, right)


def compared(test: Test, dialect: Dialect, left: Expression, family: Family) -> Clause:
    """Whether a value of a family meets a test; NULL or false where there is none."""
    operands = operands_by_family(test).get(family)
    if operands is None:
        return false()
    if test.ignore_case and family is Family.TEXT:
        left, operands = dialect.fold(left), folded(operands)
    match test.operator.meaning.operands:
        case Operands.NONE:
            return said(test.operator, dialect, left, None)
        case Operands.ONE:
            return said(test.operator, dialect, left, operands[0])
        case Operands.MANY:
            return said(test.operator, dialect, left, operands)


def indexed(how: Operator, dialect: Dialect, column: Expression, right: Any) -> Clause | None:
    """A clause that an index of the column serves, and that all that meets the operator makes true; None without one.

    Raises:
        NotImplementedError: the dialect has no words for it.
    """
    match how.meaning.access:
        case None:
            return None
        case Access.PREFIX:
            prefix = how.meaning.prefix(right)
            return dialect.in_prefix_range(column, prefix) if prefix else None
        case Access.EQUALITY | Access.RANGE:
            return said(how, dialect, column, right)
