"""The operators, each a row: how it is said in SQL and how Python says it of a type's name."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from lineageql.model.predicates import Operator
from lineageql.store.sql.dialects import Dialect

Expression = ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Meaning:
    """An operator's meaning in SQL, and the same in Python."""

    sql: Callable[[Dialect, Expression, Any], ColumnElement[bool]]
    python: Callable[[Any, Any], bool]


MEANINGS: dict[Operator, Meaning] = {
    Operator.EQ: Meaning(lambda d, left, right: d.compared(operator.eq, left, right), operator.eq),
    Operator.IN: Meaning(lambda d, left, right: d.among(left, right), lambda left, right: left in right),
    Operator.STARTS_WITH: Meaning(lambda d, left, right: d.starts_with(left, right), str.startswith),
    Operator.ENDS_WITH: Meaning(lambda d, left, right: d.ends_with(left, right), str.endswith),
    Operator.CONTAINS: Meaning(lambda d, left, right: d.contains(left, right), lambda left, right: right in left),
    Operator.LT: Meaning(lambda d, left, right: d.compared(operator.lt, left, right), operator.lt),
    Operator.LTE: Meaning(lambda d, left, right: d.compared(operator.le, left, right), operator.le),
    Operator.GT: Meaning(lambda d, left, right: d.compared(operator.gt, left, right), operator.gt),
    Operator.GTE: Meaning(lambda d, left, right: d.compared(operator.ge, left, right), operator.ge),
    Operator.EXISTS: Meaning(lambda _, left, __: left.is_not(None), lambda left, _: left is not None),
}


def fold(operand: Any) -> Any:
    """An operand with its case folded, for tests that ignore case."""
    if isinstance(operand, tuple):
        return tuple(map(fold, operand))
    return operand.casefold() if isinstance(operand, str) else operand
