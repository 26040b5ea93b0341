"""Numbers against numbers where a database compares integers with doubles as doubles, and so takes some for equal."""

from __future__ import annotations

import operator
from decimal import Decimal

from lineageql.store.sql.dialects.base import Comparison

_ABOVE: dict[Comparison, Comparison] = {
    operator.lt: operator.lt,
    operator.le: operator.lt,
    operator.gt: operator.ge,
    operator.ge: operator.ge,
}
_BELOW: dict[Comparison, Comparison] = {
    operator.lt: operator.le,
    operator.le: operator.le,
    operator.gt: operator.gt,
    operator.ge: operator.gt,
}


def as_double(how: Comparison, number: int) -> tuple[Comparison, float] | None:
    """The comparison with a double that says of every double what one with an integer says; None for never.

    The integer is below 2**1023.
    """
    near = float(number)
    if near == number:
        return how, near
    if how is operator.eq:
        return None
    # No double lies between the integer and the one next to it.
    return (_ABOVE if near > number else _BELOW)[how], near


def as_decimal(number: int | float) -> Decimal:
    """A finite number as a decimal: in the same order as numbers themselves, and equal where they are.

    Doubles are the shortest decimals that are read as these, which no other double nor an integer is; beyond
    2**53, where all are integers, it is their own digits that compare rightly with integers of 64 bits.
    """
    if isinstance(number, int) or (number.is_integer() and abs(number) < 2**63):
        return Decimal(int(number))
    return Decimal(repr(number))
